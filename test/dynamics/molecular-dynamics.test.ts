import { describe, expect, test } from 'vitest';
import { energyDrift } from '../../src/dynamics/energy-drift.ts';
import { MolecularDynamics, type MolecularDynamicsOptions } from '../../src/dynamics/molecular-dynamics.ts';
import { ACCELERATION } from '../../src/dynamics/units.ts';
import { constant } from '../../src/graph/leaf.ts';
import type { Node } from '../../src/graph/node.ts';
import { gradient } from '../../src/ops/index.ts';
import { scale } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import { argon, lennardJones, well } from '../support/lennard-jones.ts';

const create = (options: MolecularDynamicsOptions) => MolecularDynamics.create(null, options);
const largest = (values: Iterable<number>) => Math.max(...Array.from(values, Math.abs));
const difference = (a: ArrayLike<number>, b: ArrayLike<number>) => largest(Array.from(a, (v, i) => v - b[i]));

describe('a harmonic oscillator', () => {
  const [k, mass] = [3, 12];
  const omega = Math.sqrt((k * ACCELERATION) / mass);
  const at = async (timeStep: number, time: number) => {
    const dynamics = await create({
      positions: [1, 0, 0],
      masses: [mass],
      velocities: [0, 0.02, 0],
      potential: well(k),
      timeStep,
    });
    await dynamics.run(Math.round(time / timeStep), { every: 1000 });
    return dynamics.positions;
  };
  test('is solved as velocity Verlet solves it: cos w dt = 1 - (w0 dt)^2 / 2', async () => {
    const dt = 2;
    const [x] = await at(dt, 200);
    const turned = Math.acos(1 - (omega * dt) ** 2 / 2);
    expect(x).toBeCloseTo(Math.cos(100 * turned), 11);
    expect(Math.abs(x - Math.cos(omega * 200))).toBeGreaterThan(1e-4);
  });
  test('comes to the exact solution with the square of the time step', async () => {
    const error = async (dt: number) => {
      const exact = [Math.cos(omega * 160), (0.02 / omega) * Math.sin(omega * 160), 0];
      return difference(await at(dt, 160), exact);
    };
    const errors = [await error(4), await error(2), await error(1), await error(0.5)];
    for (let i = 0; i < 3; i++) {
      expect(errors[i] / errors[i + 1]).toBeGreaterThan(3.8);
      expect(errors[i] / errors[i + 1]).toBeLessThan(4.2);
    }
  });
  test('is back after a period', async () => {
    const period = (2 * Math.PI) / omega;
    const [x, y] = await at(period / 400, period);
    expect(Math.abs(x - 1)).toBeLessThan(1e-3);
    expect(Math.abs(y)).toBeLessThan(1e-3);
  });
});

describe('a cluster of argon', () => {
  const system = argon(2, 40);
  const { potential, feeds } = lennardJones(8);
  const options = { ...system, potential, feeds: feeds(system.positions), timeStep: 5 };

  test('keeps its energy for 1,000 steps, and its momentum', async () => {
    const { drift, trend, fluctuation, temperature, samples } = await energyDrift(null, options);
    expect(samples.length).toBe(101);
    expect(drift).toBeLessThan(0.05);
    expect(fluctuation).toBeLessThan(0.02);
    expect(Math.abs(trend)).toBeLessThan(0.01);
    expect(temperature).toBeGreaterThan(5);
    expect(temperature).toBeLessThan(60);
    // Potential and kinetic energy do change.
    expect(Math.abs(samples[50].kinetic - samples[0].kinetic)).toBeGreaterThan(1e-3);
    const dynamics = await create(options);
    await dynamics.run(1000, { every: 1000 });
    for (let c = 0; c < 3; c++) {
      const total = system.masses.reduce((p, m, i) => p + m * dynamics.velocities[3 * i + c], 0);
      expect(Math.abs(total)).toBeLessThan(1e-12);
    }
  });
  test('runs back the way that it came', async () => {
    const there = await create(options);
    await there.run(300, { every: 300 });
    expect(difference(there.positions, system.positions)).toBeGreaterThan(0.1);
    const back = await create({
      ...options,
      positions: there.positions,
      velocities: there.velocities.map((v) => -v),
    });
    await back.run(300, { every: 300 });
    expect(difference(back.positions, system.positions)).toBeLessThan(1e-9);
    expect(
      difference(
        back.velocities.map((v) => -v),
        system.velocities,
      ),
    ).toBeLessThan(1e-9);
  });
  test('samples change nothing, nor does running in parts', async () => {
    const [one, other] = [await create(options), await create(options)];
    const seen: number[] = [];
    const samples = await one.run(25, { every: 10, onSample: ({ step }) => seen.push(step) });
    expect(samples.map(({ step, time }) => [step, time])).toEqual([0, 10, 20, 25].map((s) => [s, 5 * s]));
    expect(seen).toEqual([0, 10, 20, 25]);
    await other.run(7);
    await other.run(18, { every: 4 });
    expect(other.sample).toEqual(one.sample);
    expect(other.positions).toEqual(one.positions);
  });
  test('forces that do not fit the energy show as drift', async () => {
    const wrong = (pos: Node) => {
      const { energy } = potential(pos);
      return { energy, forces: scale(gradient(sum(energy, 'all'), [pos])[0], -1.1) };
    };
    const good = await energyDrift(null, { ...options, steps: 300 });
    const bad = await energyDrift(null, { ...options, steps: 300, potential: wrong });
    expect(bad.drift).toBeGreaterThan(20 * good.drift);
  });
});

