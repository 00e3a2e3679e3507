import {
  adam,
  compile,
  type Executable,
  filled,
  type GeometricTensor,
  type GpuContext,
  gradient,
  input,
  type Matrix3,
  type Module,
  type Node,
  Parameters,
  type PointGraph,
  pointGraph,
  pointGraphFeeds,
  Random,
  radiusGraph,
  randMatrix,
  recognise,
  StateStore,
  simpleNetwork,
  squaredError,
  tensor,
  tetrisGate,
  tetrisIrrepsOut,
  tetrisLabels,
  tetrisPolynomial,
  tetrisShapes,
  type Weights,
} from '../../src/index.ts';

export const modelNames = ['gate-points', 'gate', 'polynomial'] as const;
export type ModelName = (typeof modelNames)[number];

export interface TrainerOptions {
  readonly model: ModelName;
  /** Copies of each hidden irrep (gate-points; the other two are scaled by mul/50 of their example's sizes). */
  readonly mul: number;
  readonly learningRate?: number;
  readonly seed: number;
}

interface Recipe {
  readonly module: Module;
  apply(weights: Weights, graph: PointGraph): GeometricTensor;
  readonly radius: number;
  /** torch_cluster's rule, which two of the examples use. */
  readonly inclusive: boolean;
  readonly learningRate: number;
}

/** The three models with the settings of e3nn's examples. */
export function recipe({ model, mul }: TrainerOptions): Recipe {
  const scaled = (n: number) => Math.max(1, Math.round((n * mul) / 50));
  if (model === 'gate-points') {
    const network = simpleNetwork({
      irrepsIn: '0e',
      irrepsOut: tetrisIrrepsOut,
      maxRadius: 1.5,
      numNeighbors: 2,
      numNodes: 4,
      mul,
    });
    return {
      module: network,
      apply: (weights, graph) =>
        network.apply(weights, graph, tensor(filled(graph.pos.rows, 1, 1), network.layoutIn)),
      radius: 1.5,
      inclusive: false,
      learningRate: 1e-2,
    };
  }
  if (model === 'gate') {
    const [n, g] = [scaled(16), scaled(8)];
    const network = tetrisGate({
      irrepsScalars: `${n}x0e + ${n}x0o`,
      irrepsGates: `${g}x0e + ${g}x0o + ${g}x0e + ${g}x0o`,
      irrepsGated: `${2 * g}x1o + ${2 * g}x1e`,
    });
    return { module: network, apply: network.apply, radius: 2.5, inclusive: true, learningRate: 1e-3 };
  }
  const network = tetrisPolynomial({
    irrepsMid: `${scaled(64)}x0e + ${scaled(24)}x1e + ${scaled(24)}x1o + ${scaled(16)}x2e + ${scaled(16)}x2o`,
  });
  return { module: network, apply: network.apply, radius: 1.1, inclusive: true, learningRate: 1e-2 };
}

/** Some of the shapes as one batch of graphs: leaves of a program, and the numbers to feed them. */
export function batchOf(shapes: readonly number[], { radius, inclusive }: Recipe) {
  const pos = shapes.flatMap((s) => [...tetrisShapes[s].points]);
  const batch = Array.from({ length: shapes.length * 4 }, (_, i) => Math.floor(i / 4));
  const edges = radiusGraph(pos, radius, { batch, inclusive });
  const size = { nodes: batch.length, edges: edges.src.length, graphs: shapes.length };
  return { graph: pointGraph(size), feeds: pointGraphFeeds(size, pos, edges, batch) };
}

export interface Evaluation {
  /** Fraction of the eight shapes that are recognised. */
  readonly accuracy: number;
  /** Eight outputs of seven numbers. */
  readonly outputs: Float32Array;
}

export interface RotationReport {
  /** For each shape how many of its rotations were recognised as what they are. */
  readonly recognised: readonly number[];
  readonly rotations: number;
  /** Largest difference between the output for a rotated shape and the rotated output. */
  readonly equivarianceError: number;
}

const allShapes = tetrisShapes.map((_, s) => s);
/** e3nn's training set: one of the chiral pair is never seen. */
export const trainingShapes = allShapes.slice(1);

/** Trains a Tetris classifier on the GPU; parameters, gradients and optimiser never leave it. */
export class TetrisTrainer {
  readonly parameterCount: number;
  /** Steps taken. */
  steps = 0;
  private readonly training: Executable;
  private readonly states: StateStore;
  private readonly compileEvaluation: () => Promise<Executable>;
  private compiledEvaluation: Executable | null = null;

