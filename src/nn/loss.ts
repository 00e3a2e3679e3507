import * as e from '../graph/expression.ts';
import { type Node, shapeOf } from '../graph/node.ts';
import { add, map, multiply, subtract } from '../ops/map.ts';
import { maximum } from '../ops/maximum.ts';
import { broadcast, sum } from '../ops/sum.ts';

/**
 * Sum of (output - target)^2 over all entries: 1 x 1. Both are rows x cols.
 *
 * @throws Error if the shapes differ.
 * @example
 * ```ts
 * import { input, reference, squaredError } from 'clebsch';
 * const loss = squaredError(input('y', 1, 2), input('target', 1, 2));
 * reference([loss], { y: [1, 2], target: [0, 4] }); // => [[5]]
 * ```
 */
export function squaredError(output: Node, target: Node): Node {
  if (output.rows !== target.rows || output.cols !== target.cols)
    throw new Error(`squaredError: the output is ${shapeOf(output)}, the target ${shapeOf(target)}`);
  const difference = subtract(output, target);
  return sum(multiply(difference, difference), 'all');
}

/**
 * Mean over rows of -sum_c target_c log softmax(logits)_c: 1 x 1 (torch `cross_entropy`). Both are rows x classes;
 * `target` holds probabilities (one-hot rows, say). The largest logit of each row is taken off first, so that
 * nothing overflows.
 *
 * @throws Error if the shapes differ.
 * @example
 * ```ts
 * import { crossEntropy, input, reference } from 'clebsch';
 * const loss = crossEntropy(input('logits', 1, 4), input('target', 1, 4));
 * const [[value]] = reference([loss], { logits: [7, 7, 7, 7], target: [0, 0, 1, 0] });
 * value / Math.log(4); // => 1
 * ```
 */
export function crossEntropy(logits: Node, target: Node): Node {
  if (logits.rows !== target.rows || logits.cols !== target.cols)
    throw new Error(`crossEntropy: the logits are ${shapeOf(logits)}, the target ${shapeOf(target)}`);
  const { rows, cols } = logits;
  const shifted = subtract(logits, broadcast(maximum(logits, 'cols'), rows, cols));
  const a = e.argument(0);
  const logSum = map(e.log(a), sum(map(e.exp(a), shifted), 'cols'));
  const weight = sum(target, 'cols');
  const perRow = subtract(multiply(weight, logSum), sum(multiply(target, shifted), 'cols'));
  return map(e.mul(e.number(1 / rows), a), sum(perRow, 'all'));
}

/**
 * Weighted sum of losses, 1 x 1 each: 1 x 1.
 *
 * @throws Error if there are no terms.
 * @example
 * ```ts
 * import { constant, reference, weightedSum } from 'clebsch';
 * const [energy, forces] = [constant(3), constant(5)];
 * const loss = weightedSum([{ weight: 1, loss: energy }, { weight: 100, loss: forces }]);
 * reference([loss]); // => [[503]]
 * ```
 */
export function weightedSum(terms: readonly { readonly weight: number; readonly loss: Node }[]): Node {
  if (terms.length === 0) throw new Error('weightedSum: it needs at least one loss');
  return terms.map(({ weight, loss }) => map(e.mul(e.number(weight), e.argument(0)), loss)).reduce(add);
}
