import type { Node } from '../graph/node.ts';
import { type AtomicGraphSize, atomicGraph } from '../models/atomic-graph.ts';
import type { EnergyModel } from '../models/energy-model.ts';
import { type EnergyPart, energyForceLoss, energyTargets } from '../nn/energy-loss.ts';
import { energyDerivatives } from '../nn/forces.ts';
import type { Weights } from '../nn/parameters.ts';
import type { AtomicBatches } from './atomic-batches.ts';
import type { Evaluator } from './evaluator.ts';

/**
 * Energies and forces of a batch, for `Trainer.evaluator` and `compile`: "energy" (graphs x 1), "forces" (atoms x 3).
 *
 * @param size capacities: those of the `AtomicBatches` that will be fed
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
): (weights: Weights) => { energy: Node; forces: Node } {
  return (weights) => {
    const graph = atomicGraph(size);
    const { energy, vectors } = model.apply(weights, graph);
    return { energy, forces: energyDerivatives(energy, graph, vectors).forces };
  };
}

/**
 * The loss on energies and forces of a batch (see `energyForceLoss`), for `Trainer.create`: its gradient by the
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
  parts: readonly Exclude<EnergyPart, 'stress'>[],
): (weights: Weights) => Node {
  return (weights) => energyForceLoss(energyPredictions(model, size)(weights), energyTargets(size, parts));
}

/** Mean absolute and root mean square errors: of the components of the forces, and of the energy per atom. */
export interface EnergyErrors {
  /** In the unit of the forces. */
  readonly forceMae: number;
  readonly forceRmse: number;
  /** In the unit of the energy, per atom. */
  readonly energyMae: number;
  readonly energyRmse: number;
}

/**
 * Errors over all systems of the batches.
 *
 * @param predict energies and forces of a batch: an evaluator of `energyPredictions`, or anything else
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
  const forceError = { absolute: 0, squared: 0, count: 0 };
  const energyError = { absolute: 0, squared: 0, count: 0 };
  const add = (to: typeof forceError, difference: number) => {
    to.absolute += Math.abs(difference);
    to.squared += difference * difference;
    to.count++;
  };
  for (let step = 0; step < batches.perEpoch; step++) {
    const { energy, forces } = await predict(batches.feeds(step));
    let component = 0;
    batches.systemsOf(step).forEach((system, graph) => {
      add(energyError, (energy[graph] - system.energy) / system.species.length);
      for (let i = 0; i < system.forces.length; i++) add(forceError, forces[component++] - system.forces[i]);
    });
  }
  return {
    forceMae: forceError.absolute / forceError.count,
    forceRmse: Math.sqrt(forceError.squared / forceError.count),
    energyMae: energyError.absolute / energyError.count,
    energyRmse: Math.sqrt(energyError.squared / energyError.count),
  };
}
