import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile } from '../../src/compile.ts';
import { joinGraphs } from '../../src/data/join-graphs.ts';
import { type PeriodicEdgeList, radiusGraph } from '../../src/data/radius-graph.ts';
import { type GpuContext, requestDevice } from '../../src/gpu/device.ts';
import * as e from '../../src/graph/expression.ts';
import { index, packIndexMap } from '../../src/graph/index-map.ts';
import { input, state } from '../../src/graph/leaf.ts';
import type { Node } from '../../src/graph/node.ts';
import { Random } from '../../src/o3/random.ts';
import { gather, segmentSum } from '../../src/ops/gather.ts';
import { gradient } from '../../src/ops/index.ts';
import { add, map, multiply, scale, subtract } from '../../src/ops/map.ts';
import { maximum } from '../../src/ops/maximum.ts';
import { checkNeighbourCount, type Neighbours, neighbourList } from '../../src/ops/neighbours.ts';
import { runningSum } from '../../src/ops/running-sum.ts';
import { sum } from '../../src/ops/sum.ts';
import { unpackBits } from '../../src/ops/unpack-bits.ts';
import { gpuError } from '../support/on-gpu.ts';

/** The neighbours that the GPU finds are those of the host. */

let gpu: GpuContext;
beforeAll(async () => {
  gpu = await requestDevice();
});
afterAll(() => gpu?.device.destroy());

type Pbc = readonly [boolean, boolean, boolean];

/** As both sides get them: rounded to 32 bits. */
const rounded = (values: readonly number[]) => values.map(Math.fround);
const randomPoints = (n: number, size: number, seed: number) => {
  const random = new Random(seed);
  return rounded(Array.from({ length: 3 * n }, () => size * (random.uniform() - 0.5)));
};

const outputsOf = ({ edges, images, count }: Neighbours): Record<string, Node> => ({
  src: edges.src,
  dst: edges.dst,
  images,
  count,
});

/** Index maps come back as floats of the same bits. */
const bitsOf = (values: Float32Array) => new Uint32Array(values.buffer);

/** The first place where the values of `outputsOf` are not what they must be for these edges. */
function difference(
  found: Record<string, Float32Array>,
  { src, dst, shift }: PeriodicEdgeList,
  capacity: number,
  nodes: number,
): string | null {
  const images = new Float32Array(3 * capacity);
  images.set(shift);
  const count = Float32Array.of(src.length);
  const pairs: [string, ArrayLike<number>, ArrayLike<number>][] = [
    ['count', found.count, count],
    ['src', bitsOf(found.src), packIndexMap(src, capacity, nodes)],
    ['images', found.images, images],
    ['dst', bitsOf(found.dst), packIndexMap(dst, capacity, nodes)],
  ];
  for (const [name, actual, expected] of pairs) {
    if (actual.length !== expected.length) return `${name}: ${actual.length} numbers, not ${expected.length}`;
    for (let i = 0; i < expected.length; i++)
      if (actual[i] !== expected[i]) return `${name}, ${i}: ${actual[i]}, not ${expected[i]}`;
  }
  return null;
}

/** The edges that hold to within rounding: equality is asked for only where no pair lies on the sphere. */
function certain(pos: readonly number[], radius: number, cell: readonly number[], pbc: Pbc) {
  const edges = radiusGraph(pos, radius * (1 + 1e-5), { cell, pbc });
  expect(radiusGraph(pos, radius * (1 - 1e-5), { cell, pbc }).src.length).toBe(edges.src.length);
  return edges;
}

const cells = {
  cube: [4, 0, 0, 0, 4, 0, 0, 0, 4],
  triclinic: [5, 0.5, 0, -1, 6.5, 0.3, 0.7, 1.1, 4.2],
  'left-handed': [0, 5, 0.2, 6, 0.4, 0, 0.3, 0, 7],
  skewed: [3, 0, 0, 7, 2.5, 0, -5, 9, 4],
  'smaller than the radius': [1.1, 0, 0.2, 0.3, 1.4, 0, 0, 0.6, 0.9],
  long: [40, 1, 0, 0, 3, 0, 0, 0, 3],
};
const boundaries: readonly Pbc[] = [
  [true, true, true],
  [false, false, false],
  [true, false, true],
  [false, false, true],
];

