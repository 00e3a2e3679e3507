import { expect, test } from 'vitest';
import { aboutZ, quarterTurned, turnError } from '../../demo/symmetry/lesson.ts';
import {
  allowed,
  cubeGroup,
  nameOf,
  operationsOf,
  sitesOf,
  stabiliser,
} from '../../demo/symmetry/point-group.ts';
import {
  displacements,
  meanSquare,
  rectangle,
  square,
  symmetricOptimum,
} from '../../demo/symmetry/polygons.ts';
import { distorted, structures } from '../../demo/symmetry/structures.ts';
import { Irrep, Irreps, sphericalHarmonics } from '../../src/index.ts';

test('no displacement with the symmetry of the square comes nearer to the rectangle than none', () => {
  const s = 0.3;
  const target = displacements(square, rectangle(s));
  expect(meanSquare(new Array(12).fill(0), target)).toBeCloseTo(symmetricOptimum(s), 12);
  for (const t of [-0.4, -0.1, 0.1, 0.4]) {
    const along = square.map((v) => t * v);
    expect(turnError(along, 1)).toBeLessThan(1e-12);
    expect(meanSquare(along, target)).toBeCloseTo(symmetricOptimum(s) + 2 * t * t, 12);
  }
  expect(turnError(target, 1)).toBeGreaterThan(0.5);
  expect(turnError(target, 2)).toBeLessThan(1e-12);
});

test('components about z are those of the polynomials that the table names', () => {
  const irreps = Irreps.parse('1o + 2e');
  const [x, y, z] = [0.3, -0.5, 0.7];
  const options = { normalize: false, normalization: 'norm' } as const;
  const turned = aboutZ(irreps, sphericalHarmonics([1, 2], [x, y, z], options));
  const root = Math.sqrt(3);
  const expected = [
    y,
    z,
    x,
    root * x * y,
    root * y * z,
    z * z - (x * x + y * y) / 2,
    root * z * x,
    (root / 2) * (x * x - y * y),
  ];
  expected.forEach((value, i) => {
    expect(turned[i]).toBeCloseTo(value, 12);
  });
  // A quarter turn takes x²−y² to minus itself.
  const flipped = aboutZ(irreps, quarterTurned(irreps, sphericalHarmonics([1, 2], [x, y, z], options)));
  expect(flipped[7]).toBeCloseTo(-expected[7], 12);
  expect(flipped[5]).toBeCloseTo(expected[5], 12);
});

test('the 48 operations of the cube are a group of orthogonal matrices', () => {
  expect(new Set(cubeGroup.map(String)).size).toBe(48);
  const known = new Set(cubeGroup.map((m) => m.map((v) => v + 0).join()));
  for (const a of cubeGroup.slice(0, 12))
    for (const b of cubeGroup) {
      const product = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => {
        const [r, c] = [3 * Math.floor(i / 3), i % 3];
        return a[r] * b[c] + a[r + 1] * b[c + 3] + a[r + 2] * b[c + 6] + 0;
      });
      expect(known.has(product.join())).toBe(true);
    }
});

test('point groups of the structures and what their sites allow', () => {
  const { octahedron, perovskite, tetrahedron } = structures;
  const group = (kind: 'none' | 'stretch' | 'shift' | 'shake', atoms = octahedron) => {
    const operations = operationsOf(distorted(atoms, kind, 0.2));
    return `${nameOf(operations)} ${operations.length}`;
  };
  expect(['none', 'stretch', 'shift', 'shake'].map((kind) => group(kind as 'none'))).toEqual([
    'Oₕ 48',
    'D₄ₕ 16',
    'C₄ᵥ 8',
    'C₁ 1',
  ]);
  expect(group('none', tetrahedron)).toBe('T_d 24');
  expect(group('stretch', tetrahedron)).toBe('D₂d 8');
  const operations = operationsOf(perovskite);
  expect(sitesOf(operations, perovskite.species.length).map((site) => site.length)).toEqual([1, 6, 8]);
  const rank = (atom: number, name: string) => allowed(Irrep.parse(name), stabiliser(operations, atom));
  // O_h: the first invariants are of l = 0, 4, 6; C4v: one a degree up to 3, two at 4.
  expect(['0e', '1o', '1e', '2e', '3o', '4e', '6e'].map((name) => rank(0, name))).toEqual([
    1, 0, 0, 0, 0, 1, 1,
  ]);
  expect(['0e', '1o', '1e', '2e', '3o', '4e'].map((name) => rank(1, name))).toEqual([1, 1, 0, 1, 1, 2]);
});
