import * as e from '../graph/expression.ts';
import { type IndexNode, index, NOWHERE } from '../graph/index-map.ts';
import { input } from '../graph/leaf.ts';
import { apply, type Node, type Op, shapeOf } from '../graph/node.ts';
import { gather, segmentSum } from './gather.ts';
import { map, multiply } from './map.ts';

/** Row s of the value is the largest entry, column by column, of the rows of x whose index is s; 0 where there is none. */
export const segmentMaximumOp: Op<null> = {
  name: 'segmentMaximum',
  shape([x, map]) {
    if (x.rows !== map.attrs.capacity)
      throw new Error(
        `segmentMaximum: index "${map.attrs.name}" has ${map.attrs.capacity} rows, but the source is ${shapeOf(x)}`,
      );
    return { rows: map.attrs.segments, cols: x.cols };
  },
  reference([x, map], { inputs: [source], rows, cols }) {
    const out = new Float64Array(rows * cols).fill(-Infinity);
    for (let r = 0; r < source.rows; r++)
      if (map[r] !== NOWHERE)
        for (let c = 0; c < cols; c++) {
          const at = map[r] * cols + c;
          out[at] = Math.max(out[at], x[r * cols + c]);
        }
    return out.map((v) => (v === -Infinity ? 0 : v));
  },
  gradient: (node, cotangent) => [
    () => {
      const [x, segments] = node.inputs;
      const [a, b] = [e.argument(0), e.argument(1)];
      const isLargest = map(e.sub(e.number(1), e.abs(e.sign(e.sub(a, b)))), x, gather(node, segments));
      const count = gather(segmentSum(isLargest, segments), segments);
      // A row that belongs nowhere has no count.
      const share = map(e.select(b, e.div(a, b), e.number(0)), isLargest, count);
      return multiply(share, gather(cotangent, segments));
    },
    null,
  ],
  kernel({ inputs: [x], rows, cols }) {
    return {
      shader: 'segment-maximum',
      params: { COLS: `${cols}u`, SEGMENTS: `${rows}u`, CAPACITY: `${x.rows}u` },
      bindings: { source: 0, indices: 1, result: 'result' },
      workgroups: Math.ceil((rows * cols) / 64),
    };
  },
  examples: () => [
    segmentMaximum(input('x', 6, 5), index('i', 6, 3)),
    segmentMaximum(input('x', 4, 8), index('i', 4, 3)),
  ],
};

/**
 * The largest entry, column by column, of each segment's rows: row s of the result is that of the rows of x whose
 * index is s, zeros for a segment without rows (torch_scatter's `scatter_max`). x is capacity x cols, the result
 * segments x cols. Entries that are equally large share the gradient.
 *
 * @throws Error if x has not as many rows as the map's capacity.
 * @example
 * ```ts
 * import { index, input, packIndexMap, reference, segmentMaximum } from 'clebsch';
 * const largest = segmentMaximum(input('x', 3, 1), index('sample', 3, 2));
 * reference([largest], { x: [-10, 20, -5], sample: packIndexMap([1, 0, 1], 3, 2) }); // => [[20, -5]]
 * ```
 */
export function segmentMaximum(x: Node, map: IndexNode): Node {
  return apply<null>(segmentMaximumOp, [x, map], null);
}
