import { type IndexNode, index, NOWHERE } from '../graph/index-map.ts';
import { input } from '../graph/leaf.ts';
import { apply, type Kernel, type Node, type Op, type RowRange, shapeOf } from '../graph/node.ts';

/** Widest load that a row of this many columns allows: four neighbouring numbers at once, or one. */
function lanes(cols: number): { width: number; type: string } {
  return cols % 4 === 0 ? { width: 4, type: 'vec4f' } : { width: 1, type: 'f32' };
}

/** The rows of an index map that are meant, when all are. */
const allOf = ({ attrs: { capacity } }: Node): RowRange => ({ start: 0, count: capacity });

const print = ({ start, count }: RowRange) => `${start}:${start + count}`;
const key = print;

/**
 * Row e of the value is row index[e] of x, zeros where the index is NOWHERE; `start` is the e of its first row. Its
 * adjoint is `segmentSum`.
 */
export const gatherOp: Op<RowRange> = {
  name: 'gather',
  shape([x, map], { count }) {
    if (x.rows !== map.attrs.segments)
      throw new Error(
        `gather: index "${map.attrs.name}" points into ${map.attrs.segments} rows, but the source is ${shapeOf(x)}`,
      );
    return { rows: count, cols: x.cols };
  },
  reference([x, map], { attrs: { start }, rows, cols }) {
    const out = new Float64Array(rows * cols);
    for (let r = 0; r < rows; r++) {
      const from = map[start + r];
      if (from !== NOWHERE) out.set(x.subarray(from * cols, (from + 1) * cols), r * cols);
    }
    return out;
  },
  gradient: ({ inputs: [, map], attrs }, cotangent) => [
    () => apply(segmentSumOp, [cotangent, map], attrs),
    null,
  ],
  kernel({ inputs: [x], attrs: { start }, rows, cols }) {
    const { width, type } = lanes(cols);
    return {
      shader: 'gather',
      params: { Value: type },
      tables: { sizes: Uint32Array.of(cols / width, rows, x.rows, start) },
      bindings: { source: 0, indices: 1, result: 'result' },
      workgroups: Math.ceil((rows * cols) / width / 64),
    };
  },
  byRows: ({ attrs: { start } }) => ({
    inputs: [],
    sums: false,
    part: (inputs, range) => apply(gatherOp, inputs, { ...range, start: start + range.start }),
  }),
  linear: 'each',
  key,
  print,
  examples: () => [
    gather(input('x', 3, 5), index('i', 6, 3)),
    gather(input('x', 3, 8), index('i', 4, 3)),
    apply(gatherOp, [input('x', 3, 5), index('i', 6, 3)], { start: 2, count: 3 }),
  ],
};

function checkSource({ rows, cols }: Node, map: Node, count: number): void {
  if (rows !== count)
    throw new Error(
      `segmentSum: index "${map.attrs.name}" has ${count} rows, but the source is ${shapeOf({ rows, cols })}`,
    );
}

/** Adds the rows of x to those of `out` that a map's rows from `start` on say. */
function addRows(out: Float64Array, x: Float64Array, map: Float64Array, start: number, cols: number): void {
  for (let r = 0; r * cols < x.length; r++)
    if (map[start + r] !== NOWHERE)
      for (let c = 0; c < cols; c++) out[map[start + r] * cols + c] += x[r * cols + c];
}

/** Sums over all rows of the map run from start to start; of some of them, those are found by bisection. */
function segmentSumKernel(node: Node<RowRange>, source: number, slots?: Kernel['slots']): Kernel {
  const { rows, cols, attrs } = node;
  const map = node.inputs[source + 1];
  const { width, type } = lanes(cols);
  const { capacity } = map.attrs;
  return {
    shader: 'segment-sum',
    params: { Value: type, SOME: `${attrs.count < capacity}` },
    ...(slots && { slots }),
    tables: { sizes: Uint32Array.of(cols / width, rows, capacity, attrs.start, attrs.count) },
    bindings: { source, indices: source + 1, result: 'result' },
    workgroups: Math.ceil((rows * cols) / width / 64),
  };
}

/**
 * Row s of the value is the sum of the rows of x whose index is s, in their order; `start` is the place of x's first row in
 * the index map. Its adjoint is `gather`.
 */
