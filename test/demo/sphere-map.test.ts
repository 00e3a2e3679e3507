import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  accuracyColour,
  cellAt,
  direction,
  fromMollweide,
  mapCells,
  shortestRotation,
} from '../../demo/tetris/sphere-map.ts';
import { runs } from '../support/property.ts';

const angle = (most: number) => fc.double({ min: -most, max: most, noNaN: true });

test('the rotation of a point takes the x axis there, and is a rotation', () => {
  fc.assert(
    fc.property(angle(Math.PI), angle(Math.PI / 2), (longitude, latitude) => {
      const d = direction(longitude, latitude);
      const m = shortestRotation(d);
      for (const k of [0, 1, 2]) expect(m[3 * k]).toBeCloseTo(d[k], 6);
      const dot = (a: number, b: number) =>
        m[3 * a] * m[3 * b] + m[3 * a + 1] * m[3 * b + 1] + m[3 * a + 2] * m[3 * b + 2];
      for (const a of [0, 1, 2]) for (const b of [0, 1, 2]) expect(dot(a, b)).toBeCloseTo(a === b ? 1 : 0, 9);
      // The shortest: 1 + 2 cos(angle) = trace.
      expect(m[0] + m[4] + m[8]).toBeCloseTo(1 + 2 * d[0], 6);
    }),
    runs(100),
  );
});

test('the cells cover the sphere once, and the map keeps areas', () => {
  const [columns, rows] = [21, 11];
  const cells = mapCells(columns, rows);
  expect(cells.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
  const middle = cells[(cells.length - 1) / 2];
  expect([middle.longitude, middle.latitude]).toEqual([expect.closeTo(0, 12), expect.closeTo(0, 12)]);
  for (const [i, { longitude, latitude }] of cells.entries())
    expect(cellAt(longitude, latitude, columns, rows)).toBe(i);
  const [width, height] = [800, 400];
  const pixels = cells.map(() => 0);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const place = fromMollweide(((column + 0.5) / width) * 4 - 2, 1 - ((row + 0.5) / height) * 2);
      if (place) pixels[cellAt(...place, columns, rows)]++;
    }
  const all = pixels.reduce((a, b) => a + b);
  expect(all / (width * height)).toBeCloseTo(Math.PI / 4, 2);
  for (const [i, { weight }] of cells.entries())
    expect(Math.abs(pixels[i] / all - weight)).toBeLessThan(3e-4);
});

test('colours go from dark to light', () => {
  const light = ([r, g, b]: readonly number[]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
  const lights = Array.from({ length: 11 }, (_, i) => light(accuracyColour(i / 10)));
  for (let i = 1; i < lights.length; i++) expect(lights[i]).toBeGreaterThan(lights[i - 1]);
});
