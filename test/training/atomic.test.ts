import { describe, expect, test } from 'vitest';
import { radiusGraph } from '../../src/data/radius-graph.ts';
import { constant } from '../../src/graph/leaf.ts';
import { reference } from '../../src/graph/reference.ts';
import { energyModel } from '../../src/models/energy-model.ts';
import { Parameters } from '../../src/nn/parameters.ts';
import { Random } from '../../src/o3/random.ts';
import { AtomicBatches } from '../../src/training/atomic-batches.ts';
import {
  atomicStatistics,
  fitAtomicEnergies,
  type LabelledFrame,
  labelledSystem,
} from '../../src/training/atomic-data.ts';
import { energyErrors, energyPredictions, energyTaskLoss } from '../../src/training/energy-task.ts';
import { scaledError } from '../support/feeds.ts';

const random = new Random(11);

/** A molecule of n atoms of elements 1 and 8, with labels that mean nothing. */
function molecule(n: number, oxygens: number): LabelledFrame {
  return {
    numbers: Array.from({ length: n }, (_, i) => (i < oxygens ? 8 : 1)),
    pos: random.normals(3 * n),
    forces: random.normals(3 * n),
    energy: -50 * oxygens - 10 * (n - oxygens),
  };
}

describe('atomic energies', () => {
  test('are found where the compositions determine them', () => {
    const frames = [molecule(3, 1), molecule(5, 1), molecule(7, 4)];
    expect(scaledError(fitAtomicEnergies(frames, [1, 8]), [-10, -50])).toBeLessThan(1e-12);
  });

  test('of one composition: the shortest, and right in sum', () => {
    const frames = [molecule(3, 1), { ...molecule(3, 1), energy: -72 }];
    const [hydrogen, oxygen] = fitAtomicEnergies(frames, [1, 8]);
    expect(2 * hydrogen + oxygen).toBeCloseTo(-71, 10);
    // The shortest solution is a multiple of the composition.
    expect(hydrogen / oxygen).toBeCloseTo(2, 10);
  });

  test('large energies keep their digits', () => {
    const frames = [2, 3, 4, 5].map((n) => ({ ...molecule(n, 1), energy: -40000 - 13.25 * (n - 1) }));
    const [hydrogen, oxygen] = fitAtomicEnergies(frames, [1, 8]);
    expect(hydrogen).toBeCloseTo(-13.25, 6);
    expect(oxygen).toBeCloseTo(-40000, 5);
  });

  test('an element that was not in the training set, a missing or infinite number: refused by name', () => {
    const frames = [molecule(3, 1)];
    const statistics = atomicStatistics(frames, 3);
    expect(() => labelledSystem({ ...frames[0], numbers: [8, 1, 6] }, 3, statistics)).toThrow(
      'element 6 is not among those of the model: 1, 8',
    );
    const forces = Float64Array.from(frames[0].forces);
    forces[4] = Number.NaN;
    expect(() => labelledSystem({ ...frames[0], forces }, 3, statistics)).toThrow(
      'the force on atom 1 has y = NaN',
    );
    expect(() => labelledSystem({ ...frames[0], energy: Number.POSITIVE_INFINITY }, 3, statistics)).toThrow(
      'the energy is Infinity',
    );
    expect(() => labelledSystem({ ...frames[0], forces: [1] }, 3, statistics)).toThrow('3 atoms, but 1');
    expect(() => atomicStatistics([], 3)).toThrow('no frames');
  });
});

