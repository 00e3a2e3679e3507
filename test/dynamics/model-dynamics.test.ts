import { describe, expect, test } from 'vitest';
import { energyDrift } from '../../src/dynamics/energy-drift.ts';
import { type MovingSystem, modelDynamics } from '../../src/dynamics/model-dynamics.ts';
import { MolecularDynamics } from '../../src/dynamics/molecular-dynamics.ts';
import { maxwellBoltzmann } from '../../src/dynamics/units.ts';
import { Random } from '../../src/o3/random.ts';
import { smallModel } from './small-model.ts';

const { model, parameters } = smallModel();

const molecule: MovingSystem = {
  positions: [0, 0, 0, 1.1, 0.1, 0, -0.4, 1, 0.1, -0.3, -0.5, 1],
  numbers: [6, 1, 1, 1],
  species: [0, 1, 1, 1],
};
const crystal: MovingSystem = { ...molecule, cell: [3, 0, 0, 0.4, 3.1, 0, 0, 0.3, 2.9] };

const difference = (a: Float64Array, b: Float64Array) => Math.max(...a.map((v, i) => Math.abs(v - b[i])));

async function moved(system: MovingSystem, options: Parameters<typeof modelDynamics>[3], steps = 30) {
  const of = modelDynamics(model, parameters, system, options);
  const velocities = maxwellBoltzmann(of.masses, 2000, new Random(1));
  const dynamics = await MolecularDynamics.create(null, { ...of, velocities });
  await dynamics.run(steps, { every: 15 });
  return dynamics;
}

describe('a model', () => {
  for (const [name, system] of Object.entries({ molecule, crystal }))
    test(`moves a ${name} in the same way however its neighbours are found`, async () => {
      const wide = await moved(system, { skin: 4 });
      expect(difference(wide.positions, Float64Array.from(system.positions))).toBeGreaterThan(0.3);
      for (const skin of [0.5, 0]) {
        const dynamics = await moved(system, { skin });
        expect(difference(dynamics.positions, wide.positions)).toBeLessThan(1e-10);
        expect(Math.abs(dynamics.sample.total - wide.sample.total)).toBeLessThan(1e-10);
      }
    });
  test('conserves its energy, up to the square of the time step', async () => {
    const of = modelDynamics(model, parameters, crystal);
    const run = (timeStep: number) =>
      energyDrift(null, { ...of, steps: 20 / timeStep, timeStep, every: 1 / timeStep });
    const [rough, fine] = [await run(0.5), await run(0.25)];
    expect(rough.drift / fine.drift).toBeGreaterThan(3);
    expect(rough.drift / fine.drift).toBeLessThan(5);
    expect(fine.drift).toBeLessThan(2);
    expect(fine.temperature).toBeGreaterThan(30);
  });
  test('may have neighbours along some axes only', async () => {
    const one = await moved({ ...crystal, pbc: [true, false, false] }, { skin: 1 }, 3);
    const other = await moved({ ...crystal, pbc: [true, false, false] }, { skin: 0 }, 3);
    const all = await moved(crystal, { skin: 1 }, 3);
    expect(difference(one.positions, other.positions)).toBeLessThan(1e-10);
    expect(difference(one.positions, all.positions)).toBeGreaterThan(1e-5);
  });
});

describe('errors', () => {
  test('unknown elements', () => {
    const numbers = [6, 1, 0, 1];
    expect(() => modelDynamics(model, parameters, { ...molecule, numbers })).toThrow(
      'dynamics: atom 2 has the atomic number 0; known are 1 to 118',
    );
  });
  test('more neighbours than there is room for, however they are found', async () => {
    await expect(
      MolecularDynamics.create(null, modelDynamics(model, parameters, molecule, { edges: 4 })),
    ).rejects.toThrow(/atomicGraph: \d+ edges do not fit the capacity of 4/);
    const own = modelDynamics(model, parameters, molecule, { edges: 4, skin: 0 });
    await expect(MolecularDynamics.create(null, own)).rejects.toThrow(
      /there are \d+ edges, but the capacity is 4/,
    );
  });
});