export const segmentSumOp: Op<RowRange> = {
  name: 'segmentSum',
  shape([x, map], { count }) {
    checkSource(x, map, count);
    return { rows: map.attrs.segments, cols: x.cols };
  },
  reference([x, map], { rows, cols, attrs: { start } }) {
    const out = new Float64Array(rows * cols);
    addRows(out, x, map, start, cols);
    return out;
  },
  gradient: ({ inputs: [, map], attrs }, cotangent) => [() => apply(gatherOp, [cotangent, map], attrs), null],
  kernel: (node) => segmentSumKernel(node, 0),
  byRows: ({ attrs: { start } }) => {
    const shifted = (range: RowRange) => ({ ...range, start: start + range.start });
    return {
      inputs: [0],
      sums: true,
      part: (inputs, range) => apply(segmentSumOp, inputs, shifted(range)),
      add: (before, inputs, range) => apply(addSegmentsOp, [before, ...inputs], shifted(range)),
    };
  },
  linear: 'each',
  key,
  print,
  examples: () => [
    segmentSum(input('x', 6, 5), index('i', 6, 3)),
    segmentSum(input('x', 4, 8), index('i', 4, 3)),
    apply(segmentSumOp, [input('x', 3, 5), index('i', 6, 3)], { start: 2, count: 3 }),
  ],
};

/** A value plus a sum over segments, in the value's buffer: how a sum continues where it stopped. */
export const addSegmentsOp: Op<RowRange> = {
  name: 'addSegments',
  shape([before, x, map], { count }) {
    checkSource(x, map, count);
    if (before.rows !== map.attrs.segments || before.cols !== x.cols)
      throw new Error(
        `addSegments: sums of ${shapeOf(x)} over ${map.attrs.segments} segments cannot be added to ${shapeOf(before)}`,
      );
    return before;
  },
  reference([before, x, map], { cols, attrs: { start } }) {
    const out = before.slice();
    addRows(out, x, map, start, cols);
    return out;
  },
  gradient: ({ inputs: [, , map], attrs }, cotangent) => [
    () => cotangent,
    () => apply(gatherOp, [cotangent, map], attrs),
    null,
  ],
  // The buffer holds what was before: segments without a row are left as they are.
  kernel: (node) => segmentSumKernel(node, 1, { first: 'if (i >= end) { return; }\nvar sum = result[at];' }),
  overwrites: true,
  linear: 'jointly',
  key,
  print,
  examples: () => [
    apply(addSegmentsOp, [input('before', 3, 5), input('x', 3, 5), index('i', 6, 3)], { start: 2, count: 3 }),
    apply(addSegmentsOp, [input('before', 3, 8), input('x', 6, 8), index('i', 6, 3)], { start: 0, count: 6 }),
  ],
};

/**
 * Rows of x picked by an index map: row e of the result is row `index[e]` of x, or zeros where the index is
 * `NOWHERE`. x is segments x cols, the result capacity x cols. Its adjoint is `segmentSum`.
 *
 * @throws Error if x has not as many rows as the map has segments.
 * @example
 * ```ts
 * import { gather, index, input, packIndexMap, reference } from 'clebsch';
 * const messages = gather(input('nodes', 2, 2), index('src', 3, 2));
 * const feeds = { nodes: [1, 2, 3, 4], src: packIndexMap([1, 0], 3, 2) }; // the third edge is not in use
 * reference([messages], feeds); // => [[3, 4, 1, 2, 0, 0]]
 * ```
 */
export function gather(x: Node, map: IndexNode): Node {
  return apply(gatherOp, [x, map], allOf(map));
}

/**
 * Rows of x summed by segment: row s of the result is the sum of the rows of x whose index is s, in their order,
 * so that every run gives the same bits; zeros for a segment without rows (torch_scatter's `scatter_sum`).
 * x is capacity x cols, the result segments x cols. Its adjoint is `gather`.
 *
 * @throws Error if x has not as many rows as the map's capacity.
 * @example
 * ```ts
 * import { index, input, packIndexMap, reference, segmentSum } from 'clebsch';
 * const sums = segmentSum(input('messages', 3, 1), index('dst', 3, 2));
 * reference([sums], { messages: [10, 20, 5], dst: packIndexMap([1, 0, 1], 3, 2) }); // => [[20, 15]]
 * ```
 */
export function segmentSum(x: Node, map: IndexNode): Node {
  return apply(segmentSumOp, [x, map], allOf(map));
}
