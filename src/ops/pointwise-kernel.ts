import { sizeOf, toWgsl } from '../graph/expression.ts';
import type { Batch, Kernel, Node, Piece } from '../graph/node.ts';
import { indent } from './wgsl.ts';

/**
 * The kernel of everything that computes entry by entry: maps, slices, concatenations, broadcasts, and chains of them
 * fused into one. Generates the body of shaders/pointwise.wgsl: an invocation computes an entry of every piece, for a
 * software adapter takes the time of all branches, whichever it goes; the expressions as `let` lines.
 */
export function pointwiseKernel(node: Node, pieces: readonly Piece[]): Kernel {
  const width = loadsByFour(node, pieces) ? 4 : 1;
  const sizes = new Sizes(node.rows * spanOf(pieces), spanOf(pieces));
  const inputs = inputsOf([{ node, pieces }]);
  return kernelOf(width, sizes, inputs, codeOf(node, pieces, width, sizes, inputs, ''), (x) =>
    node.inputs.indexOf(x),
  );
}

/** Several pointwise values in one kernel: an invocation computes an entry of each. */
// biome-ignore lint/suspicious/noExplicitAny: it serves every pointwise op, and reads no attributes.
export const pointwiseBatch: Batch<any> = {
  key(node) {
    const pieces = node.op.pointwise!(node);
    if (node.inputs.some(({ rows, cols }) => rows * cols === 0)) return null;
    return `pointwise ${loadsByFour(node, pieces) ? 4 : 1}`;
  },
  roles: () => [],
  fits(nodes, maxInputs) {
    const all = nodes.map((node) => ({ node, pieces: node.op.pointwise!(node) }));
    const pieces = all.reduce((sum, one) => sum + one.pieces.length, 0);
    const costs = all.map(({ node, pieces: own }) => {
      const code = own.reduce((sum, p) => sum + sizeOf(p.expression) + p.views.length + 2, 0);
      return { code, threads: node.rows * spanOf(own) };
    });
    // Every invocation takes the time of all the code, its own or not.
    const most = Math.max(...costs.map(({ threads }) => threads));
    const lost = costs.reduce((sum, { code, threads }) => sum + (most - threads) * code, 0);
    return pieces <= MOST_PIECES && lost <= MOST_LOST && inputsOf(all).length <= maxInputs;
  },
  kernel(nodes, offsetOf) {
    const all = nodes.map((node) => ({ node, pieces: node.op.pointwise!(node) }));
    const width = loadsByFour(nodes[0], all[0].pieces) ? 4 : 1;
    const inputs = inputsOf(all);
    const sizes = new Sizes(Math.max(...all.map(({ node, pieces }) => node.rows * spanOf(pieces))), 1);
    const sections = all.map(({ node, pieces }) => {
      const span = spanOf(pieces);
      const lines = [
        `let cols = ${sizes.at(span)};`,
        'let row = at / cols;',
        'let column = at % cols;',
        codeOf(node, pieces, width, sizes, inputs, ` + ${sizes.at(offsetOf(node))}`),
      ];
      return `if (at < ${sizes.at(node.rows * span)}) {\n${indent(lines.join('\n'))}\n}`;
    });
    return { ...kernelOf(width, sizes, inputs, sections.join('\n'), (x) => x), whole: ['result'] };
  },
};

/** Columns that the widest piece has. */
const spanOf = (pieces: readonly Piece[]) => Math.max(0, ...pieces.map(({ start, end }) => end - start));

/** Longest kernel of several values, in pieces: compilation takes time too. */
const MOST_PIECES = 48;
/** What invocations may go through for nothing, in operations: about what a dispatch costs on a software adapter. */
const MOST_LOST = 1 << 19;

/** The numbers of the uniform buffer: invocations (times width), how many of them a row has, then what generated code asks for. */
class Sizes {
  private readonly values: number[];
  constructor(entries: number, cols: number) {
    this.values = [entries, cols];
  }
  /** Modulo 2^32, as WGSL's u32 computes: an offset may be negative (an input placed further right), an index never is. */
  at(value: number): string {
    const at = this.values.push(value >>> 0) - 1;
    return `sizes[${at >> 2}].${'xyzw'[at & 3]}`;
  }
  get table(): Uint32Array {
    const { values } = this;
    return Uint32Array.from({ length: Math.ceil(values.length / 4) * 4 }, (_, i) => values[i] ?? 0);
  }
}

