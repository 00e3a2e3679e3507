import type { Program } from '../../src/compile.ts';
import { radiusGraph } from '../../src/data/radius-graph.ts';
import { input } from '../../src/graph/leaf.ts';
import { type AtomicGraphSize, atomicGraph, atomicGraphFeeds } from '../../src/models/atomic-graph.ts';
import { energyModel } from '../../src/models/energy-model.ts';
import { energyForceLoss, energyTargetFeeds, energyTargets } from '../../src/nn/energy-loss.ts';
import { energyDerivatives } from '../../src/nn/forces.ts';
import { adam } from '../../src/nn/optimizer.ts';
import { Parameters } from '../../src/nn/parameters.ts';
import { Random } from '../../src/o3/random.ts';
import { randMatrix } from '../../src/o3/rotation-group.ts';
import { gradient } from '../../src/ops/index.ts';
import { programArithmetic } from './graph-arithmetic.ts';
import type { Workload, WorkloadSpec } from './workload.ts';

/** Å. At 64 molecules in this cube water has its density. */
const CELL = 12.44;
const CUTOFF = 4;

/**
 * 64 water molecules in a periodic cube: oxygen on a lattice of four by four by four, moved by up to 0.3 Å along each axis, and
 * the molecule (0.9572 Å, 104.52 degrees: the TIP3P geometry) turned at random. Species 0 is oxygen, 1 hydrogen.
 */
export function waterBox(): { pos: number[]; species: number[]; cell: number[] } {
  const random = new Random(7);
  const half = (104.52 * Math.PI) / 360;
  const hydrogens = [-1, 1].map((side) => [0.9572 * Math.cos(half), side * 0.9572 * Math.sin(half), 0]);
  const pos: number[] = [];
  for (let molecule = 0; molecule < 64; molecule++) {
    const site = [molecule & 3, (molecule >> 2) & 3, molecule >> 4];
    const oxygen = site.map((s) => (s * CELL) / 4 + 0.6 * (random.uniform() - 0.5));
    const turn = randMatrix(random);
    pos.push(...oxygen);
    for (const h of hydrogens)
      pos.push(...oxygen.map((o, i) => o + h.reduce((sum, value, j) => sum + turn[3 * i + j] * value, 0)));
  }
  const species = Array.from({ length: 192 }, (_, atom) => (atom % 3 === 0 ? 0 : 1));
  return { pos, species, cell: [CELL, 0, 0, 0, CELL, 0, 0, 0, CELL] };
}

/**
 * Liquid water, 192 atoms, cutoff 4 Å: the energy, with forces, or a training step on energy and forces with Adam, of a
 * model as `npm run train` makes it. Operations are those of the traced program (`programArithmetic`).
 */
export function forcesWorkload({ part }: WorkloadSpec & { kind: 'forces' }): Workload {
  const water = waterBox();
  const edges = radiusGraph(water.pos, CUTOFF, { cell: water.cell });
  const size: AtomicGraphSize = { atoms: 192, edges: edges.src.length, graphs: 1, species: 2 };
  const model = energyModel({
    nSpecies: 2,
    hidden: '16x0e + 16x1o + 16x2e',
    lmax: 2,
    nLayers: 2,
    rMax: CUTOFF,
    numNeighbors: size.edges / size.atoms,
  });
  const parameters = new Parameters(model);
  const random = new Random(3);
  const initial = parameters.initial(random);
  const optimizer = adam(initial);
  const training = part === 'training';
  const weights = training ? optimizer.parameters : input('weights', 1, parameters.length);
  const graph = atomicGraph(size);
  const { energy, vectors } = model.apply(parameters.weights(weights), graph);
  const { forces } = energyDerivatives(energy, graph, vectors);
  const system = { pos: water.pos, species: water.species, cell: water.cell, edges };
  const feeds = atomicGraphFeeds(size, [system]);
  const common = {
    bytes: null,
    sizes: { atoms: size.atoms, edges: size.edges, parameters: parameters.count },
  };
  if (!training) {
    const program: Program = { outputs: part === 'energy' ? { energy } : { energy, forces } };
    return {
      ...common,
      program,
      feeds: { ...feeds, weights: initial },
      read: Object.keys(program.outputs),
      flops: programArithmetic(program),
      parts: { forward: [energy], gradient: part === 'energy' ? [] : [forces] },
    };
  }
  const targets = energyTargets(size, ['energy', 'forces']);
  const reference = { atoms: size.atoms, energy: 0, forces: random.normals(3 * size.atoms) };
  const loss = energyForceLoss({ energy, forces }, targets);
  const [slope] = gradient(loss, [optimizer.parameters]);
  const program = { outputs: { loss }, updates: optimizer.step(slope) };
  return {
    ...common,
    program,
    feeds: { ...feeds, ...energyTargetFeeds(size, [reference], { energy: 1, forces: 1 }) },
    read: ['loss'],
    flops: programArithmetic(program),
    parts: { forward: [loss], gradient: [slope] },
  };
}
