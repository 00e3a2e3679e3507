import { input } from '../graph/leaf.ts';
import { ALIGNMENT } from '../graph/memory.ts';
import { apply, type Node, type Op, type Piece, shapeOf } from '../graph/node.ts';
import { startsOf } from '../graph/starts.ts';
import { MOST_INPUTS } from './map.ts';
import { pointwiseBatch, pointwiseKernel } from './pointwise-kernel.ts';

interface SliceAttrs {
  readonly start: number;
  readonly cols: number;
}

interface ConcatAttrs {
  /** First column of each input. */
  readonly offsets: readonly number[];
  readonly cols: number;
}

/** Columns start .. start + cols. Its adjoint is `concat`. */
export const sliceOp: Op<SliceAttrs> = {
  name: 'slice',
  shape([x], { start, cols }) {
    if (start < 0 || cols < 0 || start + cols > x.cols)
      throw new Error(
        `slice: columns ${start} to ${start + cols} of a value that has ${x.cols} (${shapeOf(x)})`,
      );
    return { rows: x.rows, cols };
  },
  reference([x], { inputs: [source], attrs: { start }, rows, cols }) {
    const out = new Float64Array(rows * cols);
    for (let r = 0; r < rows; r++)
      out.set(x.subarray(r * source.cols + start, r * source.cols + start + cols), r * cols);
    return out;
  },
  gradient: ({ inputs: [x], attrs: { start } }, cotangent) => [() => place([cotangent], [start], x.cols)],
  pointwise: ({ attrs: { start }, cols }): Piece[] => [
    {
      start: 0,
      end: cols,
      expression: { kind: 'argument', index: 0 },
      views: [{ input: 0, row: true, column: true, offset: start }],
    },
  ],
  kernel: (node) => pointwiseKernel(node, sliceOp.pointwise!(node)),
  batch: pointwiseBatch,
  linear: 'each',
  simplify({ inputs: [x], attrs: { start, cols } }) {
    if (x.op === sliceOp) return slice(x.inputs[0], x.attrs.start + start, cols);
    if (x.op !== concatOp) return null;
    // A slice of one of the inputs needs no concatenation.
    const { offsets } = (x as Node<ConcatAttrs>).attrs;
    const i = x.inputs.findIndex((y, at) => offsets[at] <= start && start + cols <= offsets[at] + y.cols);
    return i < 0 ? null : slice(x.inputs[i], start - offsets[i], cols);
  },
  print: ({ start, cols }) => `${start}:${start + cols}`,
  // The last is large enough for the kernel that moves four numbers at a time.
  examples: () => [
    slice(input('x', 3, 7), 2, 4),
    slice(input('x', 3, 12), 4, 8),
    slice(input('x', 1024, 72), 4, 64),
  ],
};

/** Inputs side by side, each from its offset on, zeros between. Its adjoint is `slice`. */
export const concatOp: Op<ConcatAttrs> = {
  name: 'concat',
  shape(inputs, { offsets, cols }) {
    let end = 0;
    inputs.forEach((x, i) => {
      if (x.rows !== inputs[0].rows)
        throw new Error(
          `concat: inputs must have equally many rows, got ${inputs.map(shapeOf).join(' and ')}`,
        );
      if (offsets[i] < end)
        throw new Error(
          `concat: input ${i} starts at column ${offsets[i]}, but the one before ends at ${end}`,
        );
      end = offsets[i] + x.cols;
    });
    if (end > cols) throw new Error(`concat: the last input ends at column ${end} of ${cols}`);
    return { rows: inputs[0].rows, cols };
  },
  reference(inputs, node) {
    const out = new Float64Array(node.rows * node.cols);
    inputs.forEach((x, i) => {
      const { cols } = node.inputs[i];
      for (let r = 0; r < node.rows; r++)
        out.set(x.subarray(r * cols, (r + 1) * cols), r * node.cols + node.attrs.offsets[i]);
    });
    return out;
  },
  gradient: (node, cotangent) =>
    node.inputs.map((x, i) => () => slice(cotangent, node.attrs.offsets[i], x.cols)),
  pointwise(node): Piece[] {
    const pieces: Piece[] = [];
    const zeros = (start: number, end: number) => {
      if (end > start) pieces.push({ start, end, expression: { kind: 'number', value: 0 }, views: [] });
    };
    let end = 0;
    node.inputs.forEach((x, i) => {
      const start = node.attrs.offsets[i];
      zeros(end, start);
      end = start + x.cols;
      pieces.push({
        start,
        end,
        expression: { kind: 'argument', index: 0 },
        views: [{ input: i, row: true, column: true, offset: -start }],
      });
    });
    zeros(end, node.cols);
    return pieces;
  },
  kernel: (node) => pointwiseKernel(node, concatOp.pointwise!(node)),
  batch: pointwiseBatch,
  linear: 'jointly',
  key: ({ offsets, cols }) => `${offsets} ${cols}`,
  print: ({ offsets }) => offsets.join(' '),
  examples: () => [
    concat([input('x', 3, 2), input('y', 3, 4)]),
    place([input('x', 3, 4), input('y', 3, 4)], [4, 12], 20),
    place([input('x', 1, 3)], [2], 7),
    place([input('x', 1024, 40), input('y', 1024, 16)], [4, 48], 64),
  ],
};

