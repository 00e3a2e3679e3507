import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkIndexMap, index, indexMapLength, NOWHERE, packIndexMap } from '../../src/graph/index-map.ts';
import { runs } from '../support/property.ts';

/** Indices of some rows, a capacity that holds them, and a number of segments. */
const maps = fc
  .record({ segments: fc.integer({ min: 1, max: 6 }), spare: fc.nat({ max: 4 }) })
  .chain(({ segments, spare }) =>
    fc.array(fc.nat({ max: segments - 1 }), { maxLength: 12 }).map((indices) => ({
      indices,
      segments,
      capacity: indices.length + spare,
    })),
  );

describe('packIndexMap', () => {
  test('the first part holds the indices, then NOWHERE up to the capacity', () => {
    fc.assert(
      fc.property(maps, ({ indices, capacity, segments }) => {
        const packed = packIndexMap(indices, capacity, segments);
        const expected = [...indices, ...new Array(capacity - indices.length).fill(NOWHERE)];
        expect([...packed.subarray(0, capacity)]).toEqual(expected);
        expect(packed.length).toBe(indexMapLength(capacity, segments));
      }),
      runs(200),
    );
  });

  test('each segment lists its rows in their order, and together they list every row in use once', () => {
    fc.assert(
      fc.property(maps, ({ indices, capacity, segments }) => {
        const packed = packIndexMap(indices, capacity, segments);
        const sorted = packed.subarray(capacity, 2 * capacity);
        const starts = packed.subarray(2 * capacity);
        expect([starts[0], starts[segments]]).toEqual([0, indices.length]);
        for (let s = 0; s < segments; s++)
          expect([...sorted.subarray(starts[s], starts[s + 1])]).toEqual(
            indices.flatMap((segment, row) => (segment === s ? [row] : [])),
          );
      }),
      runs(200),
    );
  });

  test('it takes any array of numbers', () => {
    expect(packIndexMap(Uint32Array.of(1, 0), 2, 2)).toEqual(packIndexMap([1, 0], 2, 2));
    expect([...packIndexMap([], 0, 0)]).toEqual([0]);
    expect([...packIndexMap([], 1, 2)]).toEqual([NOWHERE, 0, 0, 0, 0]);
  });

  test('an index out of range is refused, with its row, its value and the range', () => {
    for (const bad of [3, -1, 1.5, Number.NaN])
      expect(() => packIndexMap([0, bad], 2, 3, 'edge_src')).toThrow(
        `edge_src: row 1 points to ${bad}, but there are only 3 (0 to 2)`,
      );
  });

  test('more rows than the capacity are refused', () => {
    expect(() => packIndexMap([0, 0, 0], 2, 1, 'edge_dst')).toThrow(
      'edge_dst: 3 rows do not fit the capacity of 2',
    );
  });
});

describe('checkIndexMap', () => {
  test('accepts what packIndexMap makes', () => {
    fc.assert(
      fc.property(maps, ({ indices, capacity, segments }) => {
        checkIndexMap(index('i', capacity, segments), packIndexMap(indices, capacity, segments));
      }),
      runs(100),
    );
  });

  test('refuses a map with one wrong number, unless nothing reads it', () => {
    fc.assert(
      fc.property(maps, fc.nat(), fc.nat({ max: 12 }), ({ indices, capacity, segments }, place, wrong) => {
        const packed = packIndexMap(indices, capacity, segments);
        const at = place % packed.length;
        fc.pre(packed[at] !== wrong);
        packed[at] = wrong;
        const unused = at >= capacity + indices.length && at < 2 * capacity;
        const check = () => checkIndexMap(index('edge_src', capacity, segments), packed);
        if (unused) expect(check).not.toThrow();
        else expect(check).toThrow(/^edge_src: .*; make index maps with packIndexMap$/);
      }),
      runs(1000),
    );
  });
});

test('the leaf is one row of u32, as long as the packed array', () => {
  const node = index('i', 5, 3);
  expect([node.rows, node.cols, node.dtype]).toEqual([1, packIndexMap([], 5, 3).length, 'u32']);
});
