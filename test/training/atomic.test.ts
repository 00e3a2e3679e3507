import { describe, expect, test } from 'vitest';
import { radiusGraph } from '../../src/data/radius-graph.ts';
import { constant } from '../../src/graph/leaf.ts';
import { reference } from '../../src/graph/reference.ts';
import { energyModel } from '../../src/models/energy-model.ts';
import { cellVolume } from '../../src/nn/energy-loss.ts';
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
    expect(() => labelledSystem({ ...frames[0], pos: [1, 2, 3] }, 3, statistics)).toThrow(
      '3 atoms, but 3 coordinates',
    );
    const stressed = { ...frames[0], stress: [1, 0, 0, 0, 1, 0, 0, 0, 1] };
    const cell = [9, 0, 0, 0, 9, 0, 0, 0, 9];
    expect(() => labelledSystem(stressed, 3, statistics)).toThrow('there is a stress, but no cell');
    expect(() => labelledSystem({ ...stressed, cell, stress: [1, 2] }, 3, statistics)).toThrow(
      'the stress is [1, 2], and must be nine finite numbers',
    );
  });

  test('statistics name the frame that is wrong, whatever is wrong with it', () => {
    const good = molecule(3, 1);
    const pos = Float64Array.from(good.pos);
    pos[7] = Number.NaN;
    const of = (bad: object) => () => atomicStatistics([good, good, { ...good, ...bad }], 3);
    expect(of({ pos })).toThrow(/^frame 2: radiusGraph: point 2 has y = NaN/);
    expect(of({ energy: Number.NaN })).toThrow(/^frame 2: the energy is NaN$/);
    expect(of({ cell: [1, 2, 3] })).toThrow(/^frame 2: radiusGraph: a cell is 3 x 3/);
  });

  test('atoms that are all far from each other: perhaps in another unit', () => {
    const apart = (r: number) => ({ ...molecule(2, 1), pos: [0, 0, 0, r, 0, 0] });
    expect(() => atomicStatistics([apart(9), apart(50)], 5)).toThrow(
      'no two atoms are within 5 Å of each other; are the positions in Å?',
    );
    expect(atomicStatistics([apart(9), apart(4)], 5).numNeighbors).toBe(0.5);
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

  test('weights that make no sense are refused', () => {
    const weighted = (weights: object) => () =>
      new AtomicBatches(systems, { batchSize: 1, species: 2, weights, seed: 0 });
    expect(weighted({ energy: -1 })).toThrow('the weight of energy is -1, but must be finite and at least 0');
    expect(weighted({ forces: Number.NaN })).toThrow('the weight of forces is NaN');
    expect(weighted({ forces: Number.POSITIVE_INFINITY })).toThrow('the weight of forces is Infinity');
    expect(weighted({ stress: 2 })).toThrow(
      'stress has the weight 2, but none of the 7 systems has a stress',
    );
    expect(weighted({ energy: 0, stress: 0 })).not.toThrow();
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
        expect(value).toBeCloseTo(errors[0][name as keyof (typeof errors)[0]]!, 10);
    expect(Object.keys(errors[0])).not.toContain('stressMae');
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

describe('stress', () => {
  const cell = [3.4, 0.2, 0, -0.4, 3.6, 0.3, 0.5, 0, 3.9];
  const model = energyModel({
    nSpecies: 2,
    hidden: '3x0e + 2x1o',
    lmax: 1,
    nLayers: 1,
    rMax: 2.5,
    numNeighbors: 3,
  });
  const parameters = new Parameters(model);
  const weights = parameters.weights(constant(parameters.initial(new Random(4))));
  const known = { elements: [1, 8], atomicEnergies: [0, 0] };
  const crystal = (n: number, stress?: readonly number[]) =>
    labelledSystem({ ...molecule(n, 1), cell, stress }, 2.5, known);
  const of = (systems: ReturnType<typeof crystal>[], weight = 1) =>
    new AtomicBatches(systems, { batchSize: 2, species: 2, weights: { stress: weight }, seed: null });
  const predict = (batches: AtomicBatches) => {
    const outputs = energyPredictions(model, batches.size, ['stress'])(weights);
    return async (feeds: Readonly<Record<string, ArrayLike<number>>>) => {
      const [energy, forces, virial] = reference([outputs.energy, outputs.forces, outputs.virial], feeds);
      return { energy, forces, virial };
    };
  };

  test('the loss is the mean square of dE/dstrain / volume less the label, by differences', async () => {
    const label = [1, 2, 3, 2, 4, 5, 3, 5, 6];
    const plain = crystal(4);
    // E of the crystal stretched by x (1 + strain).
    const energyAt = (strain: readonly number[]) => {
      const stretched = (v: ArrayLike<number>) =>
        Array.from(v, (one, i) => {
          const row = i - (i % 3);
          return one + [0, 1, 2].reduce((sum, k) => sum + v[row + k] * strain[3 * k + (i % 3)], 0);
        });
      const system = { ...plain, pos: stretched(plain.pos), cell: stretched(cell) };
      const batches = of([{ ...system, stress: label }]);
      const { energy } = energyPredictions(model, batches.size)(weights);
      return reference([energy], batches.feeds(0))[0][0];
    };
    const h = 1e-4;
    const stress = label.map((_, i) => {
      const strain = (sign: number) =>
        label.map((_, k) => (k === i || k === 3 * (i % 3) + Math.floor(i / 3) ? sign * (h / 2) : 0));
      // Half the strain each way off the diagonal, whole ones on it.
      const step = i % 4 === 0 ? h : 2 * h;
      return (energyAt(strain(1)) - energyAt(strain(-1))) / step / cellVolume(cell);
    });
    const batches = of([{ ...plain, stress: label }], 3);
    const loss = energyTaskLoss(model, batches.size, ['stress'])(weights);
    const [[value]] = reference([loss], batches.feeds(0));
    const expected = stress.reduce((sum, s, i) => sum + (s - label[i]) ** 2, 0) / 3;
    expect(value / expected).toBeCloseTo(1, 5);
    const { stressMae, stressRmse } = await energyErrors(predict(batches), batches);
    expect(stressRmse! ** 2 * 3).toBeCloseTo(value, 8);
    expect(stressMae).toBeCloseTo(stress.reduce((sum, s, i) => sum + Math.abs(s - label[i]), 0) / 9, 5);
  });

  test('of some systems only: the others count for nothing', async () => {
    const label = [1, 0, 0, 0, 1, 0, 0, 0, 1];
    const [with1, without] = [crystal(3, label), crystal(5)];
    const mixed = of([without, with1]);
    const alone = of([with1]);
    const loss = (batches: AtomicBatches) =>
      reference([energyTaskLoss(model, batches.size, ['stress'])(weights)], batches.feeds(0))[0][0];
    expect(loss(mixed)).toBeCloseTo(loss(alone) / 2, 10);
    const errors = await Promise.all(
      [mixed, alone].map((batches) => energyErrors(predict(batches), batches)),
    );
    expect(errors[0].stressRmse).toBeCloseTo(errors[1].stressRmse!, 10);
  });
});
