import { describe, expect, test } from 'vitest';
import { reference } from '../../src/graph/reference.ts';
import { type AtomicSystem, atomicGraph, atomicGraphFeeds } from '../../src/models/atomic-graph.ts';
import { energyModel } from '../../src/models/energy-model.ts';
import { Parameters, Weights } from '../../src/nn/parameters.ts';
import { Random } from '../../src/o3/random.ts';
import { composeMatrix, inverseMatrix, randMatrix } from '../../src/o3/rotation-group.ts';
import { slopeError } from '../support/differences.ts';
import {
  atoms,
  type BuiltEnergy,
  buildEnergy,
  connected,
  hiddenUpTo,
  smallEnergyNetwork,
} from '../support/energy-networks.ts';
import { scaledError } from '../support/feeds.ts';

const options = { nSpecies: 2, hidden: '4x0e + 2x1o', lmax: 1, nLayers: 1, rMax: 3, numNeighbors: 4 };
const network = smallEnergyNetwork({ lmax: 2, hidden: hiddenUpTo(2, true), nLayers: 4 });
const cell = [3.1, 0.2, 0, -0.4, 3.4, 0.3, 0.5, 0, 3.7];

interface Values {
  readonly energy: Float64Array;
  readonly atomicEnergies: Float64Array;
  readonly forces: Float64Array;
  readonly virial: Float64Array;
}

/** Energies and their derivatives of a batch. */
function evaluate(built: BuiltEnergy, systems: readonly AtomicSystem[]): Values {
  const { energy, atomicEnergies, forces, virial } = built;
  const [e, a, f, v] = reference([energy, atomicEnergies, forces, virial], built.feeds(systems));
  return { energy: e, atomicEnergies: a, forces: f, virial: v };
}

/** A program as large as the system. */
const exactly = ({ species, edges }: AtomicSystem, model = network) =>
  buildEnergy(model, { atoms: species.length, edges: edges.src.length, graphs: 1 });

const alone = (system: AtomicSystem, model = network) => evaluate(exactly(system, model), [system]);

const molecule = connected(atoms(5, 2), 3);
const crystal = connected({ ...atoms(4, 2, 3), cell }, 3);

/** Row vectors times the transpose of a matrix: each vector turned. */
const turned = (vectors: ArrayLike<number>, m: readonly number[]) =>
  Float64Array.from(
    { length: vectors.length },
    (_, i) =>
      m[3 * (i % 3)] * vectors[i - (i % 3)] +
      m[3 * (i % 3) + 1] * vectors[i - (i % 3) + 1] +
      m[3 * (i % 3) + 2] * vectors[i - (i % 3) + 2],
  );

