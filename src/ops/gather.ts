import { type IndexNode, index, NOWHERE } from '../graph/index-map.ts';
import { input } from '../graph/leaf.ts';
import { apply, type Node, type Op, shapeOf } from '../graph/node.ts';

/** Widest load that a row of this many columns allows: four neighbouring numbers at once, or one. */
function lanes(cols: number): { width: number; type: string } {
  return cols % 4 === 0 ? { width: 4, type: 'vec4f' } : { width: 1, type: 'f32' };
}

/** Row e of the value is row index[e] of x, zeros where the index is NOWHERE. Its adjoint is `segmentSum`. */
export const gatherOp: Op<null> = {
  name: 'gather',
  shape([x, map]) {
    if (x.rows !== map.attrs.segments)
      throw new Error(
        `gather: index "${map.attrs.name}" points into ${map.attrs.segments} rows, but the source is ${shapeOf(x)}`,
      );
    return { rows: map.attrs.capacity, cols: x.cols };
  },
  reference([x, map], { rows, cols }) {
    const out = new Float64Array(rows * cols);
    for (let r = 0; r < rows; r++)
      if (map[r] !== NOWHERE) out.set(x.subarray(map[r] * cols, (map[r] + 1) * cols), r * cols);
    return out;
  },
  gradient: ({ inputs: [, map] }, cotangent) => [() => segmentSum(cotangent, map), null],
  kernel({ inputs: [x], rows, cols }) {
    const { width, type } = lanes(cols);
    return {
      shader: 'gather',
      params: { Value: type },
      tables: { sizes: Uint32Array.of(cols / width, rows, x.rows) },
      bindings: { source: 0, indices: 1, result: 'result' },
      workgroups: Math.ceil((rows * cols) / width / 64),
    };
  },
  linear: 'each',
  examples: () => [gather(input('x', 3, 5), index('i', 6, 3)), gather(input('x', 3, 8), index('i', 4, 3))],
};

/** Row s of the value is the sum of the rows of x whose index is s, in their order. Its adjoint is `gather`. */
export const segmentSumOp: Op<null> = {
  name: 'segmentSum',
  shape([x, map]) {
    if (x.rows !== map.attrs.capacity)
      throw new Error(
        `segmentSum: index "${map.attrs.name}" has ${map.attrs.capacity} rows, but the source is ${shapeOf(x)}`,
      );
    return { rows: map.attrs.segments, cols: x.cols };
  },
  reference([x, map], { inputs: [source], rows, cols }) {
    const out = new Float64Array(rows * cols);
    for (let r = 0; r < source.rows; r++)
      if (map[r] !== NOWHERE) for (let c = 0; c < cols; c++) out[map[r] * cols + c] += x[r * cols + c];
    return out;
  },
  gradient: ({ inputs: [, map] }, cotangent) => [() => gather(cotangent, map), null],
  kernel({ inputs: [x], rows, cols }) {
    const { width, type } = lanes(cols);
    return {
      shader: 'segment-sum',
      params: { Value: type },
      tables: { sizes: Uint32Array.of(cols / width, rows, x.rows) },
      bindings: { source: 0, indices: 1, result: 'result' },
      workgroups: Math.ceil((rows * cols) / width / 64),
    };
  },
  linear: 'each',
  examples: () => [
    segmentSum(input('x', 6, 5), index('i', 6, 3)),
    segmentSum(input('x', 4, 8), index('i', 4, 3)),
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
  return apply<null>(gatherOp, [x, map], null);
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
  return apply<null>(segmentSumOp, [x, map], null);
}