describe('neighbours listed by the host', () => {
  const system = argon(3, 300, 2);
  const all = lennardJones(27);
  const free = { ...system, potential: all.potential, timeStep: 20 };
  const listed = (skin: number) => {
    const list = lennardJones(27, skin);
    const made: number[][] = [];
    const neighbours = {
      skin,
      feeds(positions: Float64Array) {
        made.push(Array.from(positions));
        return list.feeds(positions);
      },
    };
    return { options: { ...system, potential: list.potential, timeStep: 20, neighbours }, made };
  };
  test('give the motion of all pairs, however long the submits', async () => {
    const exact = await create({ ...free, feeds: all.feeds(system.positions) });
    const samples = await exact.run(50, { every: 25 });
    expect(difference(exact.positions, system.positions)).toBeGreaterThan(2);
    for (const [skin, every] of [
      [1, 25],
      [0.5, 10],
      [2, 1],
    ]) {
      const { options, made } = listed(skin);
      const dynamics = await create(options);
      const own = await dynamics.run(50, { every });
      expect(difference(dynamics.positions, exact.positions)).toBeLessThan(1e-9);
      expect(Math.abs(own.at(-1)!.total - samples.at(-1)!.total)).toBeLessThan(1e-10);
      expect(own.at(-1)!.step).toBe(50);
      expect(made.length).toBeGreaterThan(3);
    }
  });
  test('are listed more often the thinner the skin', async () => {
    const counts = [];
    for (const skin of [0.5, 1.5, 4]) {
      const { options, made } = listed(skin);
      await (await create(options)).run(30, { every: 1 });
      counts.push(made.length);
    }
    expect(counts[0]).toBeGreaterThan(1.5 * counts[1]);
    expect(counts[1]).toBeGreaterThan(1.5 * counts[2]);
    expect(counts[2]).toBeGreaterThan(1);
  });
  test('a step that goes beyond the skin says so', async () => {
    const { options } = listed(0.01);
    await expect(create(options).then((dynamics) => dynamics.run(10))).rejects.toThrow(
      /^dynamics: an atom moves 0\.\d+ Å in one step, but neighbours are known for 0\.005 Å; use a shorter time step or a thicker skin$/,
    );
  });
});

describe('where atoms are does not matter', () => {
  test('far from zero the motion has all its digits in f64', async () => {
    const { potential, feeds } = lennardJones(8);
    const system = argon(2, 40);
    const near = await create({ ...system, potential, feeds: feeds(system.positions) });
    const far = await create({
      ...system,
      positions: system.positions.map((x) => x + 1000),
      potential,
      feeds: feeds(system.positions),
    });
    await near.run(50);
    await far.run(50);
    expect(
      difference(
        far.positions,
        near.positions.map((x) => x + 1000),
      ),
    ).toBeLessThan(1e-10);
  });
});

describe('what makes no sense is refused', () => {
  const good = { positions: [0, 0, 0], masses: [1], potential: well(1) };
  const cases: [Partial<MolecularDynamicsOptions>, string][] = [
    [{ positions: [0, 0] }, '1 masses, but 2 coordinates'],
    [{ positions: [], masses: [] }, 'there are no atoms'],
    [{ positions: [0, Number.NaN, 0] }, 'atom 0 has the position y = NaN; it must be finite'],
    [{ velocities: [1] }, '1 atoms, but 1 components of velocities'],
    [{ velocities: [0, 0, Number.POSITIVE_INFINITY] }, 'atom 0 has the velocity z = Infinity'],
    [{ masses: [0] }, 'atom 0 has a mass of 0 amu, but it must be positive'],
    [{ timeStep: 0 }, 'the time step is 0 fs, but must be positive'],
    [{ neighbours: { skin: 0, feeds: () => ({}) } }, 'the skin is 0 Å, but must be positive'],
    [{ potential: () => ({ energy: constant(0), forces: constant([0, 0, 0], 3) }) }, 'must be 1x3, got 3x1'],
  ];
  for (const [options, message] of cases)
    test(message, async () => {
      await expect(create({ ...good, ...options })).rejects.toThrow(message);
    });
  test('numbers of steps', async () => {
    const dynamics = await create(good);
    await expect(dynamics.run(1.5)).rejects.toThrow('steps is 1.5, but must be a whole number from 0');
    await expect(dynamics.run(1, { every: 0 })).rejects.toThrow(
      'every is 0, but must be a whole number from 1',
    );
  });
  test('an energy that is no longer finite', async () => {
    const { potential, feeds } = lennardJones(2);
    const positions = [0, 0, 0, 0, 0, 1e-60];
    const crash = create({ positions, masses: [1, 1], potential, feeds: feeds(positions) });
    await expect(crash).rejects.toThrow(
      'the energy is NaN at step 0; the time step is too long, or atoms have come too close',
    );
    const repelled = create({ ...good, positions: [1, 0, 0], potential: well(-1e300) });
    await expect(repelled.then((dynamics) => dynamics.run(20, { every: 20 }))).rejects.toThrow(
      'at step 20; the time step is too long',
    );
  });
});