describe('edges, shifts and both index maps are those of the host', () => {
  for (const [nodes, capacity] of [
    [1, 700],
    [2, 1500],
    [19, 15_000],
    [127, 5000],
  ])
    for (const pbc of boundaries)
      test(`${nodes} points, periodic along ${pbc.map((p, k) => (p ? 'abc'[k] : '')).join('') || 'nothing'}`, async () => {
        const radius = 2.3;
        const list = neighbourList(input('pos', nodes, 3), {
          radius,
          capacity,
          cell: input('cell', 1, 9),
          pbc,
        });
        const executable = await compile(gpu, { outputs: outputsOf(list) });
        // Many points need space, or some pair lies on the sphere.
        const size = nodes === 127 ? 2.5 : 1;
        for (const [seed, [name, small]] of Object.entries(cells).entries()) {
          if (nodes === 127 && name === 'smaller than the radius') continue;
          const cell = rounded(small.map((x) => size * x));
          // Points lie outside of the cells.
          const pos = randomPoints(nodes, 9 * size, seed + 1);
          executable.write({ pos, cell });
          const edges = certain(pos, radius, cell, pbc);
          expect(difference(await executable.runAndRead(), edges, capacity, nodes), name).toBeNull();
        }
        executable.dispose();
      });

  test('no points, and room for no edges', async () => {
    const none = neighbourList(input('pos', 0, 3), { radius: 1, capacity: 3 });
    const counted = neighbourList(input('some', 2, 3), { radius: 2, capacity: 0 });
    const outputs = { ...outputsOf(none), counted: counted.count };
    const executable = await compile(gpu, { outputs });
    executable.write({ some: [0, 0, 0, 1, 0, 0] });
    const found = await executable.runAndRead();
    expect([...found.counted]).toEqual([2]);
    expect(difference(found, radiusGraph([], 1), 3, 0)).toBeNull();
    executable.dispose();
  });

  test('points in one place, on faces and corners of the cell', async () => {
    // Multiples of a half, and a radius that no distance between them has.
    const pos = [0, 0, 0, 0, 0, 0, 2, 2, 2, 4, 4, 4, -2, 0, 2, 0, 2, 0, 6, -4, 0.5, 1.5, 1.5, 1.5];
    const list = neighbourList(input('pos', 8, 3), { radius: 1.9, capacity: 200, cell: input('cell', 1, 9) });
    const executable = await compile(gpu, { outputs: outputsOf(list) });
    for (const cell of [
      [2, 0, 0, 0, 2, 0, 0, 0, 2],
      [4, 0, 0, 2, 4, 0, 0, -2, 4],
    ]) {
      executable.write({ pos, cell });
      const edges = certain(pos, 1.9, cell, [true, true, true]);
      expect(difference(await executable.runAndRead(), edges, 200, 8)).toBeNull();
    }
    executable.dispose();
  });

  test('several graphs with cells of their own; padded points have no edges', async () => {
    const sizes = [3, 0, 11, 6];
    const all = Object.values(cells).map(rounded);
    const [nodes, capacity, radius] = [24, 2000, 2.3];
    const graphs = index('graphs', nodes, sizes.length);
    const cell = input('cells', sizes.length, 9);
    const list = neighbourList(input('pos', nodes, 3), { radius, capacity, cell, graphs });
    const vectors = subtract(
      gather(input('pos', nodes, 3), list.edges.dst),
      gather(input('pos', nodes, 3), list.edges.src),
    );
    const outputs = { ...outputsOf(list), vectors: add(vectors, list.shift) };
    const executable = await compile(gpu, { outputs });
    const parts = sizes.map((n, g) => randomPoints(n, 9, g + 20));
    const batch = sizes.flatMap((n, g) => new Array(n).fill(g));
    const pos = [...parts.flat(), ...new Array(3 * (nodes - batch.length)).fill(0)];
    executable.write({
      pos,
      cells: sizes.flatMap((_, g) => all[g]),
      graphs: packIndexMap(batch, nodes, sizes.length),
    });
    const found = await executable.runAndRead();
    const joined = joinGraphs(
      parts.map((part, g) => ({ nodes: sizes[g], ...certain(part, radius, all[g], [true, true, true]) })),
    );
    const { src, dst, shift } = joined;
    expect(difference(found, joined, capacity, nodes)).toBeNull();
    for (let edge = 0; edge < src.length; edge++)
      for (let d = 0; d < 3; d++) {
        const vectorsOfCell = all[batch[src[edge]]];
        const crossed = [0, 1, 2].reduce((s, k) => s + shift[3 * edge + k] * vectorsOfCell[3 * k + d], 0);
        const vector = pos[3 * dst[edge] + d] - pos[3 * src[edge] + d] + crossed;
        expect(Math.abs(found.vectors[3 * edge + d] - vector)).toBeLessThan(1e-5);
      }
    executable.dispose();
  });
});

