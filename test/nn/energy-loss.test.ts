import { describe, expect, test } from 'vitest';
import { input } from '../../src/graph/leaf.ts';
import { reference } from '../../src/graph/reference.ts';
import {
  cellVolume,
  type EnergyReference,
  energyForceLoss,
  energyTargetFeeds,
  energyTargets,
} from '../../src/nn/energy-loss.ts';
import { Random } from '../../src/o3/random.ts';

const random = new Random(3);
const cell = [3, 0, 1, 0, -2, 0, 0, 1, 4];
const factors = { energy: 2, forces: 30, stress: 500 };
const systems = [
  { atoms: 2, energy: -3, forces: random.normals(6), stress: random.normals(9), cell },
  { atoms: 3, energy: 5, forces: random.normals(9) },
] satisfies EnergyReference[];
const values = { energy: [-2.5, 5.5, 1e6], forces: random.normals(18), virial: random.normals(27) };

/** The loss by its formula, of the first system, or of both. */
function expected(count: number): number {
  const mean = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a).reduce((sum, v, i) => sum + (v - b[i]) ** 2, 0) / a.length;
  let [total, first] = [0, 0];
  systems.slice(0, count).forEach(({ atoms, energy, forces, ...rest }, g) => {
    total += factors.energy * ((values.energy[g] - energy) / atoms) ** 2;
    total += factors.forces * mean(forces, values.forces.slice(3 * first));
    if (rest.stress) {
      const own = values.virial.slice(9 * g, 9 * g + 9).map((v) => v / cellVolume(cell));
      total += factors.stress * mean(rest.stress, own);
    }
    first += atoms;
  });
  return total / count;
}

function loss(list: readonly EnergyReference[], size = { atoms: 6, graphs: 3 }): number {
  const targets = energyTargets(size, ['energy', 'forces', 'stress']);
  const nodes = {
    energy: input('energy', size.graphs, 1),
    forces: input('forces', size.atoms, 3),
    virial: input('virial', size.graphs, 9),
  };
  const feeds = { ...values, ...energyTargetFeeds(size, list, factors) };
  return reference([energyForceLoss(nodes, targets)], feeds)[0][0];
}

test('the mean over graphs of weighted errors; padding has no weight', () => {
  expect(loss(systems)).toBeCloseTo(expected(2), 10);
  expect(loss(systems.slice(0, 1))).toBeCloseTo(expected(1), 10);
});

test('what a reference does not have has no weight', () => {
  const [{ atoms, energy }, second] = systems;
  const feeds = energyTargetFeeds({ atoms: 5, graphs: 2 }, [{ atoms, energy }, second], factors);
  expect([...feeds.forces_weight]).toEqual([0, 0, 30 / 9 / 2, 30 / 9 / 2, 30 / 9 / 2]);
  expect([...feeds.virial_weight]).toEqual([0, 0]);
  expect([...feeds.energy_weight]).toEqual([2 / 4 / 2, 2 / 9 / 2]);
});

test('feeds are those of the parts that have a weight', () => {
  expect(Object.keys(energyTargetFeeds({ atoms: 5, graphs: 2 }, systems, { forces: 1 }))).toEqual([
    'forces_target',
    'forces_weight',
  ]);
});

describe('what does not fit is refused', () => {
  const size = { atoms: 4, graphs: 2 };
  const [first] = systems;
  test.each<[string, EnergyReference[], string]>([
    ['too many atoms', systems, '2 graphs of 5 atoms do not fit 2 graphs of 4 atoms'],
    ['too few forces', [{ ...first, forces: [1, 2, 3] }], 'forces of graph 0: 3 numbers, expected 6'],
    ['a stress of six numbers', [{ ...first, stress: [1, 2, 3, 4, 5, 6] }], '6 numbers, expected 9'],
    [
      'a stress without cell',
      [{ atoms: 2, stress: new Array(9).fill(0) }],
      'graph 0 has a stress, but no cell',
    ],
    ['an energy that is not a number', [{ atoms: 2, energy: Number.NaN }], 'number 0 is NaN'],
    ['a flat cell', [{ ...first, cell: [1, 0, 0, 0, 1, 0, 1, 1, 0] }], 'has no volume'],
  ])('%s', (_, references, message) => {
    expect(() => energyTargetFeeds(size, references, factors)).toThrow(message);
  });

  test('a value that is missing, or of another shape', () => {
    const targets = energyTargets(size, ['energy', 'forces']);
    const energy = input('energy', 2, 1);
    expect(() => energyForceLoss({ energy }, targets)).toThrow(
      'the target of forces is 4x3, the value missing',
    );
    expect(() => energyForceLoss({ energy, forces: input('f', 3, 3) }, targets)).toThrow('the value 3x3');
    expect(() => energyForceLoss({ energy }, {})).toThrow('there are no targets');
  });
});
