import { radiusGraph } from '../../src/data/radius-graph.ts';
import { input } from '../../src/graph/leaf.ts';
import type { Node } from '../../src/graph/node.ts';
import type { Feeds } from '../../src/graph/reference.ts';
import {
  type AtomicGraph,
  type AtomicGraphSize,
  type AtomicSystem,
  atomicGraph,
  atomicGraphFeeds,
  edgeVectors,
} from '../../src/models/atomic-graph.ts';
import { type Energies, type EnergyModelOptions, energyModel } from '../../src/models/energy-model.ts';
import { type EnergyDerivatives, energyDerivatives } from '../../src/nn/forces.ts';
import type { Module, Weights } from '../../src/nn/parameters.ts';
import { radialBases, softOneHotLinspace } from '../../src/nn/radial.ts';
import { norm, sphericalHarmonics } from '../../src/nn/spherical-harmonics.ts';
import { tensor } from '../../src/nn/tensor.ts';
import { tensorProductLayer } from '../../src/nn/tensor-product.ts';
import { type ConnectionMode, connectionModes } from '../../src/o3/connection-modes.ts';
import { type InstructionLike, tensorProduct } from '../../src/o3/instructions.ts';
import { Irrep } from '../../src/o3/irrep.ts';
import { Irreps } from '../../src/o3/irreps.ts';
import { Layout } from '../../src/o3/layout.ts';
import { Random } from '../../src/o3/random.ts';
import { fullTensorProduct } from '../../src/o3/tensor-product-rules.ts';
import { segmentSum } from '../../src/ops/gather.ts';
import { gradient } from '../../src/ops/index.ts';
import { multiply, scale, subtract } from '../../src/ops/map.ts';
import { slice } from '../../src/ops/slice.ts';
import { sum } from '../../src/ops/sum.ts';
import { trainable } from './layers.ts';

/** A model of energies, of whichever make. */
export interface EnergyNetwork extends Module {
  readonly rMax: number;
  readonly nSpecies: number;
  apply(weights: Weights, graph: AtomicGraph): Energies;
}

/** `energyModel`, small unless said otherwise. */
export function smallEnergyNetwork(options: Partial<EnergyModelOptions> = {}): EnergyNetwork {
  return energyModel({
    nSpecies: 2,
    hidden: '3x0e + 2x1o',
    lmax: 1,
    nLayers: 2,
    rMax: 3,
    nBasis: 4,
    fcHidden: 5,
    numNeighbors: 3,
    readout: '3x0e',
    shifts: [-0.5, 0.25],
    ...options,
  });
}

/**
 * Hidden irreps up to a degree: those that a vector's harmonics have, or some of the other parity too. Above degree 2 only
 * the highest, because every path of high degree is code to compile.
 */
export function hiddenUpTo(lmax: number, pseudo: boolean): string {
  const degrees = lmax > 2 ? [lmax] : Array.from({ length: lmax }, (_, i) => i + 1);
  const natural = degrees.map((l) => `2x${l}${l % 2 ? 'o' : 'e'}`);
  const other = degrees.map((l) => `1x${l}${l % 2 ? 'e' : 'o'}`);
  return ['3x0e', ...natural, ...(pseudo ? ['1x0o', ...other] : [])].join(' + ');
}

/**
 * A small energy whose only product of features is a tensor product in one connection mode: two densities of the
 * neighbours (radial functions times harmonics, summed), multiplied on each atom; the energy is the square of the result.
 */
export function modeEnergy(mode: ConnectionMode, mul = 2): EnergyNetwork {
  const rMax = 3;
  const harmonics = Irreps.sphericalHarmonics(2);
  const density = tensorProductLayer(fullTensorProduct([[mul, '0e']], harmonics));
  const irreps = density.layoutOut.irreps;
  const mulOut =
    { uvuv: mul * mul, 'uvu<v': (mul * (mul - 1)) / 2, uvw: 3, uuw: 3, 'u<vw': 3 }[mode as string] ?? mul;
  const outputs = ['0e', '1o', '1e', '2e'].map(Irrep.parse);
  const instructions = irreps.blocks.flatMap((a, i) =>
    irreps.blocks.flatMap((b, j) =>
      outputs.flatMap((ir, k): InstructionLike[] =>
        a.ir.product(b.ir).some((c) => c.equals(ir)) ? [[i, j, k, mode, true]] : [],
      ),
    ),
  );
  const irrepsOut = outputs.map((ir): [number, Irrep] => [mulOut, ir]);
  const product = tensorProductLayer(tensorProduct(irreps, irreps, irrepsOut, instructions), {
    layoutIn1: density.layoutOut,
    layoutIn2: density.layoutOut,
  });
  return {
    rMax,
    nSpecies: 1,
    parameters: product.parameters,
    apply(weights, graph) {
      const vectors = edgeVectors(graph);
      const sh = sphericalHarmonics(harmonics, vectors, { normalize: true, normalization: 'component' });
      const options = { start: 0, end: rMax, number: 2 * mul, basis: 'smooth_finite', cutoff: true } as const;
      const radial = softOneHotLinspace(norm(vectors), options);
      const collect = (first: number) => {
        const functions = tensor(slice(radial, first, mul), Layout.of([[mul, '0e']]));
        const { node, layout } = density.apply(null, functions, sh);
        return tensor(segmentSum(node, graph.edges.src), layout);
      };
      const out = product.apply(weights, collect(0), collect(mul));
      const atomicEnergies = scale(sum(multiply(out.node, out.node), 'cols'), 0.1);
      return { energy: segmentSum(atomicEnergies, graph.graphs), atomicEnergies, vectors };
    },
  };
}