describe('10,000 atoms at the density of water', () => {
  test('all edges but those on the sphere, and no more work than the density asks for', async () => {
    const [nodes, radius] = [10_000, 4];
    const side = Math.fround(Math.cbrt(nodes / 0.1));
    const random = new Random(11);
    const pos = rounded(Array.from({ length: 3 * nodes }, () => side * random.uniform()));
    const cell = [side, 0, 0, 0, side, 0, 0, 0, side];
    const capacity = 300_000;
    const list = neighbourList(input('pos', nodes, 3), { radius, capacity, cell: input('cell', 1, 9) });
    const [, , , buckets] = list.images.inputs[0].inputs;
    const executable = await compile(gpu, { outputs: { ...outputsOf(list), buckets } });
    executable.write({ pos, cell });
    const values = await executable.runAndRead();
    executable.dispose();
    const { images, count } = values;
    const [src, dst, bucketMap] = [values.src, values.dst, values.buckets].map(bitsOf);
    const keys = ({ src, dst, shift }: PeriodicEdgeList) =>
      Array.from(src, (s, k) => `${s} ${dst[k]} ${shift.subarray(3 * k, 3 * k + 3).join(' ')}`);
    const [total] = count;
    const shift = Int32Array.from(images.subarray(0, 3 * total));
    const edges = { src: src.subarray(0, total), dst: dst.subarray(0, total), shift };
    const found = keys(edges);
    const sure = keys(radiusGraph(pos, radius * (1 - 1e-5), { cell }));
    const possible = new Set(keys(radiusGraph(pos, radius * (1 + 1e-5), { cell })));
    expect(sure.length).toBeGreaterThan(250_000);
    expect(found.every((key) => possible.has(key))).toBe(true);
    const set = new Set(found);
    expect(set.size).toBe(total);
    expect(sure.every((key) => set.has(key))).toBe(true);
    expect(difference(values, edges, capacity, nodes)).toBeNull();
    // Every point looks into 27 buckets, of which none holds many: bins have six points on average, buckets may
    // hold several bins.
    const starts = bucketMap.subarray(2 * nodes);
    const sizes = Array.from(starts.subarray(1), (end, b) => end - starts[b]);
    expect(sizes.reduce((a, b) => a + b)).toBe(nodes);
    expect(Math.max(...sizes)).toBeLessThan(60);
  });
});

describe('a list that does not fit', () => {
  test('is empty, and says how many edges there are', async () => {
    const nodes = 20;
    const pos = randomPoints(nodes, 3, 5);
    const there = radiusGraph(pos, 2).src.length;
    for (const capacity of [there - 1, 1, there]) {
      const list = neighbourList(input('pos', nodes, 3), { radius: 2, capacity });
      const outputs = {
        ...outputsOf(list),
        neighbours: segmentSum(input('one', capacity, 1), list.edges.dst),
      };
      const executable = await compile(gpu, { outputs });
      executable.write({ pos, one: new Float32Array(capacity).fill(1) });
      const { neighbours, ...found } = await executable.runAndRead();
      executable.dispose();
      const fits = capacity === there;
      expect(neighbours.reduce((a, b) => a + b)).toBe(fits ? there : 0);
      expect([...found.count]).toEqual([there]);
      if (fits) continue;
      expect(
        difference({ ...found, count: Float32Array.of(0) }, radiusGraph([], 1), capacity, nodes),
      ).toBeNull();
      expect(() => checkNeighbourCount(there, capacity)).toThrow(
        `there are ${there} edges, but the capacity is ${capacity}`,
      );
    }
  });

  test('positions and cells with which nothing can be counted', async () => {
    const pos = input('pos', 3, 3);
    // Division by zero: not even finite.
    const moved = map(e.div(e.argument(0), e.argument(1)), pos, input('by', 3, 3));
    const list = neighbourList(moved, { radius: 1, capacity: 10, cell: input('cell', 1, 9) });
    const executable = await compile(gpu, { outputs: { count: list.count, src: list.edges.src } });
    const good = {
      pos: [0, 0, 0, 0.5, 0, 0, 1, 1, 1],
      by: new Array(9).fill(1),
      cell: [3, 0, 0, 0, 3, 0, 0, 0, 3],
    };
    const cases: [string, Partial<typeof good>][] = [
      ['a position that is not a number', { by: [1, 1, 1, 1, 0, 1, 1, 1, 1] }],
      ['an infinite one', { by: [1, 1, 1, 0, 1, 1, 1, 1, 1] }],
      ['a point far away', { pos: [0, 0, 0, 5000, 0, 0, 0, 0, 0] }],
      ['many cells away', { pos: [0, 0, 0, 900, 0, 0, 0, 0, 0] }],
      ['no cell', { cell: new Array(9).fill(0) }],
      ['a flat cell', { cell: [1, 2, 3, 4, 5, 6, 7, 8, 9] }],
      [
        'a point that is farther than a skewed cell allows',
        { pos: [0, 0, 0, 90, 90, 0, 0, 0, 0], cell: [3, 0, 0, 300, 3, 0, 0, 0, 3] },
      ],
      ['a tiny cell', { cell: [1e-3, 0, 0, 0, 1, 0, 0, 0, 1] }],
    ];
    for (const [name, bad] of cases) {
      executable.write({ ...good, ...bad });
      const { count, src } = await executable.runAndRead();
      expect(() => checkNeighbourCount(count[0], 10), name).toThrow('the neighbours cannot be counted');
      expect(bitsOf(src), name).toEqual(packIndexMap([], 10, 3));
    }
    executable.write(good);
    expect(checkNeighbourCount((await executable.runAndRead()).count[0], 10)).toBe(2);
    executable.dispose();
  });
});

