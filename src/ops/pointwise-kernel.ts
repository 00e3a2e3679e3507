import { toWgsl } from '../graph/expression.ts';
import type { Kernel, Node, Piece } from '../graph/node.ts';
import { indent } from './wgsl.ts';

/**
 * The kernel of everything that computes entry by entry: maps, slices, concatenations, broadcasts, and chains of them
 * fused into one. Generates the body of shaders/pointwise.wgsl: a branch a piece, the expression as `let` lines.
 */
export function pointwiseKernel(node: Node, pieces: readonly Piece[]): Kernel {
  const { inputs, rows, cols } = node;
  const width = loadsByFour(node, pieces) ? 4 : 1;
  const type = width === 4 ? 'vec4f' : 'f32';
  const sizes = [rows * cols, cols];
  // Modulo 2^32, as WGSL's u32 computes: an offset may be negative (an input placed further right), an index never is.
  const size = (value: number) => {
    const at = sizes.push(value >>> 0) - 1;
    return `sizes[${at >> 2}].${'xyzw'[at & 3]}`;
  };
  const code = pieces.map((piece) => {
    const end = pieces.length === 1 ? '' : size(piece.end);
    const loads = piece.views.map((view, i) => {
      const source = inputs[view.input];
      const simple = view.column && view.row && view.offset === 0 && source.cols === cols;
      const places = [view.row ? `row * ${size(source.cols)}` : '', view.column ? 'column' : ''];
      const at = simple ? 'at' : [...places.filter(Boolean), size(view.offset)].join(' + ');
      if (width === 1) return `let v${i} = in${view.input}[${at}];`;
      return view.column
        ? `let v${i} = in${view.input}[(${at}) / 4u];`
        : `let v${i} = vec4f(in${view.input}[${at}]);`;
    });
    const args = piece.views.map((_, i) => `v${i}`);
    const lines: string[] = [];
    if (width === 1) {
      const { lines: lets, result } = toWgsl(piece.expression, args);
      lines.push(...loads, ...lets, `result[at] = ${result};`);
    } else {
      // The functions are scalar; the four lanes are written out.
      lines.push(...loads);
      const lanes = ['x', 'y', 'z', 'w'].map((lane) => {
        const { lines: lets, result } = toWgsl(
          piece.expression,
          args.map((a) => `${a}.${lane}`),
          `${lane}_`,
        );
        lines.push(...lets);
        return result;
      });
      lines.push(`result[at / 4u] = vec4f(${lanes.join(', ')});`);
    }
    const text = indent(lines.join('\n'));
    return pieces.length === 1 ? `{\n${text}\n}` : `if (column < ${end}) {\n${text}\n  return;\n}`;
  });
  const scalarInputs = new Set(pieces.flatMap((p) => p.views.filter((v) => !v.column).map((v) => v.input)));
  const declarations = inputs.map(
    (_, i) =>
      `@group(0) @binding(${i + 2}) var<storage, read> in${i}: array<${scalarInputs.has(i) ? 'f32' : type}>;`,
  );
  const names = Object.fromEntries(inputs.map((_, i) => [`in${i}`, i]));
  return {
    shader: 'pointwise',
    params: { Value: type, WIDTH: `${width}u`, SIZES: `${Math.ceil(sizes.length / 4)}u` },
    slots: { inputs: declarations.join('\n'), body: code.join('\n') },
    bindings: { result: 'result', ...names },
    tables: { sizes: Uint32Array.from({ length: Math.ceil(sizes.length / 4) * 4 }, (_, i) => sizes[i] ?? 0) },
    workgroups: Math.ceil((rows * cols) / width / 64),
  };
}

/** Entries from which on an invocation computes four: the code is four times as long, and compiles as much slower. */
const ENTRIES_FOR_FOUR = 1 << 16;

/** Whether every piece starts and ends, and every input lies, on a multiple of four numbers. */
function loadsByFour(node: Node, pieces: readonly Piece[]): boolean {
  const byColumn = new Set<number>();
  const byScalar = new Set<number>();
  for (const piece of pieces)
    for (const view of piece.views) (view.column ? byColumn : byScalar).add(view.input);
  return (
    node.rows * node.cols >= ENTRIES_FOR_FOUR &&
    node.cols % 4 === 0 &&
    [...byColumn].every((i) => node.inputs[i].cols % 4 === 0 && !byScalar.has(i)) &&
    pieces.every(
      (p) => p.start % 4 === 0 && p.end % 4 === 0 && p.views.every((v) => !v.column || v.offset % 4 === 0),
    )
  );
}
