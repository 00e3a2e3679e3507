import { atomicMasses } from '../data/atomic-masses.ts';
import { type PeriodicEdgeList, radiusGraph } from '../data/radius-graph.ts';
import { constant, input } from '../graph/leaf.ts';
import { type AtomicGraph, atomicGraph, atomicGraphFeeds } from '../models/atomic-graph.ts';
import type { EnergyModel } from '../models/energy-model.ts';
import { Parameters } from '../nn/parameters.ts';
import { neighbourList } from '../ops/neighbours.ts';
import type { MolecularDynamicsOptions } from './molecular-dynamics.ts';

/** A molecule or crystal that is to move. */
export interface MovingSystem {
  /** Å, row-major n x 3. */
  readonly positions: ArrayLike<number>;
  /** Atomic numbers: whose masses the atoms have. */
  readonly numbers: ArrayLike<number>;
  /** The model's species of each atom, counted from 0. */
  readonly species: ArrayLike<number>;
  /** Lattice vectors in rows, Å; none in open boundaries. */
  readonly cell?: ArrayLike<number>;
  /** Along which of them it repeats; default all. */
  readonly pbc?: boolean | readonly [boolean, boolean, boolean];
}

const none = { src: [], dst: [] };

/** How `modelDynamics` finds neighbours. */
export interface ModelDynamicsOptions {
  /**
   * Å by which listed pairs may be further apart than the model's cutoff, so that one list, made by the host, holds for
   * many steps; default 1. With 0 the program itself finds them in every step (`neighbourList`).
   */
  readonly skin?: number;
  /** How many edges there may be; default 1.5 times as many as at the start, or all pairs of a molecule if those are fewer. */
  readonly edges?: number;
}

/**
 * What `MolecularDynamics` and `energyDrift` need to know of an energy model: potential, parameters, masses, and
 * neighbours within its cutoff. The model's units are eV and Å.
 *
 * @param parameters the packed row (see `Parameters`)
 * @param options see `ModelDynamicsOptions`
 * @throws Error if an atomic number is unknown, or as `radiusGraph` and `atomicGraphFeeds` do; runs throw if there are more
 * than `edges` neighbours.
 * @example
 * ```ts
 * import { energyModel, modelDynamics, MolecularDynamics, Parameters, Random } from 'clebsch';
 * const model = energyModel({ nSpecies: 1, hidden: '2x0e + 2x1o', lmax: 1, nLayers: 1, rMax: 2, numNeighbors: 1 });
 * const parameters = new Parameters(model).initial(new Random(0));
 * const hydrogen = { positions: [0, 0, 0, 0, 0, 0.8], numbers: [1, 1], species: [0, 0] };
 * const dynamics = await MolecularDynamics.create(null, modelDynamics(model, parameters, hydrogen));
 * const samples = await dynamics.run(2, { every: 1 });
 * samples.map(({ time }) => time); // => [0, 0.5, 1]
 * ```
 */
export function modelDynamics(
  model: EnergyModel,
  parameters: ArrayLike<number>,
  system: MovingSystem,
  options: ModelDynamicsOptions = {},
): MolecularDynamicsOptions {
  const { positions, numbers, species, cell, pbc } = system;
  const { skin = 1 } = options;
  const atoms = numbers.length;
  const masses = Array.from(numbers, (z, i) => {
    if (!(z >= 1 && z < atomicMasses.length && Number.isInteger(z)))
      throw new Error(
        `dynamics: atom ${i} has the atomic number ${z}; known are 1 to ${atomicMasses.length - 1}`,
      );
    return atomicMasses[z];
  });
  const edgesAt = (pos: ArrayLike<number>) => radiusGraph(pos, model.rMax + skin, cell ? { cell, pbc } : {});
  const room = Math.ceil(1.5 * edgesAt(positions).src.length);
  const edges = options.edges ?? (cell ? room : Math.min(room, atoms * (atoms - 1)));
  const size = { atoms, edges, graphs: 1, species: model.nSpecies };
  const feedsAt = (pos: ArrayLike<number>, listed: PeriodicEdgeList | typeof none = edgesAt(pos)) =>
    atomicGraphFeeds(size, [{ pos, species, edges: listed, ...(cell && { cell }) }]);
  const graph = atomicGraph(size);
  const all = new Parameters(model);
  const weights = all.weights(input('parameters', 1, all.length));
  // One number an atom: their sum keeps more digits on the host than in 32 bits.
  const energyOf = (moving: AtomicGraph) => model.apply(weights, moving).atomicEnergies;
  const own = { positions, masses, feeds: { ...feedsAt(positions, none), parameters } };
  if (skin > 0)
    return {
      ...own,
      potential: (pos) => ({ energy: energyOf({ ...graph, pos }) }),
      neighbours: { skin, feeds: feedsAt },
    };
  return {
    ...own,
    potential(pos) {
      const list = neighbourList(pos, {
        radius: model.rMax,
        capacity: edges,
        ...(cell && { cell: constant(cell), pbc: pbc ?? true }),
      });
      const energy = energyOf({ ...graph, pos, edges: list.edges, offset: list.shift });
      return { energy, neighbours: { count: list.count, capacity: edges } };
    },
  };
}
