import { type AtomicGraphFeeds, type AtomicGraphSize, atomicGraphFeeds } from '../models/atomic-graph.ts';
import { type EnergyPart, energyTargetFeeds } from '../nn/energy-loss.ts';
import { Random } from '../o3/random.ts';
import type { LabelledSystem } from './atomic-data.ts';

/** How systems are put into batches. */
export interface AtomicBatchesOptions {
  /** Systems of a batch. */
  readonly batchSize: number;
  /** Number of species of the model. */
  readonly species: number;
  /** Weight of each part of the loss (see `energyTargetFeeds`). */
  readonly weights: Readonly<Partial<Record<EnergyPart, number>>>;
  /** Seed of the order, which is another one in every epoch; null keeps the systems in their order. */
  readonly seed: number | null;
}

/**
 * Batches of molecules or crystals of different sizes for one compiled program: its capacities are those of the largest
 * systems together, so every batch fits. The batch of a step depends on nothing but the step's number.
 *
 * @example
 * ```ts
 * import { AtomicBatches } from 'clebsch';
 * const atom = { pos: [0, 0, 0], species: [0], edges: { src: [], dst: [] }, energy: 1, forces: [0, 0, 0] };
 * const pair = { ...atom, pos: [0, 0, 0, 0, 0, 1], species: [0, 0], edges: { src: [0, 1], dst: [1, 0] }, forces: [0, 0, 1, 0, 0, -1] };
 * const options = { batchSize: 2, species: 1, weights: { forces: 1 }, seed: null };
 * const batches = new AtomicBatches([atom, pair, atom], options);
 * batches.size; // => { atoms: 3, edges: 2, graphs: 2, species: 1 }
 * batches.perEpoch; // => 2
 * batches.systemsOf(1).length; // => 1
 * ```
 */
export class AtomicBatches {
  /** Capacities of the program. */
  readonly size: AtomicGraphSize;
  /** Steps until every system was used once; the last batch may be smaller than the others. */
  readonly perEpoch: number;
  private readonly systems: readonly LabelledSystem[];
  private readonly options: AtomicBatchesOptions;
  private order: { epoch: number; indices: readonly number[] } = { epoch: -1, indices: [] };

  /**
   * @throws Error if there are no systems, `batchSize` is no whole number from 1, a weight is negative or not finite, or
   * the stress has a weight but no system has a stress.
   */
  constructor(systems: readonly LabelledSystem[], options: AtomicBatchesOptions) {
    const { batchSize, species } = options;
    if (systems.length === 0) throw new Error('AtomicBatches: there are no systems');
    if (!(Number.isInteger(batchSize) && batchSize > 0))
      throw new Error(`AtomicBatches: the batch size is ${batchSize}, but must be a whole number from 1`);
    for (const [part, weight] of Object.entries(options.weights))
      if (!(weight >= 0 && Number.isFinite(weight)))
        throw new Error(
          `AtomicBatches: the weight of ${part} is ${weight}, but must be finite and at least 0`,
        );
    if (options.weights.stress && !systems.some(({ stress }) => stress))
      throw new Error(
        `AtomicBatches: stress has the weight ${options.weights.stress}, but none of the ${systems.length} systems has a stress`,
      );
    this.systems = systems;
    this.options = options;
    const graphs = Math.min(batchSize, systems.length);
    const largest = (count: (system: LabelledSystem) => number) =>
      systems
        .map(count)
        .sort((a, b) => b - a)
        .slice(0, graphs)
        .reduce((a, b) => a + b, 0);
    this.size = {
      atoms: largest((s) => s.species.length),
      edges: largest((s) => s.edges.src.length),
      graphs,
      species,
    };
    this.perEpoch = Math.ceil(systems.length / graphs);
  }

  /** The systems of a step, which counts from 0. */
  systemsOf(step: number): LabelledSystem[] {
    const epoch = Math.floor(step / this.perEpoch);
    const start = (step % this.perEpoch) * this.size.graphs;
    return this.orderOf(epoch)
      .slice(start, start + this.size.graphs)
      .map((i) => this.systems[i]);
  }

  /** The numbers of a step for the leaves of `atomicGraph` and `energyTargets`. */
  feeds(step: number): AtomicGraphFeeds & Record<string, Float64Array | Uint32Array> {
    const systems = this.systemsOf(step);
    const references = systems.map(({ species, energy, forces, stress, cell }) => ({
      atoms: species.length,
      energy,
      forces,
      stress,
      cell,
    }));
    return {
      ...atomicGraphFeeds(this.size, systems),
      ...energyTargetFeeds(this.size, references, this.options.weights),
    };
  }

  private orderOf(epoch: number): readonly number[] {
    if (this.order.epoch !== epoch) {
      const indices = this.systems.map((_, i) => i);
      const { seed } = this.options;
      if (seed !== null) new Random(seed + 0x9e3779b1 * (epoch + 1)).shuffle(indices);
      this.order = { epoch, indices };
    }
    return this.order.indices;
  }
}
