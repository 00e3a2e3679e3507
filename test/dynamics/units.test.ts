import { describe, expect, test } from 'vitest';
import { atomicMasses } from '../../src/data/atomic-masses.ts';
import { atomicNumber, chemicalSymbols } from '../../src/data/elements.ts';
import {
  ACCELERATION,
  BOLTZMANN,
  kineticEnergy,
  maxwellBoltzmann,
  temperatureOf,
} from '../../src/dynamics/units.ts';
import { Random } from '../../src/o3/random.ts';

describe('constants', () => {
  test('are those of CODATA 2018', () => {
    expect(ACCELERATION).toBeCloseTo(9.648533212e-3, 11);
    expect(BOLTZMANN).toBeCloseTo(8.617333262e-5, 14);
  });
  test('there is a mass for every element, and masses mostly grow with the atomic number', () => {
    expect(atomicMasses.length).toBe(chemicalSymbols.length);
    const mass = (symbol: string) => atomicMasses[atomicNumber(symbol)!];
    expect(['H', 'C', 'N', 'O', 'Si', 'Fe', 'Au', 'U'].map(mass)).toEqual([
      1.008, 12.011, 14.007, 15.999, 28.085, 55.845, 196.96657, 238.02891,
    ]);
    // Pairs in which the lighter one has the higher number (argon and potassium, say).
    const turned = chemicalSymbols.filter((_, z) => z > 0 && atomicMasses[z] < atomicMasses[z - 1]);
    expect(turned).toEqual(['K', 'Ni', 'I', 'Pa', 'Np', 'Am', 'Hs']);
  });
});

describe('velocities of Maxwell and Boltzmann', () => {
  const masses = Array.from({ length: 3000 }, (_, i) => (i % 2 ? 1.008 : 15.999));
  const velocities = maxwellBoltzmann(masses, 300, new Random(1));
  test('have the temperature asked for, in light atoms as in heavy ones', () => {
    const temperature = (first: number) => {
      const own = masses.flatMap((_, i) => (i % 2 === first ? [i] : []));
      const energy = kineticEnergy(
        own.map((i) => masses[i]),
        own.flatMap((i) => Array.from(velocities.subarray(3 * i, 3 * i + 3))),
      );
      return temperatureOf(energy, own.length);
    };
    // 1,500 atoms: the standard error is 300 K sqrt(2 / 4500) = 6 K.
    expect(Math.abs(temperature(0) - 300)).toBeLessThan(18);
    expect(Math.abs(temperature(1) - 300)).toBeLessThan(18);
  });
  test('have no total momentum, and are those of their seed', () => {
    for (let c = 0; c < 3; c++) {
      const momentum = masses.reduce((p, m, i) => p + m * velocities[3 * i + c], 0);
      expect(Math.abs(momentum)).toBeLessThan(1e-10);
    }
    expect(maxwellBoltzmann(masses, 300, new Random(1))).toEqual(velocities);
    expect(maxwellBoltzmann(masses, 300, new Random(2))).not.toEqual(velocities);
  });
  test('a single atom keeps its momentum; at 0 K nothing moves', () => {
    const [one] = maxwellBoltzmann([1], 300, new Random(1));
    expect(one).not.toBe(0);
    expect(maxwellBoltzmann([1, 1], 0, new Random(1)).every((v) => v === 0)).toBe(true);
    expect(() => maxwellBoltzmann([1], -1, new Random(1))).toThrow('the temperature is -1 K');
  });
});
