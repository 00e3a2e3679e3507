import {
  type GpuContext,
  type GpuFeeds,
  type Node,
  type Parameters,
  type StepResult,
  Trainer,
  type TrainerOptions,
  type Weights,
} from '../../src/index.ts';

/** Predictions with the weights of a training. */
export interface Predictions {
  run(feeds: GpuFeeds): Promise<Record<string, ArrayLike<number>>>;
  dispose(): void;
}

/** What a dispatch runs. */
export interface Shader {
  readonly label: string;
  readonly code: string;
}

/** What trains a module: the engine's `Trainer`, or the same without a GPU. */
export interface Training {
  readonly parameters: Parameters;
  readonly steps: number;
  /** Dispatches of a step, and bytes on the GPU. */
  readonly dispatches: number;
  readonly bytes: number;
  /** The WGSL of each dispatch of a step; none without a GPU. */
  shaders(): readonly Shader[];
  step(times?: number): Promise<StepResult>;
  setLearningRate(value: number): Promise<void>;
  packedParameters(): Promise<ArrayLike<number>>;
  evaluator(outputs: (weights: Weights) => Readonly<Record<string, Node>>): Predictions;
  dispose(): void;
}

export type TrainingOptions = Omit<TrainerOptions, 'gpu'>;
export type StartTraining = (options: TrainingOptions) => Promise<Training>;

export const trainOn =
  (gpu: GpuContext): StartTraining =>
  (options) =>
    Trainer.create({ ...options, gpu });