/** A value that a kernel reads, as single numbers or by `width`. */
interface Input {
  readonly value: Node;
  readonly scalar: boolean;
}

function inputsOf(all: readonly { node: Node; pieces: readonly Piece[] }[]): Input[] {
  const inputs: Input[] = [];
  for (const { node, pieces } of all) {
    const scalars = new Set(pieces.flatMap((p) => p.views.filter((v) => !v.column).map((v) => v.input)));
    node.inputs.forEach((value, i) => {
      const scalar = scalars.has(i);
      if (!inputs.some((one) => one.value === value && one.scalar === scalar)) inputs.push({ value, scalar });
    });
  }
  return inputs;
}

function codeOf(
  { inputs, cols }: Node,
  pieces: readonly Piece[],
  width: number,
  sizes: Sizes,
  bound: readonly Input[],
  base: string,
): string {
  const scalars = new Set(pieces.flatMap((p) => p.views.filter((v) => !v.column).map((v) => v.input)));
  const names = inputs.map(
    (value, i) => `in${bound.findIndex((one) => one.value === value && one.scalar === scalars.has(i))}`,
  );
  const code = pieces.map((piece) => {
    const loads = piece.views.map((view, i) => {
      const source = inputs[view.input];
      const name = names[view.input];
      const simple = !piece.over && view.column && view.row && view.offset === 0 && source.cols === cols;
      const places = [view.row ? `row * ${sizes.at(source.cols)}` : '', view.column ? 'column' : ''];
      const at = simple ? 'at' : [...places.filter(Boolean), sizes.at(view.offset)].join(' + ');
      if (width === 1) return `let v${i} = ${name}[${at}];`;
      return view.column ? `let v${i} = ${name}[(${at}) / 4u];` : `let v${i} = vec4f(${name}[${at}]);`;
    });
    const args = piece.views.map((_, i) => `v${i}`);
    const lines: string[] = [];
    if (width === 1) {
      const { lines: lets, result } = toWgsl(piece.expression, args);
      if (piece.over)
        lines.push(
          'var sum = 0.0;',
          `for (var column = 0u; column < ${sizes.at(piece.over)}; column++) {`,
          indent([...loads, ...lets, `sum += ${result};`].join('\n')),
          '}',
          `result[at${base}] = sum;`,
        );
      else lines.push(...loads, ...lets, `result[at${base}] = ${result};`);
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
      lines.push(`result[(at${base}) / 4u] = vec4f(${lanes.join(', ')});`);
    }
    const text = indent(lines.join('\n'));
    if (pieces.length === 1) return `{\n${text}\n}`;
    const place = [
      `let column = column + ${sizes.at(piece.start)};`,
      `let at = row * ${sizes.at(cols)} + column;`,
    ];
    return `if (column < ${sizes.at(piece.end - piece.start)}) {\n${indent(place.join('\n'))}\n${text}\n}`;
  });
  return code.join('\n');
}

function kernelOf(
  width: number,
  sizes: Sizes,
  inputs: readonly Input[],
  body: string,
  boundTo: (value: Node) => number | Node,
): Kernel {
  const type = width === 4 ? 'vec4f' : 'f32';
  const { table } = sizes;
  const declarations = inputs.map(
    ({ scalar }, i) =>
      `@group(0) @binding(${i + 2}) var<storage, read> in${i}: array<${scalar ? 'f32' : type}>;`,
  );
  const names = Object.fromEntries(inputs.map(({ value }, i) => [`in${i}`, boundTo(value)]));
  return {
    shader: 'pointwise',
    params: { Value: type, WIDTH: `${width}u`, SIZES: `${table.length / 4}u` },
    slots: { inputs: declarations.join('\n'), body },
    bindings: { result: 'result', ...names },
    tables: { sizes: table },
    workgroups: Math.ceil(table[0] / width / 64),
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
      (p) =>
        !p.over &&
        p.start % 4 === 0 &&
        p.end % 4 === 0 &&
        p.views.every((v) => !v.column || v.offset % 4 === 0),
    )
  );
}
