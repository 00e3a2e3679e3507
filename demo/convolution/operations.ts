import {
  constant,
  convolution,
  expression as e,
  filled,
  fullyConnectedTensorProduct,
  type GeometricTensor,
  type GpuContext,
  gate,
  gather,
  Irreps,
  index,
  input,
  Layout,
  linearLayer,
  type Matrix3,
  type Module,
  map,
  norm,
  normActivation,
  Parameters,
  packIndexMap,
  Random,
  scale,
  softOneHotLinspace,
  sphericalHarmonicsLayer,
  subtract,
  tensor,
  tensorInput,
  tensorProductLayer,
  type Weights,
} from '../../src/index.ts';
import { type StatefulProgram, statefulProgram } from '../shared/stateful-program.ts';
import { cloud, cloudFeatures, neighbourhoods, POINTS, turnFeatures, turnPoints } from './cloud.ts';

/** What each point carries here. */
export const features = Irreps.parse('4x0e + 2x1o + 2e');
const RADIUS = 2.5;
const EDGES = POINTS * (POINTS - 1);

export const operationNames = [
  'harmonics',
  'product',
  'convolution',
  'gate',
  'norm',
  'linear',
  'relu',
] as const;
export type OperationName = (typeof operationNames)[number];

/** What it is, and the e3nn function that it is the same as. */
export const operationTitles: Readonly<Record<OperationName, readonly [title: string, e3nn: string]>> = {
  harmonics: ['Spherical harmonics of the positions', 'o3.spherical_harmonics'],
  product: ['Tensor product of the features with themselves', 'o3.FullyConnectedTensorProduct'],
  convolution: ['Convolution', 'nn.models.v2106.points_convolution.Convolution'],
  gate: ['Gate', 'nn.Gate'],
  norm: ['Norm activation', 'nn.NormActivation'],
  linear: ['Linear layer', 'o3.Linear'],
  relu: ['ReLU of each component: not equivariant', 'torch.relu'],
};

/** A layer with weights drawn from the standard normal distribution. */
function random(module: Module, seed: number): Weights {
  const parameters = new Parameters(module);
  const source = new Random(seed);
  const arrays = parameters.list.map(({ name, shape }) => {
    const data = source.normals(shape.reduce((a, b) => a * b, 1));
    return [name, { shape, data }] as const;
  });
  return parameters.weights(constant(parameters.pack(Object.fromEntries(arrays))));
}

/** Every operation of "pos" (POINTS x 3) and "x" (POINTS x features). */
export function operationNodes(seed: number): Record<OperationName, GeometricTensor> {
  const pos = input('pos', POINTS, 3);
  const x = tensorInput('x', POINTS, features);
  const unit = { normalize: true, normalization: 'component' } as const;
  const linear = linearLayer(features, features);
  const product = tensorProductLayer(fullyConnectedTensorProduct(features, features, '0e + 1o + 1e + 2e'));
  const conv = convolution({
    irrepsNodeInput: features,
    irrepsNodeAttr: '0e',
    irrepsEdgeAttr: Irreps.sphericalHarmonics(2),
    irrepsNodeOutput: '0e + 1o + 1e + 2e',
    fcNeurons: [8, 16],
    numNeighbors: 4,
  });
  const edges = { src: index('src', EDGES, POINTS), dst: index('dst', EDGES, POINTS) };
  const vectors = subtract(gather(pos, edges.src), gather(pos, edges.dst));
  const basis = { start: 0, end: RADIUS, number: 8, basis: 'smooth_finite', cutoff: true } as const;
  const radial = scale(softOneHotLinspace(norm(vectors), basis), Math.sqrt(8));
  const gated = gate('0e', ['silu'], '3x0e', ['sigmoid'], '2x1o + 2e');
  const relu = e.max(e.argument(0), e.number(0));
  return {
    harmonics: sphericalHarmonicsLayer([0, 1, 2, 3], pos, unit),
    product: product.apply(random(product, seed), x, x),
    convolution: conv.apply(
      random(conv, seed + 1),
      x,
      tensor(filled(POINTS, 1, 1), Layout.of('0e')),
      edges,
      sphericalHarmonicsLayer(Irreps.sphericalHarmonics(2), vectors, unit),
      radial,
    ),
    gate: gated.apply(x),
    norm: normActivation(features, 'sigmoid').apply(random({ parameters: [] }, 0), x),
    linear: linear.apply(random(linear, seed + 2), x),
    relu: tensor(map(relu, x.node), x.layout),
  };
}

/** An operation done before and after a turn. */
export interface Comparison {
  readonly irreps: Irreps;
  /** f(g x), POINTS x irreps. */
  readonly turnedFirst: ArrayLike<number>;
  /** g f(x). */
  readonly turnedAfter: ArrayLike<number>;
  /** Largest entry of their difference. */
  readonly error: number;
  /** Largest entry of f(x). */
  readonly size: number;
}

/** Does every operation to the cloud, and to the turned cloud. */
export class Operations {
  readonly positions: Float64Array;
  private readonly x: Float64Array;
  private readonly layouts: Record<OperationName, Layout>;
  private readonly program: StatefulProgram;
  private readonly still: Record<string, ArrayLike<number>>;

  private constructor(
    positions: Float64Array,
    x: Float64Array,
    layouts: Record<OperationName, Layout>,
    program: StatefulProgram,
    still: Record<string, ArrayLike<number>>,
  ) {
    this.positions = positions;
    this.x = x;
    this.layouts = layouts;
    this.program = program;
    this.still = still;
  }

  static async create(gpu: GpuContext | null, seed: number): Promise<Operations> {
    const nodes = operationNodes(seed);
    const entries = operationNames.map((name) => [name, nodes[name]] as const);
    const program = await statefulProgram(gpu, {
      outputs: Object.fromEntries(entries.map(([name, { node }]) => [name, node])),
    });
    const positions = cloud(seed);
    const x = cloudFeatures(seed, features);
    const { src, dst } = neighbourhoods(positions, RADIUS);
    program.write({
      pos: positions,
      x: nodes.relu.layout.pack(x),
      src: packIndexMap(src, EDGES, POINTS),
      dst: packIndexMap(dst, EDGES, POINTS),
    });
    const layouts = Object.fromEntries(entries.map(([name, { layout }]) => [name, layout]));
    return new Operations(
      positions,
      x,
      layouts as Record<OperationName, Layout>,
      program,
      await program.run(),
    );
  }

  async compare(matrix: Matrix3): Promise<Record<OperationName, Comparison>> {
    this.program.write({
      pos: turnPoints(matrix, this.positions),
      x: this.layouts.relu.pack(turnFeatures(features, matrix, this.x)),
    });
    const moved = await this.program.run();
    const compared = operationNames.map((name): [OperationName, Comparison] => {
      const { irreps } = this.layouts[name];
      const [before, after] = [this.still[name], moved[name]].map((v) => this.layouts[name].unpack(v));
      const turnedAfter = turnFeatures(irreps, matrix, before);
      const error = largest(after.map((v, i) => v - turnedAfter[i]));
      return [name, { irreps, turnedFirst: after, turnedAfter, error, size: largest(before) }];
    });
    return Object.fromEntries(compared) as Record<OperationName, Comparison>;
  }

  /** The WGSL that runs. */
  shaders() {
    return this.program.shaders();
  }

  dispose(): void {
    this.program.dispose();
  }
}

const largest = (values: ArrayLike<number>) =>
  Array.from(values).reduce((most, v) => Math.max(most, Math.abs(v)), 0);
