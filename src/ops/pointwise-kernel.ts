import { sizeOf } from '../graph/expression.ts';
import type { Batch, Kernel, Node, Piece } from '../graph/node.ts';
import { bodiesOf } from './pointwise-bodies.ts';
import { bodyCode } from './pointwise-code.ts';
import { Sizes } from './pointwise-numbers.ts';
import { indent } from './wgsl.ts';

/**
 * The kernel of everything that computes entry by entry: maps, slices, concatenations, broadcasts, and chains of them
 * fused into one. Generates the body of shaders/pointwise.wgsl: an invocation computes an entry of every piece, for a
 * software adapter takes the time of all branches, whichever it goes. Pieces that are alike share their code
 * (pointwise-bodies.ts).
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
  node: Node,
  pieces: readonly Piece[],
  width: 1 | 4,
  sizes: Sizes,
  bound: readonly Input[],
  base: string,
): string {
  const scalars = new Set(pieces.flatMap((p) => p.views.filter((v) => !v.column).map((v) => v.input)));
  const inputs = node.inputs.map((value, i) => ({
    name: `in${bound.findIndex((one) => one.value === value && one.scalar === scalars.has(i))}`,
    cols: value.cols,
  }));
  const rows = new Map<string, string>();
  const rowOf = (input: number | 'result') => {
    const { name, cols } = input === 'result' ? { name: input, cols: node.cols } : inputs[input];
    if (!rows.has(name)) rows.set(name, `let ${name}_row = row * ${sizes.at(cols)};`);
    return `${name}_row`;
  };
  const frame = { width, span: spanOf(pieces), cols: node.cols, sizes, inputs, rowOf, base };
  const bodies = bodiesOf(pieces, (input) => node.inputs[input].cols === node.cols).map((body) =>
    bodyCode(body, frame),
  );
  return [...rows.values(), ...bodies].join('\n');
}

function kernelOf(
  width: number,
  sizes: Sizes,
  inputs: readonly Input[],
  body: string,
  boundTo: (value: Node) => number | Node,
): Kernel {
  const type = width === 4 ? 'vec4f' : 'f32';
  const { numbers } = sizes;
  const declarations = inputs.map(
    ({ scalar }, i) =>
      `@group(0) @binding(${i + 2}) var<storage, read> in${i}: array<${scalar ? 'f32' : type}>;`,
  );
  const names = Object.fromEntries(inputs.map(({ value }, i) => [`in${i}`, boundTo(value)]));
  return {
    shader: 'pointwise',
    params: { Value: type, WIDTH: `${width}u`, SIZES: `${numbers.length / 4}u` },
    slots: { inputs: declarations.join('\n'), body },
    bindings: { result: 'result', ...names },
    tables: { sizes: numbers },
    workgroups: Math.ceil(numbers[0] / width / 64),
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
