import type { Node } from '../graph/node.ts';
import { type AtomicGraphSize, atomicGraph } from '../models/atomic-graph.ts';
import type { EnergyModel } from '../models/energy-model.ts';
import { cellVolume, type EnergyPart, energyForceLoss, energyTargets } from '../nn/energy-loss.ts';
import { energyDerivatives } from '../nn/forces.ts';
import type { Weights } from '../nn/parameters.ts';
import type { AtomicBatches } from './atomic-batches.ts';
import type { Evaluator } from './evaluator.ts';

/**
 * Energies and forces of a batch, for `Trainer.evaluator` and `compile`: "energy" (graphs x 1), "forces" (atoms x 3); with
 * the part "stress" also "virial" (graphs x 9), which is the stress times the volume.
 *
 * @param size capacities: those of the `AtomicBatches` that will be fed
 * @param parts energy and forces are always there
 * @example
 * ```ts
 * import { energyModel, energyPredictions, filled, Parameters } from 'clebsch';
 * const model = energyModel({ nSpecies: 1, hidden: '2x0e', lmax: 0, nLayers: 1, rMax: 3, numNeighbors: 1 });
 * const parameters = new Parameters(model);
 * const weights = parameters.weights(filled(1, parameters.length, 1));
 * const { energy, forces } = energyPredictions(model, { atoms: 5, edges: 20, graphs: 2, species: 1 })(weights);
 * [energy.rows, forces.rows, forces.cols]; // => [2, 5, 3]
 * ```
 */
export function energyPredictions(
  model: EnergyModel,
  size: AtomicGraphSize,
  parts: readonly EnergyPart[] = [],
): (weights: Weights) => { readonly energy: Node; readonly forces: Node; readonly [name: string]: Node } {
  return (weights) => {
    const graph = atomicGraph(size);
    const { energy, vectors } = model.apply(weights, graph);
    const { forces, virial } = energyDerivatives(energy, graph, vectors);
    return { energy, forces, ...(parts.includes('stress') && { virial }) };
  };
}

/**
 * The loss on energies, forces and stresses of a batch (see `energyForceLoss`), for `Trainer.create`: its gradient by the
 * parameters contains second derivatives of the energy.
 *
 * @param parts what the loss has terms for; those that the batches have weights for
 * @example
 * ```ts gpu
 * import { AtomicBatches, energyModel, energyTaskLoss, requestDevice, Trainer } from 'clebsch';
 * const edges = { src: [0, 1], dst: [1, 0] };
 * const pair = (r: number) => ({
 *   pos: [0, 0, 0, 0, 0, r], species: [0, 0], edges, energy: (r - 1) ** 2, forces: [0, 0, 2 * r - 2, 0, 0, 2 - 2 * r],
 * });
 * const weights = { energy: 1, forces: 1 };
 * const batches = new AtomicBatches([pair(0.9), pair(1), pair(1.2)], { batchSize: 3, species: 1, weights, seed: 0 });
 * const model = energyModel({ nSpecies: 1, hidden: '4x0e', lmax: 0, nLayers: 1, rMax: 3, numNeighbors: 1 });
 * const trainer = await Trainer.create({
 *   gpu: await requestDevice(),
 *   module: model,
 *   loss: energyTaskLoss(model, batches.size, ['energy', 'forces']),
 *   feeds: (step) => batches.feeds(step),
 * });
 * const first = await trainer.step();
 * (await trainer.train(30)).loss < first.loss; // => true
 * trainer.dispose();
 * ```
 */
export function energyTaskLoss(
  model: EnergyModel,
  size: AtomicGraphSize,
  parts: readonly EnergyPart[],
): (weights: Weights) => Node {
  return (weights) =>
    energyForceLoss(energyPredictions(model, size, parts)(weights), energyTargets(size, parts));
}

/** Mean absolute and root mean square errors: of the components of forces and stress, and of the energy per atom. */
export interface EnergyErrors {
  /** In the unit of the forces. */
  readonly forceMae: number;
  readonly forceRmse: number;
  /** In the unit of the energy, per atom. */
  readonly energyMae: number;
  readonly energyRmse: number;
  /** In the unit of the stress; where the predictions have a virial and a system a stress. */
  readonly stressMae?: number;
  readonly stressRmse?: number;
}

/**
 * Errors over all systems of the batches.
 *
 * @param predict energies, forces and perhaps virials of a batch: an evaluator of `energyPredictions`, or anything else
 * @example
 * ```ts
 * import { AtomicBatches, energyErrors } from 'clebsch';
 * const edges = { src: [], dst: [] };
 * const atom = { pos: [0, 0, 0], species: [0], edges, energy: 3, forces: [0, 3, 0] };
 * const batches = new AtomicBatches([atom], { batchSize: 1, species: 1, weights: {}, seed: null });
 * const nothing = async () => ({ energy: [0], forces: [0, 0, 0] });
 * await energyErrors(nothing, batches); // => { forceMae: 1, forceRmse: Math.sqrt(3), energyMae: 3, energyRmse: 3 }
 * ```
 */
export async function energyErrors(
  predict: (feeds: Parameters<Evaluator['run']>[0]) => Promise<Record<string, ArrayLike<number>>>,
  batches: AtomicBatches,
): Promise<EnergyErrors> {
  const [forces, energies, stresses] = [new Errors(), new Errors(), new Errors()];
  for (let step = 0; step < batches.perEpoch; step++) {
    const found = await predict(batches.feeds(step));
    let component = 0;
    batches.systemsOf(step).forEach((system, graph) => {
      energies.add((found.energy[graph] - system.energy) / system.species.length);
      for (let i = 0; i < system.forces.length; i++) forces.add(found.forces[component++] - system.forces[i]);
      const { stress, cell } = system;
      if (!found.virial || !stress || !cell) return;
      const volume = cellVolume(cell);
      for (let i = 0; i < 9; i++) stresses.add(found.virial[9 * graph + i] / volume - stress[i]);
    });
  }
  return {
    forceMae: forces.mae,
    forceRmse: forces.rmse,
    energyMae: energies.mae,
    energyRmse: energies.rmse,
    ...(stresses.count > 0 && { stressMae: stresses.mae, stressRmse: stresses.rmse }),
  };
}

/** Adds up differences. */
class Errors {
  count = 0;
  private absolute = 0;
  private squared = 0;

  add(difference: number): void {
    this.absolute += Math.abs(difference);
    this.squared += difference * difference;
    this.count++;
  }

  get mae(): number {
    return this.absolute / this.count;
  }

  get rmse(): number {
    return Math.sqrt(this.squared / this.count);
  }
}
