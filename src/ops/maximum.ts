import * as e from '../graph/expression.ts';
import { input } from '../graph/leaf.ts';
import { apply, type Node, type Op, shapeOf } from '../graph/node.ts';
import { map, multiply } from './map.ts';
import { type Axis, type ReduceAttrs, reduce, reducedShape, reduceKernel } from './reduce.ts';
import { broadcast, sum } from './sum.ts';

/** Largest entry of each row. Where several are equal they share the gradient. */
export const maximumOp: Op<ReduceAttrs> = {
  name: 'maximum',
  shape(inputs, attrs) {
    if (inputs[0].rows * inputs[0].cols === 0)
      throw new Error(`maximum: ${shapeOf(inputs[0])} has no entries`);
    return reducedShape(inputs, attrs);
  },
  reference: ([x], node) => reduce(x, node, -Infinity, Math.max),
  gradient: (node, cotangent) => [
    () => {
      const [x] = node.inputs;
      const wide = (y: Node) => broadcast(y, x.rows, x.cols);
      const [a, b] = [e.argument(0), e.argument(1)];
      const isLargest = map(e.sub(e.number(1), e.abs(e.sign(e.sub(a, b)))), x, wide(node));
      const count = sum(isLargest, node.attrs.axis);
      return multiply(map(e.div(a, b), isLargest, wide(count)), wide(cotangent));
    },
  ],
  kernel: (node) => reduceKernel(node, 'return max(a, b);', '-3.40282346e38'),
  print: ({ axis }) => axis,
  examples: () => [maximum(input('x', 4, 3), 'cols'), maximum(input('x', 2, 100), 'cols')],
};

/**
 * Largest entry over rows (1 x cols), columns (rows x 1) or everything (1 x 1). Entries that are equally large
 * share the gradient.
 *
 * @example
 * ```ts
 * import { gradient, input, maximum, reference } from 'clebsch';
 * const x = input('x', 1, 3);
 * const largest = maximum(x, 'all');
 * reference([largest, ...gradient(largest, [x])], { x: [7, 2, 7] }); // => [[7], [0.5, 0, 0.5]]
 * ```
 */
export function maximum(x: Node, axis: Axis): Node {
  return apply(maximumOp, [x], { axis });
}
