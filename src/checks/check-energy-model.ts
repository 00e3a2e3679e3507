import type { GpuContext } from '../gpu/device.ts';
import { constant } from '../graph/leaf.ts';
import { reference } from '../graph/reference.ts';
import { type AtomicSystem, atomicGraph, atomicGraphFeeds } from '../models/atomic-graph.ts';
import type { EnergyModel } from '../models/energy-model.ts';
import { energyDerivatives } from '../nn/forces.ts';
import { Parameters, type Weights } from '../nn/parameters.ts';
import { Random } from '../o3/random.ts';
import { gradient } from '../ops/index.ts';
import { filled } from '../ops/map.ts';
import { checkGradients, type GradientCheckOptions } from './check-gradients.ts';
import type { GradientReport } from './gradient-report.ts';

/**
 * Checks a model of energies on some small systems, one or a batch: that the derivatives of its energy by positions (the
 * forces) and parameters are right, and those of the second order, which training on forces needs (see `checkGradients`);
 * and that it has its positions by the vectors of the edges alone, so that `energyDerivatives` gives all of the forces.
 *
 * @param gpu a device, or null: then only f64 is checked
 * @param model an `energyModel`, or one of your own make
 * @param options as those of `checkGradients`; `order` is 2 unless said otherwise
 * @throws Error if there are no systems or no edges, they do not fit the model, or the energy depends on positions otherwise.
 * @example
 * ```ts
 * import { checkEnergyModel, energyModel, radiusGraph } from 'clebsch';
 * const model = energyModel({ nSpecies: 2, hidden: '2x0e + 1x1o', lmax: 1, nLayers: 1, rMax: 3, numNeighbors: 2, fcHidden: 4 });
 * const pos = [0, 0, 0, 1, 0.2, 0, 0.1, 1.1, 0.3];
 * const report = await checkEnergyModel(null, model, [{ pos, species: [0, 1, 1], edges: radiusGraph(pos, 3) }]);
 * report.passed; // => true
 * report.entries.map(({ leaf, order }) => `${leaf} ${order}`); // => ["pos 1", "parameters 1", "pos 2", "parameters 2"]
 * ```
 */
export async function checkEnergyModel(
  gpu: GpuContext | null,
  model: Pick<EnergyModel, 'apply' | 'nSpecies' | 'parameters'>,
  systems: readonly AtomicSystem[],
  options: Omit<GradientCheckOptions, 'feeds' | 'wrt' | 'module'> = {},
): Promise<GradientReport> {
  if (typeof model?.apply !== 'function' || !Array.isArray(systems) || systems.length === 0)
    throw new Error(
      'checkEnergyModel(gpu or null, model, systems): it takes an energy model and a list of systems',
    );
  const size = {
    atoms: systems.reduce((sum, { species }) => sum + species.length, 0),
    edges: systems.reduce((sum, { edges }) => sum + edges.src.length, 0),
    graphs: systems.length,
    species: model.nSpecies,
  };
  if (size.edges === 0)
    throw new Error('checkEnergyModel: the systems have no edges, so there is nothing to check');
  const graph = atomicGraph(size);
  const feeds = atomicGraphFeeds(size, systems);
  const parameters = new Parameters(model);
  const weights = parameters.weights(constant(parameters.initial(new Random(options.seed ?? 0))));
  const { energy, vectors } = model.apply(weights, graph);
  const { forces } = energyDerivatives(energy, graph, vectors);
  const [slope] = gradient(energy, [graph.pos], filled(energy.rows, 1, 1));
  const [own, minus] = reference([forces, slope], feeds);
  const largest = minus.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  own.forEach((force, i) => {
    if (!(Math.abs(force + minus[i]) <= 1e-9 * largest))
      throw new Error(
        `checkEnergyModel: the force on atom ${Math.floor(i / 3)} by the vectors of the edges has ${'xyz'[i % 3]} = ${force}, ` +
          `but -dE/dpos is ${-minus[i]}; the energy must depend on the positions by \`vectors\` alone`,
      );
  });
  const value = (w: Weights) => model.apply(w, graph).energy;
  return checkGradients(gpu, value, { order: 2, ...options, module: model, wrt: [graph.pos], feeds });
}
