import {
  adam,
  add,
  broadcast,
  concat,
  expression as e,
  filled,
  type GpuContext,
  gradient,
  type Irreps,
  input,
  Layout,
  map,
  type Node,
  Parameters,
  type Program,
  pointGraph,
  pointGraphFeeds,
  Random,
  radiusGraph,
  scale,
  squaredError,
  sum,
  tensor,
} from '../../src/index.ts';
import { type StatefulProgram, sharedStates, statefulProgram } from '../shared/stateful-program.ts';
import { cornerNetwork } from './corner-network.ts';
import { type Corners, displacements } from './polygons.ts';

export interface DeformationOptions {
  readonly from: Corners;
  readonly to: Corners;
  /** Irreps that may break the symmetry. */
  readonly order: Irreps;
  /** Whether they are learned, or stay zero. */
  readonly learnsOrder: boolean;
  readonly seed: number;
  readonly learningRate: number;
}

/** One task: its training step and its answer to any order parameter, over one set of weights. */
export interface Deformation {
  readonly parameterCount: number;
  /** What a step runs. Outputs: "loss", "displacements" (4 x 3) and "order". */
  readonly program: Program;
  training(): Promise<StatefulProgram>;
  /** Output "displacements" for the input "order". */
  answer(): Promise<StatefulProgram>;
}

/** Weight of the mean of |component| of the order parameter in the loss: what is not needed stays zero. */
const SPARSITY = 1e-5;

/** Edges between all corners. */
const size = { nodes: 4, edges: 12, graphs: 1 };

/** Trains a network, and the order parameter with it where it may, to take each corner to another place. */
export function deformation(gpu: GpuContext | null, options: DeformationOptions): Deformation {
  const { from, to, order, learnsOrder, seed, learningRate } = options;
  const network = cornerNetwork(order);
  // The gradient by an input is the gradient by a parameter that the input is read from.
  const parameters = new Parameters({
    parameters: learnsOrder ? [...network.parameters, orderParameter(order.dim)] : network.parameters,
  });
  // Adam divides by the gradient's size, so rounding errors of components without a gradient would become steps: epsilon is
  // far above them.
  const optimizer = adam(parameters.initial(new Random(seed)), {
    learningRate,
    epsilon: 1e-4,
  });
  const weights = parameters.weights(optimizer.parameters);
  const states = sharedStates(gpu);
  const graph = pointGraph(size);
  const apply = (theta: Node): Node => {
    // Every corner is fed the scalar 1 and the same order parameter. One copy of each irrep: memory is in e3nn's order.
    const features = concat([filled(4, 1, 1), broadcast(theta, 4, order.dim)]);
    const x = tensor(features, Layout.concat([Layout.of('0e'), Layout.of(order)]));
    return network.apply(weights, graph, x).node;
  };
  const theta = learnsOrder ? weights.get('order') : filled(1, order.dim, 0);
  const answer = apply(theta);
  const loss = scale(squaredError(answer, input('target', 4, 3)), 1 / 4);
  const total = learnsOrder ? add(loss, scale(sum(map(softAbs, theta), 'all'), SPARSITY / order.dim)) : loss;
  const [slope] = gradient(total, [optimizer.parameters]);
  const edges = radiusGraph(from, Number.POSITIVE_INFINITY);
  const { pos, edge_src, edge_dst } = pointGraphFeeds(size, from, edges, [0, 0, 0, 0]);
  const program = {
    outputs: { loss, displacements: answer, order: theta },
    updates: optimizer.step(slope),
  };
  const ready = async (made: Program, more: Readonly<Record<string, ArrayLike<number>>>) => {
    const live = await statefulProgram(gpu, made, states);
    live.write({ pos, edge_src, edge_dst, ...more });
    return live;
  };
  return {
    parameterCount: parameters.count,
    program,
    training: () => ready(program, { target: displacements(from, to) }),
    answer: () => ready({ outputs: { displacements: apply(input('order', 1, order.dim)) } }, {}),
  };
}

function orderParameter(length: number) {
  return { name: 'order', shape: [length], packedLength: length, positions: null, initial: 'zeros' } as const;
}

/** |x|, smooth at 0. */
const softAbs = e.sqrt(e.add(e.mul(e.argument(0), e.argument(0)), e.number(1e-6)));