describe('batches', () => {
  const frames = [3, 9, 4, 6, 5, 7, 2].map((n) => molecule(n, 1));
  const statistics = atomicStatistics(frames, 2.5);
  const systems = frames.map((frame) => labelledSystem(frame, 2.5, statistics));
  const make = (batchSize: number, seed: number | null) =>
    new AtomicBatches(systems, { batchSize, species: 2, weights: { energy: 1, forces: 1 }, seed });

  test('every system once an epoch, in another order each time, and always the same for one step', () => {
    const batches = make(3, 4);
    expect(batches.perEpoch).toBe(3);
    const epoch = (e: number) => [0, 1, 2].flatMap((i) => batches.systemsOf(3 * e + i));
    const orders = [0, 1, 2].map(epoch);
    for (const order of orders) expect(new Set(order)).toEqual(new Set(systems));
    expect(orders[0]).not.toEqual(orders[1]);
    expect(epoch(0)).toEqual(orders[0]);
    expect(make(3, 4).systemsOf(7)).toEqual(batches.systemsOf(7));
    expect(make(3, 5).systemsOf(7)).not.toEqual(batches.systemsOf(7));
    expect(make(3, null).systemsOf(0)).toEqual(systems.slice(0, 3));
  });

  test('fit the capacity that the largest systems need, whatever the order', () => {
    for (const size of [1, 2, 3, 7, 20]) {
      const batches = make(size, 1);
      expect(batches.size.graphs).toBe(Math.min(size, 7));
      for (let step = 0; step < 4 * batches.perEpoch; step++) batches.feeds(step);
    }
    expect(make(2, null).size).toMatchObject({ atoms: 16 });
    expect(() => make(0, 1)).toThrow('batch size is 0');
    expect(() => new AtomicBatches([], { batchSize: 1, species: 1, weights: {}, seed: 0 })).toThrow(
      'no systems',
    );
  });

  test('the loss of a batch is the mean of the losses of its systems alone', () => {
    const model = energyModel({
      nSpecies: 2,
      hidden: '3x0e + 2x1o',
      lmax: 1,
      nLayers: 1,
      rMax: 2.5,
      numNeighbors: 3,
    });
    const parameters = new Parameters(model);
    const values = parameters.initial(new Random(2));
    const whole = make(3, null);
    const single = make(1, null);
    const evaluate = (batches: AtomicBatches, step: number) => {
      const loss = energyTaskLoss(model, batches.size, ['energy', 'forces'])(
        parameters.weights(constant(values)),
      );
      return reference([loss], batches.feeds(step))[0][0];
    };
    const alone = [0, 1, 2].map((step) => evaluate(single, step));
    expect(evaluate(whole, 0)).toBeCloseTo(alone.reduce((a, b) => a + b, 0) / 3, 10);
    // The last batch of the epoch holds one system only.
    expect(evaluate(whole, 2)).toBeCloseTo(evaluate(single, 6), 10);
  });

  test('errors over all systems, whatever the batch size', async () => {
    const model = energyModel({
      nSpecies: 2,
      hidden: '2x0e',
      lmax: 0,
      nLayers: 1,
      rMax: 2.5,
      numNeighbors: 3,
    });
    const parameters = new Parameters(model);
    const weights = parameters.weights(constant(parameters.initial(new Random(3))));
    const errors = await Promise.all(
      [1, 3, 7].map((size) => {
        const batches = make(size, null);
        const { energy, forces } = energyPredictions(model, batches.size)(weights);
        return energyErrors(async (feeds) => {
          const [e, f] = reference([energy, forces], feeds);
          return { energy: e, forces: f };
        }, batches);
      }),
    );
    for (const other of errors.slice(1))
      for (const [name, value] of Object.entries(other))
        expect(value).toBeCloseTo(errors[0][name as keyof (typeof errors)[0]], 10);
    expect(errors[0].forceRmse).toBeGreaterThan(errors[0].forceMae);
  });

  test('a periodic system has edges across its faces', () => {
    const cell = [4, 0, 0, 0, 4, 0, 0, 0, 4];
    const frame = { ...molecule(2, 1), pos: [0.1, 0, 0, 3.9, 0, 0], cell };
    const { edges } = labelledSystem(frame, 1, { elements: [1, 8], atomicEnergies: [0, 0] });
    expect(edges).toEqual(radiusGraph(frame.pos, 1, { cell }));
    expect(Array.from(edges.shift!)).toEqual([-1, 0, 0, 1, 0, 0]);
  });
});
