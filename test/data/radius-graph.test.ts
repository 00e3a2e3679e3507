import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { radiusGraph } from '../../src/data/radius-graph.ts';
import { runs } from '../support/property.ts';

// Coordinates on a grid: distances equal to the radius are common.
const coordinate = fc.integer({ min: -4, max: 4 }).map((k) => k / 2);
const clouds = fc.array(fc.tuple(coordinate, coordinate, coordinate, fc.nat({ max: 2 })), { maxLength: 12 });

describe('radiusGraph', () => {
  test('gives all pairs within the radius and no other, ordered by source and then destination', () => {
    fc.assert(
      fc.property(
        clouds,
        fc.constantFrom(0.5, 1, 1.4, 2.5),
        fc.boolean(),
        fc.boolean(),
        (points, radius, inclusive, batched) => {
          const { src, dst } = radiusGraph(
            points.flatMap((point) => point.slice(0, 3)),
            radius,
            { inclusive, ...(batched && { batch: points.map((p) => p[3]) }) },
          );
          const expected: number[][] = [];
          points.forEach((a, i) => {
            points.forEach((b, j) => {
              // Whole halves: squares are exact.
              const square = (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;
              const near = inclusive ? square <= radius ** 2 : square < radius ** 2;
              if (i !== j && near && (!batched || a[3] === b[3])) expected.push([i, j]);
            });
          });
          expect(Array.from(src, (s, k) => [s, dst[k]])).toEqual(expected);
        },
      ),
      runs(300),
    );
  });

  test('every edge has its way back', () => {
    fc.assert(
      fc.property(clouds, (points) => {
        const { src, dst } = radiusGraph(
          points.flatMap((point) => point.slice(0, 3)),
          1.3,
        );
        const edges = new Set(Array.from(src, (s, k) => `${s} ${dst[k]}`));
        expect(edges.size).toBe(src.length);
        for (let k = 0; k < src.length; k++) expect(edges.has(`${dst[k]} ${src[k]}`)).toBe(true);
      }),
      runs(100),
    );
  });

  test('two points in one place are neighbours, a point is not its own', () => {
    const { src, dst } = radiusGraph([1, 2, 3, 1, 2, 3], 0.1);
    expect([[...src], [...dst]]).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  test('no points, one point: no edges', () => {
    expect(radiusGraph([], 1).src).toHaveLength(0);
    expect(radiusGraph([0, 0, 0], 1).src).toHaveLength(0);
  });

  test('it takes typed arrays', () => {
    expect([
      ...radiusGraph(Float32Array.of(0, 0, 0, 1, 0, 0), 1.5, { batch: Uint8Array.of(4, 4) }).dst,
    ]).toEqual([1, 0]);
  });
});

describe('errors say what is wrong', () => {
  const two = [0, 0, 0, 1, 0, 0];
  test('numbers that are no points', () => {
    expect(() => radiusGraph([0, 0, 0, 1], 1)).toThrow(
      'radiusGraph: 4 numbers, but points come in threes (x, y, z)',
    );
  });
  test('a radius that is none', () => {
    for (const radius of [0, -1, Number.NaN])
      expect(() => radiusGraph(two, radius)).toThrow(
        `radiusGraph: the radius is ${radius}, but must be positive`,
      );
  });
  test('a coordinate that is not finite', () => {
    expect(() => radiusGraph([0, 0, 0, 1, Number.NaN, 0], 1)).toThrow(
      'radiusGraph: point 1 has y = NaN; positions must be finite',
    );
    expect(() => radiusGraph([0, 0, Number.POSITIVE_INFINITY], 1)).toThrow('point 0 has z = Infinity');
  });
  test('not one graph number a point', () => {
    expect(() => radiusGraph(two, 1, { batch: [0] })).toThrow('radiusGraph: 2 points, but 1 graph numbers');
  });
});