/**
 * Columns start to start + cols of x: rows x cols. Its adjoint is `place`.
 *
 * @throws Error if x has no such columns.
 * @example
 * ```ts
 * import { input, reference, slice } from 'clebsch';
 * reference([slice(input('x', 1, 4), 1, 2)], { x: [1, 2, 3, 4] }); // => [[2, 3]]
 * ```
 */
export function slice(x: Node, start: number, cols: number): Node {
  if (start === 0 && cols === x.cols) return x;
  return apply(sliceOp, [x], { start, cols });
}

/**
 * Values with equally many rows, side by side: rows x (sum of their columns); 1 x 0 for none. Its adjoint is
 * `slice`.
 *
 * @throws Error if the inputs' rows differ.
 * @example
 * ```ts
 * import { concat, input, reference } from 'clebsch';
 * const z = concat([input('x', 2, 1), input('y', 2, 2)]);
 * reference([z], { x: [1, 2], y: [3, 4, 5, 6] }); // => [[1, 3, 4, 2, 5, 6]]
 * ```
 */
export function concat(inputs: readonly Node[]): Node {
  const widths = inputs.map((x) => x.cols);
  return place(
    inputs,
    startsOf(widths),
    widths.reduce((sum, w) => sum + w, 0),
  );
}

/**
 * Values with equally many rows, each from its offset on, zeros elsewhere: rows x cols; 1 x cols for no inputs.
 * Its adjoint is `slice`.
 *
 * @param offsets first column of each input, ascending
 * @param cols columns of the result
 * @throws Error if the inputs' rows differ, or they overlap or end beyond `cols`.
 * @example
 * ```ts
 * import { input, place, reference } from 'clebsch';
 * const z = place([input('x', 1, 2), input('y', 1, 1)], [1, 4], 6);
 * reference([z], { x: [1, 2], y: [3] }); // => [[0, 1, 2, 0, 3, 0]]
 * ```
 */
export function place(inputs: readonly Node[], offsets: readonly number[], cols: number): Node {
  if (inputs.length === 1 && offsets[0] === 0 && inputs[0].cols === cols) return inputs[0];
  if (inputs.length === 0) throw new Error('place: it needs at least one value; use `filled` for zeros');
  const inPlace = inputs[0].rows === 1 && offsets.every((o) => o % ALIGNMENT === 0);
  if (inputs.length > MOST_INPUTS && !inPlace) {
    // A kernel reads only so many buffers: neighbours are joined first.
    const parts: Node[] = [];
    const starts: number[] = [];
    for (let first = 0; first < inputs.length; first += MOST_INPUTS) {
      const some = inputs.slice(first, first + MOST_INPUTS);
      const start = offsets[first];
      const last = first + some.length - 1;
      const within = offsets.slice(first, last + 1).map((o) => o - start);
      parts.push(place(some, within, offsets[last] + inputs[last].cols - start));
      starts.push(start);
    }
    return place(parts, starts, cols);
  }
  return apply(concatOp, inputs, { offsets, cols });
}