describe('what the model is', () => {
  test("irreps and parameters have e3nn's names and order", () => {
    const model = energyModel({ ...options, fcHidden: [7, 9], nBasis: 5, readout: '3x0e' });
    expect(model.parameters.map(({ name, shape }) => `${name} ${shape}`)).toEqual([
      'embed.weight 8',
      'layers.0.sc.weight 48',
      'layers.0.lin1.weight 16',
      'layers.0.fc.layer0.weight 5,7',
      'layers.0.fc.layer1.weight 7,9',
      'layers.0.fc.layer2.weight 9,8',
      'layers.0.lin2.weight 32',
      'out1.weight 12',
      'out2.weight 3',
    ]);
    expect(model.irrepsNodeSequence.map(String)).toEqual(['4x0e', '4x0e+2x1o']);
  });

  test('without layers the energy is one of the species', () => {
    const model = smallEnergyNetwork({ nLayers: 0, embed: '3x0e' });
    const { atomicEnergies, forces } = alone(molecule, model);
    const { species } = molecule;
    for (let i = 0; i < species.length; i++)
      for (let j = 0; j < i; j++)
        if (species[i] === species[j]) expect(atomicEnergies[i]).toBe(atomicEnergies[j]);
    expect([...forces].every((f) => f === 0)).toBe(true);
  });

  test('scale and shifts act on the atomic energies', () => {
    const plain = alone(molecule, smallEnergyNetwork({ shifts: undefined }));
    const moved = alone(molecule, smallEnergyNetwork({ scale: 3, shifts: [10, 20] }));
    const expected = plain.atomicEnergies.map((e, i) => 3 * e + [10, 20][molecule.species[i]]);
    expect(scaledError(moved.atomicEnergies, expected)).toBeLessThan(1e-14);
    expect(
      scaledError(
        moved.forces,
        plain.forces.map((f) => 3 * f),
      ),
    ).toBeLessThan(1e-13);
  });

  test.each<[string, object, string]>([
    [
      'one shift for two species',
      { shifts: [1] },
      'shifts is [1], but must be 2 finite numbers, one a species',
    ],
    ['a shift that is not finite', { shifts: [1, Number.NaN] }, 'shifts is [1, NaN], but must be 2 finite'],
    [
      'an envelope without smoothness',
      { polyP: 1 },
      'energyModel: polyP is 1, but must be a whole number from 2',
    ],
    ['no radius', { rMax: Number.NaN }, 'rMax is NaN, but must be positive and finite'],
    ['a radius of zero', { rMax: 0 }, 'rMax is 0'],
    ['an infinite radius', { rMax: Number.POSITIVE_INFINITY }, 'rMax is Infinity'],
    ['no neighbours', { numNeighbors: 0 }, 'numNeighbors is 0, but must be positive'],
    ['neighbours that are not known', { numNeighbors: undefined }, 'numNeighbors is undefined'],
    ['half a degree', { lmax: 1.5 }, 'lmax is 1.5, but must be a whole number from 0'],
    ['fewer than no layers', { nLayers: -1 }, 'nLayers is -1, but must be a whole number from 0'],
    ['no species', { nSpecies: 0 }, 'nSpecies is 0, but must be a whole number from 1'],
    ['no basis', { nBasis: 0 }, 'nBasis is 0, but must be a whole number from 1'],
    ['a layer without width', { fcHidden: [8, 0] }, 'a width of fcHidden is 0, but must be a whole number'],
    ['a scale of zero', { scale: 0 }, 'scale is 0, but must be finite and not 0'],
    ['a scale that is no number', { scale: Number.NaN }, 'scale is NaN'],
    [
      'vectors without scalars to make them of',
      { hidden: '2x1o' },
      "energyModel: no irreps, the last layer's irreps, have nothing of 16x0e",
    ],
    ['hidden irreps that no path reaches', { hidden: '2x1e', embed: '2x0e' }, 'have nothing of'],
    ['nothing to read out', { hidden: '4x1o', embed: '2x0e' }, 'have nothing of'],
    [
      'an odd readout by silu',
      { readout: '2x0o', hidden: '4x0e+2x0o', embed: '1x0o' },
      'neither even nor odd',
    ],
  ])('%s is refused', (_, wrong, message) => {
    expect(() => {
      const model = energyModel({ ...options, ...wrong });
      const graph = atomicGraph({ atoms: 1, edges: 1, graphs: 1, species: 2 });
      model.apply(new Weights(new Map()), graph);
    }).toThrow(message);
  });

  test('a graph of another number of species is refused', () => {
    const graph = atomicGraph({ atoms: 1, edges: 1, graphs: 1, species: 3 });
    expect(() => energyModel(options).apply(new Weights(new Map()), graph)).toThrow(
      'made for 2 species, but the graph has 3',
    );
  });

  test('each layer keeps the hidden irreps that paths reach', () => {
    const model = energyModel({ ...options, hidden: hiddenUpTo(2, true), lmax: 2, nLayers: 3 });
    expect(new Parameters(model).count).toBeGreaterThan(1000);
    expect(model.irrepsNodeSequence.at(-1)!.toString()).toBe('3x0e+1x0o+2x1o+2x2e+1x1e+1x2o');
  });
});

