import {
  adam,
  concat,
  constant,
  filled,
  type GpuContext,
  gradient,
  index,
  input,
  Layout,
  multiply,
  type Node,
  Parameters,
  type Program,
  packIndexMap,
  prepare,
  Random,
  scale,
  slice,
  subtract,
  sum,
  tensor,
  tensorInput,
} from '../../src/index.ts';
import {
  type SharedStates,
  type StatefulProgram,
  sharedStates,
  statefulProgram,
} from '../shared/stateful-program.ts';
import { CLUSTERS, gravityBatch, MASSES } from './gravity.ts';
import { irrepsIn, pathConvolution } from './layer.ts';

/** Distances at which the radial functions are drawn. */
export const RADII = 96;
/** Points along each side of the slice through the filter. */
export const SLICE = 48;

export interface ConvolutionSettings {
  readonly radius: number;
  readonly seed: number;
  readonly learningRate: number;
  /** Points of the picture. */
  readonly points: number;
}

/**
 * The layer, its training and what is shown of it: four programs over one set of parameters.
 *
 * - training: one step on a batch of clusters; output "loss"
 * - picture: "messages" (edges x paths) and "sums" (points x paths) from "pos", "x", "src" and "dst"
 * - radial: "functions", RADII x paths
 * - slice: "values", SLICE^2 x paths, the filter times one fed feature "x" at the vectors "grid"
 */
export class ConvolutionPrograms {
  readonly layer;
  readonly parameterCount: number;
  readonly settings: ConvolutionSettings;
  /** Steps taken. */
  steps = 0;
  /** The ops of a training step. */
  printed = '';
  private readonly optimizer;
  private readonly parameters: Parameters;
  private readonly states: SharedStates;
  private readonly gpu: GpuContext | null;
  private readonly programs: StatefulProgram[] = [];

  constructor(gpu: GpuContext | null, settings: ConvolutionSettings) {
    this.gpu = gpu;
    this.settings = settings;
    this.layer = pathConvolution(settings.radius);
    this.parameters = new Parameters(this.layer);
    this.parameterCount = this.parameters.count;
    this.optimizer = adam(this.parameters.initial(new Random(settings.seed)), {
      learningRate: settings.learningRate,
    });
    this.states = sharedStates(gpu);
  }

  private get weights() {
    return this.parameters.weights(this.optimizer.parameters);
  }

  private async compiled(program: Program): Promise<StatefulProgram> {
    const live = await statefulProgram(this.gpu, program, this.states);
    this.programs.push(live);
    return live;
  }

  /** A step of training on gravity. */
  async training(): Promise<StatefulProgram> {
    const { layer, optimizer } = this;
    const nodes = CLUSTERS * MASSES;
    const edges = clusterEdges();
    const count = edges.src.length;
    // Of the features only the mass is there: the paths that start from a vector give nothing and learn nothing.
    const mass = input('mass', nodes, 1);
    const x = tensor(withZeros(mass, irrepsIn.dim), Layout.of(irrepsIn));
    const { sum: out } = layer.apply(this.weights, x, input('pos', nodes, 3), {
      src: index('src', count, nodes),
      dst: index('dst', count, nodes),
    });
    // The first three paths are 0e x 0e, 0e x 1o and 0e x 2e, nine columns in e3nn's order.
    const difference = subtract(slice(out.node, 0, 9), input('target', nodes, 9));
    const loss = scale(sum(multiply(difference, difference), 'all'), 1 / (nodes * 9));
    const [slope] = gradient(loss, [optimizer.parameters]);
    const step = { outputs: { loss }, updates: optimizer.step(slope) };
    this.printed = prepare(step).print();
    const program = await this.compiled(step);
    program.write({
      src: packIndexMap(edges.src, count, nodes),
      dst: packIndexMap(edges.dst, count, nodes),
    });
    return program;
  }

  /** One step: the loss before it. */
  async step(training: StatefulProgram): Promise<number> {
    const { seed, radius } = this.settings;
    const { positions, masses, targets } = gravityBatch(seed, this.steps, radius);
    training.write({ pos: positions, mass: masses, target: targets });
    this.steps++;
    const { loss } = await training.run();
    return loss[0];
  }

  /** Messages and sums of the points of the picture. */
  picture(): Promise<StatefulProgram> {
    const { points } = this.settings;
    const capacity = points * (points - 1);
    const { messages, sum: out } = this.layer.apply(
      this.weights,
      tensorInput('x', points, Layout.of(irrepsIn)),
      input('pos', points, 3),
      { src: index('src', capacity, points), dst: index('dst', capacity, points) },
    );
    return this.compiled({ outputs: { messages: messages.node, sums: out.node } });
  }

  /** The radial function of every path at RADII distances from 0 to the radius. */
  radial(): Promise<StatefulProgram> {
    const distances = constant(this.radii(), RADII);
    return this.compiled({ outputs: { functions: this.layer.radial(this.weights, distances) } });
  }

  radii(): Float64Array {
    return Float64Array.from({ length: RADII }, (_, i) => ((i + 0.5) / RADII) * this.settings.radius);
  }

  /** The filter over a plane. */
  slice(): Promise<StatefulProgram> {
    const rows = SLICE * SLICE;
    const x = tensorInput('x', rows, Layout.of(irrepsIn));
    const values = this.layer.filter(this.weights, x, input('grid', rows, 3));
    return this.compiled({ outputs: { values: values.node } });
  }

  dispose(): void {
    for (const program of this.programs) program.dispose();
  }
}

/** Both directions between all masses of each cluster. */
function clusterEdges(): { src: number[]; dst: number[] } {
  const [src, dst]: [number[], number[]] = [[], []];
  for (let c = 0; c < CLUSTERS; c++)
    for (let i = 0; i < MASSES; i++)
      for (let j = 0; j < MASSES; j++)
        if (i !== j) {
          src.push(c * MASSES + i);
          dst.push(c * MASSES + j);
        }
  return { src, dst };
}

/** A column followed by zeros. */
function withZeros(column: Node, cols: number): Node {
  return concat([column, filled(column.rows, cols - 1, 0)]);
}