  private constructor(
    parameterCount: number,
    training: Executable,
    states: StateStore,
    compileEvaluation: () => Promise<Executable>,
  ) {
    this.parameterCount = parameterCount;
    this.training = training;
    this.states = states;
    this.compileEvaluation = compileEvaluation;
  }

  static async create(gpu: GpuContext, options: TrainerOptions): Promise<TetrisTrainer> {
    const plan = recipe(options);
    const parameters = new Parameters(plan.module);
    const optimizer = adam(parameters.initial(new Random(options.seed)), {
      learningRate: options.learningRate ?? plan.learningRate,
    });
    const weights = parameters.weights(optimizer.parameters);
    const states = new StateStore(gpu.device);
    const train = batchOf(trainingShapes, plan);
    const target = input('target', trainingShapes.length, 7);
    const loss = squaredError(plan.apply(weights, train.graph).node, target);
    const [slope] = gradient(loss, [optimizer.parameters]);
    const program = { outputs: { loss }, updates: optimizer.step(slope) };
    const training = await compile(gpu, program, { states });
    training.write({
      ...train.feeds,
      target: trainingShapes.flatMap((s) => tetrisLabels.slice(7 * s, 7 * s + 7)),
    });
    return new TetrisTrainer(parameters.count, training, states, async () => {
      const test = batchOf(allShapes, plan);
      const output: Node = plan.apply(weights, test.graph).node;
      const evaluation = await compile(gpu, { outputs: { output } }, { states });
      evaluation.write(test.feeds);
      return evaluation;
    });
  }

  /** The program for all eight shapes; compiled when it is first needed, so that training starts sooner. */
  private async evaluation(): Promise<Executable> {
    this.compiledEvaluation ??= await this.compileEvaluation();
    return this.compiledEvaluation;
  }

  get dispatchesPerStep(): number {
    return this.training.dispatches;
  }

  /** Bytes of GPU buffers, states counted once. */
  get bytes(): number {
    const evaluation = this.compiledEvaluation;
    return this.training.bytes + (evaluation ? evaluation.bytes - this.states.bytes : 0);
  }

  /** One step (or several, in one submit); the loss before the last of them. */
  async step(times = 1): Promise<number> {
    this.steps += times;
    const { loss } = await this.training.runAndRead({ times });
    return loss[0];
  }

  /** The eight shapes as they are, one of them never seen in training. */
  async evaluate(): Promise<Evaluation> {
    const { output } = await (await this.evaluation()).runAndRead();
    const right = allShapes.filter((s) => recognise(output.subarray(7 * s, 7 * s + 7)) === s);
    return { accuracy: right.length / allShapes.length, outputs: output };
  }

  /**
   * Turns every shape by random rotations, every second one with inversion, and compares with the output for the
   * shape as it is: even scalars must stay, the odd one changes sign under inversion.
   */
  async rotate(rotations: number, seed: number): Promise<RotationReport> {
    const random = new Random(seed);
    const { outputs: still } = await this.evaluate();
    const evaluation = await this.evaluation();
    const recognised = allShapes.map(() => 0);
    let equivarianceError = 0;
    const original = allShapes.flatMap((s) => [...tetrisShapes[s].points]);
    for (let r = 0; r < rotations; r++) {
      const sign = r % 2 === 0 ? 1 : -1;
      const matrix = randMatrix(random).map((v) => sign * v);
      evaluation.write({ pos: turn(matrix, original) });
      const { output } = await evaluation.runAndRead();
      for (const s of allShapes) {
        const row = output.subarray(7 * s, 7 * s + 7);
        // Inversion makes one of the chiral pair the other.
        const expected = sign < 0 && s < 2 ? 1 - s : s;
        if (recognise(row) === expected) recognised[s]++;
        row.forEach((value, i) => {
          const turned = (i === 0 ? sign : 1) * still[7 * s + i];
          equivarianceError = Math.max(equivarianceError, Math.abs(value - turned));
        });
      }
    }
    evaluation.write({ pos: original });
    return { recognised, rotations, equivarianceError };
  }

  /** The trained numbers, packed: what two runs are compared by. */
  async values(): Promise<Float32Array> {
    return this.states.read('adam.values');
  }

  dispose(): void {
    this.training.dispose();
    this.compiledEvaluation?.dispose();
    this.states.dispose();
  }
}

function turn(m: Matrix3, points: readonly number[]): number[] {
  const out: number[] = [];
  for (let i = 0; i < points.length; i += 3)
    for (let r = 0; r < 3; r++)
      out.push(m[3 * r] * points[i] + m[3 * r + 1] * points[i + 1] + m[3 * r + 2] * points[i + 2]);
  return out;
}
