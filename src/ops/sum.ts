import { input } from '../graph/leaf.ts';
import { apply, type Node, type Op, type Piece, shapeOf } from '../graph/node.ts';
import { pointwiseBatch, pointwiseKernel } from './pointwise-kernel.ts';
import { type Axis, type ReduceAttrs, reduce, reducedShape, reduceKernel } from './reduce.ts';

interface BroadcastAttrs {
  readonly rows: number;
  readonly cols: number;
}

/** Repeats a single row, a single column or a single number. Its adjoint is `sum`. */
export const broadcastOp: Op<BroadcastAttrs> = {
  name: 'broadcast',
  shape([x], { rows, cols }) {
    if ((x.rows !== 1 && x.rows !== rows) || (x.cols !== 1 && x.cols !== cols))
      throw new Error(`broadcast: ${shapeOf(x)} cannot be repeated to ${rows}x${cols}; only 1 becomes many`);
    return { rows, cols };
  },
  reference([x], { inputs: [source], rows, cols }) {
    const out = new Float64Array(rows * cols);
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < cols; c++)
        out[r * cols + c] = x[(source.rows === 1 ? 0 : r) * source.cols + (source.cols === 1 ? 0 : c)];
    return out;
  },
  gradient: ({ inputs: [x] }, cotangent) => [
    () => {
      const columns = x.cols === 1 && cotangent.cols !== 1 ? sum(cotangent, 'cols') : cotangent;
      return x.rows === 1 && columns.rows !== 1 ? sum(columns, 'rows') : columns;
    },
  ],
  pointwise: ({ inputs: [x], rows, cols }): Piece[] => [
    {
      start: 0,
      end: cols,
      expression: { kind: 'argument', index: 0 },
      views: [{ input: 0, row: x.rows === rows, column: x.cols === cols, offset: 0 }],
    },
  ],
  kernel: (node) => pointwiseKernel(node, broadcastOp.pointwise!(node)),
  batch: pointwiseBatch,
  linear: 'each',
  simplify: ({ inputs: [x], rows, cols }) =>
    x.op === broadcastOp ? broadcast(x.inputs[0], rows, cols) : null,
  examples: () => [
    broadcast(input('x', 1, 5), 3, 5),
    broadcast(input('x', 3, 1), 3, 5),
    broadcast(input('x', 1, 1), 3, 5),
  ],
};

/**
 * Repeats x to rows x cols: its rows, and its columns, are 1 or already as many as asked for. Its adjoint is
 * `sum`.
 *
 * @throws Error if x has another number of rows or columns.
 * @example
 * ```ts
 * import { broadcast, input, reference } from 'clebsch';
 * reference([broadcast(input('x', 1, 2), 2, 2)], { x: [1, 2] }); // => [[1, 2, 1, 2]]
 * ```
 */
export function broadcast(x: Node, rows: number, cols: number): Node {
  if (x.rows === rows && x.cols === cols) return x;
  return apply(broadcastOp, [x], { rows, cols });
}

/** Sum over rows, over columns, or over everything. Its adjoint is `broadcast`. */
export const sumOp: Op<ReduceAttrs> = {
  name: 'sum',
  shape: reducedShape,
  reference: ([x], node) => reduce(x, node, 0, (a, b) => a + b),
  gradient: ({ inputs: [x] }, cotangent) => [() => broadcast(cotangent, x.rows, x.cols)],
  kernel: (node) => reduceKernel(node),
  byRows: ({ attrs }) => ({
    inputs: [0],
    sums: attrs.axis !== 'cols',
    part: (parts) => apply(sumOp, parts, attrs),
  }),
  linear: 'each',
  print: ({ axis }) => axis,
  examples: () => [
    sum(input('x', 4, 3), 'rows'),
    sum(input('x', 4, 3), 'cols'),
    sum(input('x', 4, 3), 'all'),
    sum(input('x', 70, 3), 'rows'),
    sum(input('x', 3, 130), 'cols'),
    sum(input('x', 9, 30), 'all'),
  ],
};

/**
 * x summed over its rows (1 x cols), its columns (rows x 1), or everything (1 x 1); 0 over nothing. The order of
 * the additions is fixed: every run gives the same bits. Its adjoint is `broadcast`.
 *
 * @example
 * ```ts
 * import { input, reference, sum } from 'clebsch';
 * const x = input('x', 2, 2);
 * reference([sum(x, 'rows'), sum(x, 'cols'), sum(x, 'all')], { x: [1, 2, 3, 4] }); // => [[4, 6], [3, 7], [10]]
 * ```
 */
export function sum(x: Node, axis: Axis): Node {
  return apply(sumOp, [x], { axis });
}
