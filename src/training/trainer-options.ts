import type { GpuContext } from '../gpu/device.ts';
import type { GpuFeeds } from '../gpu/execute.ts';
import type { Update } from '../graph/memory.ts';
import type { Node } from '../graph/node.ts';
import type { ModelDescription } from '../io/conventions.ts';
import type { Optimizer } from '../nn/optimizer.ts';
import type { Module, Weights } from '../nn/parameters.ts';
import type { Progress } from './progress.ts';

/** A traced loss with whatever else is to be read or updated with it. */
export interface TracedLoss {
  /** 1 x 1. */
  readonly loss: Node;
  /** Further values to read after a step. */
  readonly outputs?: Readonly<Record<string, Node>>;
  /** Further updates: the running statistics of layers. */
  readonly updates?: readonly Update[];
}

/** What `Trainer.create` needs. */
export interface TrainerOptions {
  readonly gpu: GpuContext;
  /** What is trained. */
  readonly module: Module;
  /** The loss of one batch, traced once. */
  readonly loss: (weights: Weights) => Node | TracedLoss;
  /**
   * The numbers of the batch of a step, which counts from 0: always the same for the same step, because steps are
   * taken again after a lost device. Or numbers that stay as they are.
   */
  readonly feeds?: GpuFeeds | ((step: number) => GpuFeeds);
  /** Name and options of the model: checkpoints carry them, and one of another model is refused. */
  readonly description?: ModelDescription;
  /** Default `adam` with its defaults. */
  readonly optimizer?: (initial: Float64Array) => Optimizer;
  /** Seed of the initial parameters; default 0. */
  readonly seed?: number;
  /** Every so many steps all states are copied to the host (default 100): no more than these are ever lost. */
  readonly snapshotEvery?: number;
  /**
   * So many first steps run on kernels that compile in less than half the time, and run slower, while the others compile; for
   * batches of up to some hundred edges, where compiling is what users wait for. Default 0.
   */
  readonly quickStart?: number;
  /** Told of a lost device, and of training that goes on. */
  readonly onEvent?: (event: TrainerEvent) => void;
}

/** What happened to a training besides steps. */
export type TrainerEvent =
  | { readonly kind: 'lost'; readonly step: number; readonly reason: string }
  | { readonly kind: 'recovered'; readonly step: number; readonly repeated: number };

/** What a step gives. */
export interface StepResult {
  /** Steps taken in all. */
  readonly step: number;
  /** The loss before the last of the steps. */
  readonly loss: number;
  /** The other outputs, row-major. */
  readonly outputs: Readonly<Record<string, Float32Array>>;
}

/** Options of `Trainer.train`. */
export interface TrainOptions {
  /** Steps between two looks at the loss (default 10): in between the host does not wait for the GPU. */
  readonly readEvery?: number;
  /** Told after every look. */
  readonly onProgress?: (progress: Progress & StepResult) => void;
  /** Every so many steps `save` is given a checkpoint; default: never. */
  readonly saveEvery?: number;
  /** Puts a checkpoint away (into a `CheckpointStore`, say); training waits for it. */
  readonly save?: (checkpoint: Uint8Array, step: number) => Promise<void> | void;
  /** Ends the training after the step under way. */
  readonly signal?: AbortSignal;
  /** Whether a hidden tab goes on training (default) or waits until it is seen again. */
  readonly whenHidden?: 'continue' | 'pause';
}
