import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { radiusGraph } from '../../src/data/radius-graph.ts';
import * as e from '../../src/graph/expression.ts';
import { checkIndexMap, index, NOWHERE, packIndexMap } from '../../src/graph/index-map.ts';
import { input } from '../../src/graph/leaf.ts';
import { reference } from '../../src/graph/reference.ts';
import { gather, segmentSum } from '../../src/ops/gather.ts';
import { gradient } from '../../src/ops/index.ts';
import { add, map, multiply, subtract } from '../../src/ops/map.ts';
import { checkNeighbourCount, neighbourList } from '../../src/ops/neighbours.ts';
import { runningSum } from '../../src/ops/running-sum.ts';
import { sum } from '../../src/ops/sum.ts';
import { unpackBits } from '../../src/ops/unpack-bits.ts';
import { runs } from '../support/property.ts';

const coordinate = fc.integer({ min: -40, max: 40 }).map((k) => k / 8);
const cells = fc
  .array(
    fc.integer({ min: -16, max: 16 }).map((k) => k / 8),
    { minLength: 9, maxLength: 9 },
  )
  // The diagonal wins: no cell is flat.
  .map((cell) => cell.map((x, i) => (i % 4 === 0 ? (x < 0 ? x - 4 : x + 4) : x)));
const points = fc
  .array(fc.tuple(coordinate, coordinate, coordinate), { minLength: 1, maxLength: 7 })
  .map((list) => list.flat());

describe('neighbourList, by its definition', () => {
  test('gives the edges of radiusGraph, as index maps that are valid', () => {
    const pbcs = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean());
    // No two multiples of an eighth are 2.05 or 3.3 from each other.
    fc.assert(
      fc.property(points, cells, pbcs, fc.constantFrom(2.05, 3.3), (pos, cell, pbc, radius) => {
        const nodes = pos.length / 3;
        const edges = radiusGraph(pos, radius, { cell, pbc });
        const capacity = edges.src.length + 3;
        const list = neighbourList(input('pos', nodes, 3), {
          radius,
          capacity,
          cell: input('cell', 1, 9),
          pbc,
        });
        const [src, dst, images, count] = reference(
          [list.edges.src, list.edges.dst, list.images, list.count],
          { pos, cell },
        );
        expect([...count]).toEqual([edges.src.length]);
        expect([...src]).toEqual([...packIndexMap(edges.src, capacity, nodes)]);
        expect([...dst]).toEqual([...packIndexMap(edges.dst, capacity, nodes)]);
        expect([...images]).toEqual([...edges.shift, ...new Array(9).fill(0)]);
        checkIndexMap(list.edges.src, src);
        checkIndexMap(list.edges.dst, dst);
      }),
      runs(100),
    );
  });

  test('is empty when it does not fit', () => {
    const list = neighbourList(input('pos', 3, 3), { radius: 2, capacity: 5 });
    const [count, src] = reference([list.count, list.edges.src], { pos: [0, 0, 0, 1, 0, 0, 0, 1, 0] });
    expect([...count]).toEqual([6]);
    expect([...src]).toEqual([...packIndexMap([], 5, 3)]);
    expect(src[0]).toBe(NOWHERE);
  });

  test('edge vectors have gradients by positions and by the cell', () => {
    const pos = input('pos', 3, 3);
    const cell = input('cell', 1, 9);
    const list = neighbourList(pos, { radius: 2.3, capacity: 200, cell });
    const vectors = add(subtract(gather(pos, list.edges.dst), gather(pos, list.edges.src)), list.shift);
    const square = sum(multiply(vectors, vectors), 'cols');
    const energies = map(e.power(e.sub(e.number(2.3 ** 2), e.argument(0)), 4), square);
    const energy = sum(segmentSum(energies, list.edges.src), 'all');
    const feeds = {
      pos: [0.1, 0.2, 0.3, 1.2, 2.9, 0.1, -4, 0.7, 1],
      cell: [2.5, 0, 0.2, 0.3, 3.1, 0, 0, 0.4, 2.9],
    };
    for (const node of [pos, cell]) {
      const [slope] = reference(gradient(energy, [node]), feeds);
      const name = node.attrs.name as 'pos' | 'cell';
      slope.forEach((exact, at) => {
        const energyAt = (step: number) => {
          const moved = feeds[name].map((x, i) => (i === at ? x + step : x));
          return reference([energy], { ...feeds, [name]: moved })[0][0];
        };
        const h = 1e-4;
        const numeric = (8 * (energyAt(h) - energyAt(-h)) - (energyAt(2 * h) - energyAt(-2 * h))) / (12 * h);
        expect(Math.abs(numeric - exact)).toBeLessThan(1e-6 * Math.max(1, Math.abs(exact)));
      });
    }
  });
});

test('a count that f32 does not have is rounded up, never down', () => {
  const [rows, segments] = [2100, 8001];
  const many = runningSum(index('m', rows, segments));
  const packed = packIndexMap(new Array(rows).fill(8000), rows, segments);
  const at = (column: number) =>
    reference([unpackBits(many, { column, fields: 1, width: 31, offset: 0 })], { m: packed })[0][0];
  expect(at(2000)).toBe(16_000_000);
  // 2100 x 8000, then the rows in their order: 0 + 1 + 2 + 3 is even, + 4 + 5 is odd.
  expect(at(2100)).toBe(16_800_000);
  expect([at(2100 + 3), at(2100 + 6)]).toEqual([16_800_004, 16_800_016]);
  // Everything that follows is far more than 2^24, but less than 2^31.
  expect(at(many.cols - 1)).toBeGreaterThanOrEqual(packed.reduce((a, b) => a + b, 0));
});

describe('errors say what is wrong', () => {
  const pos = input('pos', 4, 3);
  const cell = input('cell', 1, 9);
  test('options', () => {
    for (const radius of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => neighbourList(pos, { radius, capacity: 8 })).toThrow(`the radius is ${radius}`);
    expect(() => neighbourList(pos, { radius: 1, capacity: 1.5 })).toThrow('the capacity is 1.5');
    expect(() => neighbourList(pos, { radius: 1, capacity: 8, pbc: true })).toThrow('need a cell');
  });
  test('shapes', () => {
    const options = { radius: 1, capacity: 8 };
    expect(() => neighbourList(input('x', 4, 2), options)).toThrow('positions are nodes x 3, got 4x2');
    expect(() => neighbourList(pos, { ...options, cell: input('c', 3, 3) })).toThrow('one row a graph');
    expect(() => neighbourList(pos, { ...options, cell: input('c', 2, 9) })).toThrow(
      '2 cells, but without `graphs` all points are one graph',
    );
    expect(() => neighbourList(pos, { ...options, cell, graphs: index('g', 4, 2) })).toThrow(
      'the index map "g" is of 4 points over 2 graphs, but there are 4 points and 1 cells',
    );
    expect(() => neighbourList(pos, { ...options, graphs: index('g', 3, 2) })).toThrow('of 3 points over 2');
  });
  test('a count that does not fit, or is none', () => {
    expect(checkNeighbourCount(8, 8)).toBe(8);
    expect(() => checkNeighbourCount(9, 8)).toThrow(
      'neighbourList: there are 9 edges, but the capacity is 8, so the list was left empty; compile with a capacity of 9 or more (11, say',
    );
    for (const count of [2 ** 31, Number.NaN])
      expect(() => checkNeighbourCount(count, 8)).toThrow('the neighbours cannot be counted');
  });
});
