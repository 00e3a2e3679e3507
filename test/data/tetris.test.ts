import { describe, expect, test } from 'vitest';
import { recognise, tetrisIrrepsOut, tetrisLabels, tetrisShapes } from '../../src/data/tetris.ts';
import { Irreps } from '../../src/o3/irreps.ts';

/** The shapes of e3nn's examples/tetris.py (commit 2aa7f58440a06b15352a2cbce01fa4c26f824969). */
const shapes: Record<string, number[][]> = {
  chiral_shape_1: [
    [0, 0, 0],
    [0, 0, 1],
    [1, 0, 0],
    [1, 1, 0],
  ],
  chiral_shape_2: [
    [0, 0, 0],
    [0, 0, 1],
    [1, 0, 0],
    [1, -1, 0],
  ],
  square: [
    [0, 0, 0],
    [1, 0, 0],
    [0, 1, 0],
    [1, 1, 0],
  ],
  line: [
    [0, 0, 0],
    [0, 0, 1],
    [0, 0, 2],
    [0, 0, 3],
  ],
  corner: [
    [0, 0, 0],
    [0, 0, 1],
    [0, 1, 0],
    [1, 0, 0],
  ],
  L: [
    [0, 0, 0],
    [0, 0, 1],
    [0, 0, 2],
    [0, 1, 0],
  ],
  T: [
    [0, 0, 0],
    [0, 0, 1],
    [0, 0, 2],
    [0, 1, 1],
  ],
  zigzag: [
    [0, 0, 0],
    [1, 0, 0],
    [1, 1, 0],
    [2, 1, 0],
  ],
};

test('the eight shapes, in order', () => {
  expect(tetrisShapes.map(({ name }) => name)).toEqual(Object.keys(shapes));
  for (const { name, points } of tetrisShapes) expect(points).toEqual(shapes[name].flat());
});

test('each has four points, every one a unit away from another', () => {
  for (const { name, points } of tetrisShapes) {
    expect(points).toHaveLength(12);
    for (let i = 0; i < 4; i++) {
      const distances = [0, 1, 2, 3].map((j) =>
        Math.hypot(...[0, 1, 2].map((c) => points[3 * i + c] - points[3 * j + c])),
      );
      expect(distances.filter((d) => d === 1).length, name).toBeGreaterThan(0);
      expect(
        distances.filter((d) => d === 0),
        name,
      ).toHaveLength(1);
    }
  }
});

test('labels: the chiral pair are +1 and -1 in the odd number, the others one-hot in the even ones', () => {
  expect(tetrisIrrepsOut).toBe('0o + 6x0e');
  expect(Irreps.parse(tetrisIrrepsOut).dim).toBe(7);
  expect(Array.from({ length: 8 }, (_, s) => tetrisLabels.slice(7 * s, 7 * s + 7))).toEqual([
    [1, 0, 0, 0, 0, 0, 0],
    [-1, 0, 0, 0, 0, 0, 0],
    [0, 1, 0, 0, 0, 0, 0],
    [0, 0, 1, 0, 0, 0, 0],
    [0, 0, 0, 1, 0, 0, 0],
    [0, 0, 0, 0, 1, 0, 0],
    [0, 0, 0, 0, 0, 1, 0],
    [0, 0, 0, 0, 0, 0, 1],
  ]);
});

describe('recognise', () => {
  const label = (s: number) => tetrisLabels.slice(7 * s, 7 * s + 7);

  test('knows each label, and whatever rounds to it', () => {
    for (let s = 0; s < 8; s++) {
      expect(recognise(label(s))).toBe(s);
      expect(recognise(label(s).map((v, i) => v + (i % 2 ? 0.49 : -0.49)))).toBe(s);
      expect(recognise(Float32Array.from(label(s)))).toBe(s);
    }
  });

  test('gives -1 as soon as one number does not round to the label', () => {
    for (let s = 0; s < 8; s++)
      for (let i = 0; i < 7; i++)
        expect(recognise(label(s).map((v, j) => (i === j ? v + (v > 0 ? -0.51 : 0.51) : v)))).not.toBe(s);
    expect(recognise([0, 0, 0, 0, 0, 0, 0])).toBe(-1);
    expect(recognise([0, 1, 1, 0, 0, 0, 0])).toBe(-1);
    expect(recognise([1, 1, 0, 0, 0, 0, 0])).toBe(-1);
    expect(recognise(new Array(7).fill(Number.NaN))).toBe(-1);
  });
});
