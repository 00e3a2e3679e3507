import { expect, test } from 'vitest';
import type { Node } from '../../src/graph/node.ts';
import { type Feeds, reference } from '../../src/graph/reference.ts';
import { cellErrors, crystals, displacedCrystals } from '../support/cells.ts';

const inF64 = async (outputs: Record<string, Node>) => async (feeds: Feeds) => {
  const values = reference(Object.values(outputs), feeds);
  return Object.fromEntries(Object.keys(outputs).map((name, i) => [name, values[i]]));
};

test('a crystal is the same in its primitive cell, conventional cell, supercell and rotated supercell', async () => {
  const errors = await cellErrors(crystals(), inF64);
  expect(Object.keys(errors)).toHaveLength(9);
  for (const { energy, forces, stress } of Object.values(errors))
    expect(Math.max(energy, forces, stress)).toBeLessThan(1e-8);
  // The oxygen of rutile is the one atom here that symmetry leaves a force.
  expect(errors.TiO2_rutile.largestForce).toBeGreaterThan(0.01);
});

test('forces of a distorted crystal are those of its supercells', async () => {
  const errors = await cellErrors(displacedCrystals(0.1), inF64);
  expect(Object.keys(errors)).toHaveLength(9);
  for (const { energy, forces, stress, largestForce } of Object.values(errors)) {
    expect(Math.max(energy, forces, stress)).toBeLessThan(1e-11);
    expect(largestForce).toBeGreaterThan(0.01);
  }
});
