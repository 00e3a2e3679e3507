import { batchOf, trainingShapes } from '../../demo/shared/tetris-batch.ts';
import { gatePoints } from '../../demo/shared/tetris-network.ts';
import { tetrisIrrepsOut, tetrisLabels } from '../../src/data/tetris.ts';
import { input } from '../../src/graph/leaf.ts';
import { squaredError } from '../../src/nn/loss.ts';
import { adam } from '../../src/nn/optimizer.ts';
import { Parameters } from '../../src/nn/parameters.ts';
import { Random } from '../../src/o3/random.ts';
import { gradient } from '../../src/ops/index.ts';
import { networkArithmetic } from './arithmetic.ts';
import type { Workload } from './workload.ts';

/**
 * A training step of e3nn's gate-points network on seven Tetris shapes, as the demo takes it, in the stages in which it is
 * put together; `mark` is called after each.
 */
export function tetrisWorkload(
  mul: number,
  mark: (stage: 'weights' | 'tracing' | 'differentiation') => void = () => {},
): Workload {
  const plan = gatePoints({ mul });
  const parameters = new Parameters(plan.module);
  const optimizer = adam(parameters.initial(new Random(0)), { learningRate: plan.learningRate });
  mark('weights');
  const batch = batchOf(trainingShapes, plan);
  const target = input('target', trainingShapes.length, 7);
  const loss = squaredError(plan.apply(parameters.weights(optimizer.parameters), batch.graph).node, target);
  mark('tracing');
  const [slope] = gradient(loss, [optimizer.parameters]);
  const updates = optimizer.step(slope);
  mark('differentiation');
  const sizes = { nodes: batch.graph.pos.rows, edges: batch.graph.edges.src.attrs.capacity };
  const { flops, bytes } = networkArithmetic({
    ...sizes,
    mul,
    irrepsOut: tetrisIrrepsOut,
    lmax: 2,
    layers: 3,
    radial: [10, 100],
  });
  return {
    program: { outputs: { loss }, updates },
    feeds: { ...batch.feeds, target: trainingShapes.flatMap((s) => tetrisLabels.slice(7 * s, 7 * s + 7)) },
    read: ['loss'],
    flops,
    bytes,
    parts: { forward: [loss], gradient: [slope] },
    sizes: { ...sizes, parameters: parameters.count },
  };
}
