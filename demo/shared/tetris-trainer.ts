import {
  adam,
  type GpuContext,
  input,
  recognise,
  squaredError,
  type TrainerEvent,
  tetrisLabels,
} from '../../src/index.ts';
import { type RotationReport, rotationReport } from './rotation-report.ts';
import { allShapes, batchOf, originalPoints, type Recipe, trainingShapes } from './tetris-batch.ts';
import { type Predictions, type StartTraining, type Training, trainOn } from './training.ts';

export interface Evaluation {
  /** Fraction of the eight shapes that are recognised. */
  readonly accuracy: number;
  /** Eight outputs of seven numbers. */
  readonly outputs: Float32Array;
}

export interface TetrisTrainerOptions {
  readonly recipe: Recipe;
  /** Default: the recipe's. */
  readonly learningRate?: number;
  readonly seed: number;
  /** As for `Trainer`. */
  readonly quickStart?: number;
  readonly onEvent?: (event: TrainerEvent) => void;
}

/** Trains a Tetris classifier; parameters, gradients and optimiser never leave the GPU, where there is one. */
export class TetrisTrainer {
  readonly training: Training;
  private readonly predictions: Predictions;
  private readonly feeds: ReturnType<typeof batchOf>['feeds'];

  private constructor(training: Training, plan: Recipe) {
    const test = batchOf(allShapes, plan);
    this.training = training;
    this.feeds = test.feeds;
    // Compiled when it is first needed, so that training starts sooner.
    this.predictions = training.evaluator((weights) => ({ output: plan.apply(weights, test.graph).node }));
  }

  /** On a GPU, or wherever `start` trains. */
  static async create(
    where: GpuContext | StartTraining,
    { recipe: plan, learningRate = plan.learningRate, ...options }: TetrisTrainerOptions,
  ): Promise<TetrisTrainer> {
    const start = typeof where === 'function' ? where : trainOn(where);
    const train = batchOf(trainingShapes, plan);
    const target = input('target', trainingShapes.length, 7);
    const training = await start({
      module: plan.module,
      loss: (weights) => squaredError(plan.apply(weights, train.graph).node, target),
      feeds: {
        ...train.feeds,
        target: trainingShapes.flatMap((s) => tetrisLabels.slice(7 * s, 7 * s + 7)),
      },
      optimizer: (initial) => adam(initial, { learningRate }),
      seed: options.seed,
      quickStart: options.quickStart,
      onEvent: options.onEvent,
    });
    return new TetrisTrainer(training, plan);
  }

  /** Steps taken. */
  get steps(): number {
    return this.training.steps;
  }

  get parameterCount(): number {
    return this.training.parameters.count;
  }

  get dispatchesPerStep(): number {
    return this.training.dispatches;
  }

  /** Bytes of GPU buffers of the training step. */
  get bytes(): number {
    return this.training.bytes;
  }

  /** One step (or several, in one submit); the loss before the last of them. */
  async step(times = 1): Promise<number> {
    return (await this.training.step(times)).loss;
  }

  /** Seven numbers for each of the eight shapes, wherever their points are: 8 x 4 x 3. */
  async outputs(points: ArrayLike<number>): Promise<Float32Array> {
    const { output } = await this.predictions.run({ ...this.feeds, pos: points });
    return Float32Array.from(output);
  }

  /** The eight shapes as they are, one of them never seen in training. */
  async evaluate(): Promise<Evaluation> {
    const outputs = await this.outputs(originalPoints);
    const right = allShapes.filter((s) => recognise(outputs.subarray(7 * s, 7 * s + 7)) === s);
    return { accuracy: right.length / allShapes.length, outputs };
  }

  /** How well it knows the shapes turned and mirrored: see `rotationReport`. */
  rotate(rotations: number, seed: number): Promise<RotationReport> {
    return rotationReport((points) => this.outputs(points), rotations, seed);
  }

  /** The trained numbers, packed: what two runs are compared by. */
  async values(): Promise<ArrayLike<number>> {
    return this.training.packedParameters();
  }

  dispose(): void {
    this.predictions.dispose();
    this.training.dispose();
  }
}