/** Atoms of random species in random places, of which no two are close; without edges. */
export function atoms(count: number, species: number, seed = 1): AtomicSystem {
  const random = new Random(seed);
  const pos: number[] = [];
  while (pos.length < 3 * count) {
    const at = random.normals(3).map((v) => v * 1.1);
    const apart = Array.from({ length: pos.length / 3 }, (_, i) =>
      Math.hypot(...at.map((v, k) => v - pos[3 * i + k])),
    );
    if (apart.every((r) => r > 0.8)) pos.push(...at);
  }
  const kinds = Array.from({ length: count }, () => random.integer(species));
  return { pos, species: kinds, edges: { src: [], dst: [] } };
}

/** The system with the edges within the radius, in its cell if it has one. */
export function connected(system: AtomicSystem, radius: number): AtomicSystem {
  const { pos, cell } = system;
  return { ...system, edges: radiusGraph(pos, radius, cell && { cell }) };
}

export interface BuiltEnergy extends Energies, EnergyDerivatives {
  readonly graph: AtomicGraph;
  readonly size: AtomicGraphSize;
  /** The leaf "parameters". */
  readonly packed: Node;
  /** Which of the packed numbers are parameters. */
  readonly within: Feeds;
  /** The sum of (force - target)^2 with random targets, and its gradients by positions and parameters. */
  readonly forceLoss: Node;
  readonly forceLossGradients: readonly Node[];
  /** Feeds for systems, with their own edges. */
  feeds(systems: readonly AtomicSystem[]): Record<string, ArrayLike<number>>;
}

/** The program of a model for batches of the given size, with random weights. */
export function buildEnergy(
  network: EnergyNetwork,
  size: Omit<AtomicGraphSize, 'species'>,
  seed = 1,
): BuiltEnergy {
  const { weights, values, packed, mask } = trainable(network, seed);
  const full = { ...size, species: network.nSpecies };
  const graph = atomicGraph(full);
  const energies = network.apply(weights, graph);
  const derivatives = energyDerivatives(energies.energy, graph, energies.vectors);
  const difference = subtract(derivatives.forces, input('force_target', size.atoms, 3));
  const forceLoss = sum(multiply(difference, difference), 'all');
  const targets = new Random(seed + 1).normals(3 * size.atoms);
  return {
    ...energies,
    ...derivatives,
    graph,
    size: full,
    packed,
    within: { parameters: mask },
    forceLoss,
    forceLossGradients: gradient(forceLoss, [graph.pos, packed]),
    feeds: (systems) => ({ ...atomicGraphFeeds(full, systems), parameters: values, force_target: targets }),
  };
}

/** A random system with the edges that the model sees, and the program for it. */
export function buildFor(
  network: EnergyNetwork,
  count: number,
  seed = 1,
): BuiltEnergy & { readonly system: AtomicSystem } {
  const system = connected(atoms(count, network.nSpecies, seed), network.rMax);
  const edges = system.edges.src.length;
  return { ...buildEnergy(network, { atoms: count, edges, graphs: 1 }, seed), system };
}

/** Small models that cover each degree with both parities, each connection mode and each radial basis. */
export const energyNetworks: Readonly<Record<string, () => EnergyNetwork>> = {
  ...Object.fromEntries(
    [1, 2, 3, 4].flatMap((lmax) =>
      [false, true].map((pseudo) => [
        `lmax ${lmax}${pseudo ? ', both parities' : ''}`,
        // As many layers as it takes to get there, and back to the scalars that are read out.
        () => smallEnergyNetwork({ lmax, hidden: hiddenUpTo(lmax, pseudo), nLayers: pseudo ? 4 : 3 }),
      ]),
    ),
  ),
  'pseudoscalars, six layers': () => smallEnergyNetwork({ hidden: '3x0e + 2x0o + 2x1o + 2x1e', nLayers: 6 }),
  ...Object.fromEntries(
    (Object.keys(connectionModes) as ConnectionMode[]).map((mode) => [
      `mode ${mode}`,
      () => modeEnergy(mode),
    ]),
  ),
  ...Object.fromEntries(
    radialBases.flatMap((basis) =>
      [null, 4].map((polyP) => [
        `${basis}${polyP ? ' with envelope' : ''}`,
        () => smallEnergyNetwork({ basis, polyP, nLayers: 1 }),
      ]),
    ),
  ),
};