describe('symmetries', () => {
  const random = new Random(5);
  const { energy, forces, virial } = alone(crystal);

  test('forces and torque of an isolated system sum to zero, and the virial is symmetric', () => {
    const own = alone(molecule);
    const largest = Math.max(...own.forces.map(Math.abs));
    const sum = [0, 1, 2].map((k) => own.forces.filter((_, i) => i % 3 === k).reduce((a, b) => a + b));
    for (const s of sum) expect(Math.abs(s) / largest).toBeLessThan(1e-12);
    const torque = [0, 0, 0];
    for (let i = 0; i < own.forces.length; i += 3)
      for (let k = 0; k < 3; k++) {
        const [a, b] = [(k + 1) % 3, (k + 2) % 3];
        torque[k] += molecule.pos[i + a] * own.forces[i + b] - molecule.pos[i + b] * own.forces[i + a];
      }
    for (const t of torque) expect(Math.abs(t) / largest).toBeLessThan(1e-12);
    for (const [i, j] of [
      [1, 3],
      [2, 6],
      [5, 7],
    ])
      expect(own.virial[i]).toBe(own.virial[j]);
  });

  test.each(['rotation', 'inversion'])('%s and translation', (kind) => {
    const matrix = randMatrix(random).map((v) => (kind === 'inversion' ? -v : v));
    const shift = random.normals(3);
    const moved = {
      ...crystal,
      pos: turned(crystal.pos, matrix).map((v, i) => v + shift[i % 3]),
      cell: turned(cell, matrix),
    };
    const own = alone(moved);
    expect(scaledError(own.energy, energy)).toBeLessThan(1e-12);
    expect(scaledError(own.forces, turned(forces, matrix))).toBeLessThan(1e-12);
    const rotatedVirial = composeMatrix(composeMatrix(matrix, [...virial]), inverseMatrix(matrix));
    expect(scaledError(own.virial, rotatedVirial)).toBeLessThan(1e-12);
    // The same edges are found in the turned crystal.
    expect(connected(moved, 3).edges.src.length).toBe(crystal.edges.src.length);
  });

  test('permutation of the atoms and of the edges', () => {
    const count = crystal.species.length;
    const order = [2, 0, 3, 1];
    const pick = (values: ArrayLike<number>, list: readonly number[], width: number) =>
      list.flatMap((i) => Array.from({ length: width }, (_, k) => values[width * i + k]));
    const { src, dst, shift } = crystal.edges;
    const edges = Array.from({ length: src.length }, (_, i) => src.length - 1 - i);
    const own = alone({
      cell,
      pos: pick(crystal.pos, order, 3),
      species: pick(crystal.species, order, 1),
      edges: {
        src: edges.map((e) => order.indexOf(src[e])),
        dst: edges.map((e) => order.indexOf(dst[e])),
        shift: pick(shift!, edges, 3),
      },
    });
    expect(count).toBe(order.length);
    expect(scaledError(own.energy, energy)).toBeLessThan(1e-12);
    expect(scaledError(own.forces, pick(forces, order, 3))).toBeLessThan(1e-12);
    expect(scaledError(own.virial, virial)).toBeLessThan(1e-12);
  });

  test('a lattice vector added to an atom changes nothing', () => {
    const pos = Array.from(crystal.pos);
    for (let k = 0; k < 3; k++) pos[3 + k] += cell[k] - 2 * cell[3 + k];
    const own = alone(connected({ ...crystal, pos }, 3));
    expect(scaledError(own.energy, energy)).toBeLessThan(1e-12);
    expect(scaledError(own.forces, forces)).toBeLessThan(1e-12);
  });
});

test('the virial is the difference of the energy by strain, to 1e-7', () => {
  const built = exactly(crystal);
  const { virial } = evaluate(built, [crystal]);
  const random = new Random(9);
  for (let trial = 0; trial < 3; trial++) {
    const strain = random.normals(9);
    const unit = strain.map((v) => v / Math.hypot(...strain));
    const symmetric = unit.map((v, i) => (v + unit[3 * (i % 3) + Math.floor(i / 3)]) / 2);
    const at = (step: number) => {
      const deformation = symmetric.map((v, i) => step * v + (i % 4 === 0 ? 1 : 0));
      const strained = {
        ...crystal,
        pos: turned(crystal.pos, [...deformation]),
        cell: turned(cell, [...deformation]),
      };
      return evaluate(built, [strained]).energy[0];
    };
    const [a, b, c] = [4e-3, 2e-3, 1e-3].map((h) => (at(h) - at(-h)) / (2 * h));
    const [ab, bc] = [(4 * b - a) / 3, (4 * c - b) / 3];
    expect(slopeError((16 * bc - ab) / 15, virial, symmetric)).toBeLessThan(1e-7);
  }
});

