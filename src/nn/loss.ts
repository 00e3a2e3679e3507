import * as e from '../graph/expression.ts';
import { type Node, shapeOf } from '../graph/node.ts';
import { add, map, multiply, subtract } from '../ops/map.ts';
import { maximum } from '../ops/maximum.ts';
import { broadcast, sum } from '../ops/sum.ts';

/** Sum of (output - target)^2 over all entries: 1 x 1. */
export function squaredError(output: Node, target: Node): Node {
  if (output.rows !== target.rows || output.cols !== target.cols)
    throw new Error(`squaredError: the output is ${shapeOf(output)}, the target ${shapeOf(target)}`);
  const difference = subtract(output, target);
  return sum(multiply(difference, difference), 'all');
}

/**
 * Mean over rows of -sum_c target_c log softmax(logits)_c: 1 x 1. `target` holds probabilities (one-hot rows, say).
 * The largest logit of each row is taken off first, so that nothing overflows.
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

/** Weighted sum of 1 x 1 losses. */
export function weightedSum(terms: readonly { readonly weight: number; readonly loss: Node }[]): Node {
  return terms.map(({ weight, loss }) => map(e.mul(e.number(weight), e.argument(0)), loss)).reduce(add);
}
