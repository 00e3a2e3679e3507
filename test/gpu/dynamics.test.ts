import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { energyDrift } from '../../src/dynamics/energy-drift.ts';
import { modelDynamics } from '../../src/dynamics/model-dynamics.ts';
import { MolecularDynamics, type MolecularDynamicsOptions } from '../../src/dynamics/molecular-dynamics.ts';
import { maxwellBoltzmann } from '../../src/dynamics/units.ts';
import { type GpuContext, requestDevice } from '../../src/gpu/device.ts';
import { Random } from '../../src/o3/random.ts';
import { smallModel } from '../dynamics/small-model.ts';
import { argon, lennardJones } from '../support/lennard-jones.ts';

/** Molecular dynamics in f32: against the same in f64. */

let gpu: GpuContext;
beforeAll(async () => {
  gpu = await requestDevice();
});
afterAll(() => gpu?.device.destroy());

const difference = (a: Float64Array, b: Float64Array) => Math.max(...a.map((v, i) => Math.abs(v - b[i])));

/** Largest differences of positions (Å) and velocities (Å/fs) from those in f64 after some steps. */
async function errors(options: MolecularDynamicsOptions, steps: number, every: number) {
  const [exact, own] = [
    await MolecularDynamics.create(null, options),
    await MolecularDynamics.create(gpu, options),
  ];
  const [e, o] = [await exact.run(steps, { every }), await own.run(steps, { every })];
  own.dispose();
  expect(difference(exact.positions, Float64Array.from(options.positions))).toBeGreaterThan(0.05);
  return {
    positions: difference(own.positions, exact.positions),
    velocities: difference(own.velocities, exact.velocities),
    energy: Math.max(...o.map(({ total }, i) => Math.abs(total - e[i].total))),
  };
}

describe('argon', () => {
  const system = argon(2, 40);
  const { potential, feeds } = lennardJones(8);
  const options = { ...system, potential, feeds: feeds(system.positions), timeStep: 5 };

  test('moves as in f64, in submits of one step and of many', async () => {
    for (const every of [1, 30]) {
      const { positions, velocities, energy } = await errors(options, 60, every);
      expect(positions).toBeLessThan(1e-5);
      expect(velocities).toBeLessThan(1e-7);
      expect(energy).toBeLessThan(1e-6);
    }
  });
  test('keeps its energy for 1,000 steps', async () => {
    const { drift, trend, samples } = await energyDrift(gpu, { ...options, every: 50 });
    expect(samples.at(-1)!.step).toBe(1000);
    expect(drift).toBeLessThan(0.05);
    expect(Math.abs(trend)).toBeLessThan(0.01);
  });
  test('neighbours that the host lists: atoms that leave the skin are taken back', async () => {
    const hot = argon(2, 300);
    const list = lennardJones(8, 0.3);
    let lists = 0;
    const neighbours = {
      skin: 0.3,
      feeds(positions: Float64Array) {
        lists++;
        return list.feeds(positions);
      },
    };
    const { positions } = await errors(
      { ...hot, potential: list.potential, timeStep: 10, neighbours },
      60,
      30,
    );
    expect(positions).toBeLessThan(1e-4);
    expect(lists).toBeGreaterThan(8);
  });
  test('far from zero no motion is lost: only the interactions are rounded', async () => {
    const positions = system.positions.map((x) => x + 100);
    const { positions: error } = await errors({ ...options, positions }, 60, 30);
    expect(error).toBeLessThan(1e-4);
  });
});

describe('an energy model', () => {
  const { model, parameters } = smallModel();
  const molecule = {
    positions: [0, 0, 0, 1.1, 0.1, 0, -0.4, 1, 0.1, -0.3, -0.5, 1],
    numbers: [6, 1, 1, 1],
    species: [0, 1, 1, 1],
  };
  const cell = [3, 0, 0, 0.4, 3.1, 0, 0, 0.3, 2.9];
  for (const [name, system] of Object.entries({ molecule, crystal: { ...molecule, cell } }))
    for (const skin of [1, 0])
      test(`moves a ${name} as in f64, neighbours ${skin ? 'listed by the host' : 'found in every step'}`, async () => {
        const of = modelDynamics(model, parameters, system, { skin });
        const velocities = maxwellBoltzmann(of.masses, 1000, new Random(1));
        const { positions, energy } = await errors({ ...of, velocities }, 20, 10);
        expect(positions).toBeLessThan(1e-4);
        expect(energy).toBeLessThan(1e-4);
      });
});
