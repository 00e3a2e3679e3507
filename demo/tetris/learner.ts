// What the page trains: on the GPU, or where there is none in a worker. Everything goes by plain data, so that both are one
// to the page.
import type { FilterPath, TetrisNetworkOptions } from '../shared/tetris-network.ts';
import type { Shader } from '../shared/training.ts';

export type LearnerRequest =
  | ({
      readonly kind: 'equivariant';
      readonly seed: number;
      readonly learningRate: number;
    } & TetrisNetworkOptions)
  | {
      readonly kind: 'ordinary';
      readonly parameters: number;
      readonly seed: number;
      readonly rotations: number;
    };

export interface LearnerFacts {
  readonly parameters: number;
  /** On the GPU, for a training step. */
  readonly bytes: number;
  /** Examples that a step is shown. */
  readonly examples: number;
  /** Irreps of the features after each layer, and the paths of each layer; empty for an ordinary network. */
  readonly irreps: readonly string[];
  readonly paths: readonly (readonly FilterPath[])[];
}

export interface Learner {
  readonly facts: LearnerFacts;
  /** One step: how many there are now, and the loss before the last. */
  step(): Promise<{ readonly step: number; readonly loss: number }>;
  setLearningRate(value: number): Promise<void>;
  /** Seven numbers for each of the eight shapes (8 x 4 x 3 points); equivariant only. */
  outputs(points: readonly number[]): Promise<Float32Array>;
  /** The shape that each of n x 4 x 3 points is taken for; ordinary only. */
  answers(points: readonly number[]): Promise<number[]>;
  /**
   * For each layer the size of each copy of each irrep, for each of the eight shapes: the root of the mean over the four
   * nodes of |x|²; 8 rows.
   */
  features(points: readonly number[]): Promise<Float32Array[]>;
  /** The radial functions of a layer's path at RADII, a row for each copy. */
  radial(layer: number, path: number): Promise<Float32Array[]>;
  /** The WGSL of each dispatch of a step; none without a GPU. */
  shaders(): Promise<readonly Shader[]>;
  dispose(): void;
}

/** Distances at which radial functions are looked at. */
export const RADII: readonly number[] = Array.from({ length: 61 }, (_, i) => (i / 60) * 1.5);
