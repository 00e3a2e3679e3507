import { input } from '../graph/leaf.ts';
import { apply, type Node, type Op, shapeOf } from '../graph/node.ts';

/**
 * The sum of two values, in the buffer of the first: what adds up a sum over rows part by part. Made after
 * differentiation; as a sum that anything may read there is `add`.
 */
export const accumulateOp: Op<null> = {
  name: 'accumulate',
  shape([sum, part]) {
    if (sum.rows !== part.rows || sum.cols !== part.cols)
      throw new Error(`accumulate: ${shapeOf(part)} cannot be added to ${shapeOf(sum)}`);
    return sum;
  },
  reference: ([sum, part]) => sum.map((v, i) => v + part[i]),
  gradient: (_, cotangent) => [() => cotangent, () => cotangent],
  kernel: ({ rows, cols }) => ({
    shader: 'pointwise',
    params: { Value: 'f32', WIDTH: '1u', SIZES: '1u' },
    slots: {
      inputs: '@group(0) @binding(2) var<storage, read> part: array<f32>;',
      body: 'result[at] += part[at];',
    },
    bindings: { result: 'result', part: 1 },
    tables: { sizes: Uint32Array.of(rows * cols, cols, 0, 0) },
    workgroups: Math.ceil((rows * cols) / 64),
  }),
  overwrites: true,
  linear: 'jointly',
  examples: () => [accumulate(input('sum', 3, 5), input('part', 3, 5))],
};

/** sum + part, written over sum. */
export function accumulate(sum: Node, part: Node): Node {
  return apply<null>(accumulateOp, [sum, part], null);
}