test('a count that f32 does not have is rounded up, never down', async () => {
  const [rows, segments] = [2100, 8001];
  const sums = runningSum(index('m', rows, segments));
  // 2,100 times 8,000, and then whole numbers from 0 on: above 2^24 only every second number is an f32.
  const at = (column: number) => unpackBits(sums, { column, fields: 1, width: 31, offset: 0 });
  const columns = [2000, 2100, 2103, 2106];
  const outputs = Object.fromEntries(columns.map((column) => [`${column}`, at(column)]));
  const executable = await compile(gpu, { outputs });
  executable.write({ m: packIndexMap(new Array(rows).fill(8000), rows, segments) });
  const values = await executable.runAndRead();
  expect(columns.map((column) => values[column][0])).toEqual([
    16_000_000, 16_800_000, 16_800_004, 16_800_016,
  ]);
  executable.dispose();
});

describe('in programs', () => {
  test('positions move for many runs in one submit, and the list with them', async () => {
    const [nodes, radius, capacity, runs] = [40, 1.5, 600, 25];
    const cell = [4, 0, 0, 1, 4, 0, 0, 0.5, 4];
    const start = randomPoints(nodes, 4, 8);
    const velocity = randomPoints(nodes, 0.5, 9).map((v) => Math.round(v * 64) / 64);
    // Sums of multiples of 1/64 are exact, so the host knows where the points are.
    const grid = start.map((x) => Math.round(x * 64) / 64);
    const pos = state('pos', nodes, 3, grid);
    const largest = state('largest', 1, 1, [0]);
    const list = neighbourList(pos, { radius, capacity, cell: input('cell', 1, 9) });
    const next = map(e.max(e.argument(0), e.argument(1)), largest, list.count);
    const executable = await compile(gpu, {
      outputs: outputsOf(list),
      updates: [
        { state: pos, next: add(pos, input('velocity', nodes, 3)) },
        { state: largest, next },
      ],
    });
    executable.write({ cell, velocity });
    const found = await executable.runAndRead({ times: runs });
    const counts = Array.from({ length: runs }, (_, step) => {
      const now = grid.map((x, i) => x + step * velocity[i]);
      return { now, edges: radiusGraph(now, radius, { cell }) };
    });
    const { now, edges } = counts[runs - 1];
    expect(certain(now, radius, cell, [true, true, true]).src.length).toBe(edges.src.length);
    expect(difference(found, edges, capacity, nodes)).toBeNull();
    expect(counts[0].edges.src).not.toEqual(edges.src);
    expect([...(await executable.states.read('largest'))]).toEqual([
      Math.max(...counts.map((c) => c.edges.src.length)),
    ]);
    executable.dispose();
  });

  test('energy, forces and the derivative by the cell follow the reference', async () => {
    const nodes = 9;
    const pos = input('pos', nodes, 3);
    const cell = input('cell', 1, 9);
    const list = neighbourList(pos, { radius: 2, capacity: 500, cell });
    const vectors = add(subtract(gather(pos, list.edges.dst), gather(pos, list.edges.src)), list.shift);
    const square = sum(multiply(vectors, vectors), 'cols');
    // (4 - r^2)^3 within the radius; rows that are not in use point nowhere.
    const energies = map(e.power(e.sub(e.number(4), e.argument(0)), 3), square);
    const energy = sum(segmentSum(energies, list.edges.src), 'all');
    const [forces, stress] = gradient(energy, [pos, cell]);
    const feeds = { pos: randomPoints(nodes, 4, 3), cell: rounded([2.5, 0, 0.2, 0.3, 3.1, 0, 0, 0.4, 2.9]) };
    const outputs = { energy, forces, stress, largest: maximum(scale(forces, 1), 'all') };
    expect(await gpuError(gpu, outputs, feeds)).toBeLessThan(1e-4);
  });
});