describe('batches and padding', () => {
  const systems = [molecule, crystal, connected(atoms(1, 2), 3), connected(atoms(3, 2, 8), 3)];
  const size = {
    atoms: systems.reduce((sum, s) => sum + s.species.length, 0),
    edges: systems.reduce((sum, s) => sum + s.edges.src.length, 0),
    graphs: systems.length,
  };
  const apart = systems.map((system) => alone(system));

  test.each([
    ['as large as needed', size],
    ['with room', { atoms: size.atoms + 3, edges: size.edges + 7, graphs: size.graphs + 2 }],
  ])('a batch gives what each system gives alone, %s', (_, capacity) => {
    const built = buildEnergy(network, capacity);
    const { energy, atomicEnergies, forces, virial } = evaluate(built, systems);
    const padded = (values: number[], length: number) => [
      ...values,
      ...new Array(length - values.length).fill(0),
    ];
    const all = (of: keyof Values) => apart.flatMap((values) => [...values[of]]);
    expect(scaledError(energy, padded(all('energy'), capacity.graphs))).toBeLessThan(1e-13);
    expect(scaledError(atomicEnergies, padded(all('atomicEnergies'), capacity.atoms))).toBeLessThan(1e-13);
    expect(scaledError(forces, padded(all('forces'), 3 * capacity.atoms))).toBeLessThan(1e-13);
    expect(scaledError(virial, padded(all('virial'), 9 * capacity.graphs))).toBeLessThan(1e-13);
  });

  test('an atom alone has the energy that its species has without neighbours', () => {
    const far = { pos: [0, 0, 0, 0, 0, 100], species: [1, 1], edges: { src: [], dst: [] } };
    for (const edges of [0, 4]) {
      const built = buildEnergy(network, { atoms: 2, edges, graphs: 1 });
      const { atomicEnergies, forces, virial } = evaluate(built, [far]);
      expect(atomicEnergies[0]).toBe(atomicEnergies[1]);
      expect(Number.isFinite(atomicEnergies[0])).toBe(true);
      expect([...forces, ...virial].every((v) => v === 0)).toBe(true);
    }
    const one = alone({ pos: [3, 1, 2], species: [1], edges: { src: [], dst: [] } });
    const two = alone(far);
    expect(one.energy[0]).toBeCloseTo(two.atomicEnergies[0], 14);
  });

  test('an atom in a cell of its own sees its images', () => {
    const system = {
      pos: [0.1, 0, 0],
      species: [0],
      edges: { src: [], dst: [] },
      cell: [2.1, 0, 0, 0, 2.2, 0, 0, 0, 2.3],
    };
    const { forces, virial } = alone(connected(system, 3));
    expect(Math.max(...forces.map(Math.abs))).toBeLessThan(1e-13);
    expect(Math.abs(virial[0])).toBeGreaterThan(1e-3);
  });

  test('atoms at one place give finite numbers, to second order', () => {
    const system = {
      pos: [1, 2, 3, 1, 2, 3, 1.5, 2, 3],
      species: [0, 1, 0],
      edges: { src: [0, 1, 0, 2, 1], dst: [1, 0, 2, 0, 2] },
    };
    for (const basis of ['bessel', 'gaussian', 'smooth_finite', 'fourier', 'cosine'] as const) {
      const built = exactly(system, smallEnergyNetwork({ basis, lmax: 2, hidden: hiddenUpTo(2, true) }));
      const nodes = [built.energy, built.forces, built.virial, built.forceLoss, ...built.forceLossGradients];
      for (const values of reference(nodes, built.feeds([system])))
        expect(values.every(Number.isFinite)).toBe(true);
    }
  });
});

describe('feeds that do not fit are refused', () => {
  const size = { atoms: 6, edges: 20, graphs: 2, species: 2 };
  const good: AtomicSystem = {
    pos: [0, 0, 0, 0, 0, 1],
    species: [0, 1],
    edges: { src: [0, 1], dst: [1, 0] },
  };
  test.each<[string, AtomicSystem[], string]>([
    ['too many atoms', [atoms(4, 2), atoms(4, 2)], '8 atoms do not fit the capacity of 6, 2 too many'],
    ['too many graphs', [good, good, good], '3 graphs do not fit the capacity of 2, 1 too many'],
    [
      'too many edges',
      [{ ...good, edges: { src: new Array(23).fill(0), dst: new Array(23).fill(1) } }],
      '23 edges do not fit the capacity of 20, 3 too many',
    ],
    ['an unknown species', [good, { ...good, species: [0, 2] }], 'system 1: atom 1 has species 2'],
    ['too few coordinates', [{ ...good, pos: [0, 0, 0] }], '3 coordinates for 2 atoms'],
    ['a position at infinity', [{ ...good, pos: [0, 0, 0, 0, 0, 1 / 0] }], 'atom 1 has z = Infinity'],
    ['an edge to nowhere', [{ ...good, edges: { src: [0], dst: [2] } }], 'edge 0 (0 to 2) names atom 2'],
    [
      'an edge without end',
      [{ ...good, edges: { src: [0, 1], dst: [1] } }],
      '2 edge sources, but 1 destinations',
    ],
    [
      'a shift without cell',
      [{ ...good, edges: { src: [0], dst: [1], shift: [0, 1, 0] } }],
      'has a shift, but there is no cell',
    ],
    [
      'half a shift',
      [{ ...good, cell, edges: { src: [0], dst: [1], shift: [0, 0.5, 0] } }],
      'shifts are whole numbers',
    ],
    [
      'too few shifts',
      [{ ...good, cell, edges: { src: [0], dst: [1], shift: [0, 1] } }],
      'need 3 shifts, got 2',
    ],
    ['a cell without an end', [{ ...good, cell: [1, 2, 3] }], 'nine finite numbers, got [1, 2, 3]'],
  ])('%s', (_, systems, message) => {
    expect(() => atomicGraphFeeds(size, systems)).toThrow(message);
  });
});
