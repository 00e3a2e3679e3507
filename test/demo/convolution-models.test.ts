import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  cloud,
  cloudFeatures,
  neighbourhoods,
  POINTS,
  turnFeatures,
  turnPoints,
} from '../../demo/convolution/cloud.ts';
import { planeGrid } from '../../demo/convolution/filter-view.ts';
import {
  CLUSTERS,
  exactRadial,
  FARTHEST,
  gravityBatch,
  MASSES,
  NEAREST,
} from '../../demo/convolution/gravity.ts';
import { irrepsIn, pathConvolution } from '../../demo/convolution/layer.ts';
import { Operations, operationNames } from '../../demo/convolution/operations.ts';
import { ConvolutionPrograms, SLICE } from '../../demo/convolution/programs.ts';
import { Irreps, Random, randMatrix } from '../../src/index.ts';

test('the targets are potential, acceleration and tide', () => {
  const radius = 3;
  const { positions, masses, targets } = gravityBatch(4, 17, radius);
  const r = (i: number, j: number) =>
    Math.hypot(...[0, 1, 2].map((k) => positions[3 * i + k] - positions[3 * j + k]));
  for (let i = 0; i < CLUSTERS * MASSES; i++) {
    const first = i - (i % MASSES);
    const others = [0, 1, 2, 3].map((j) => first + j).filter((j) => j !== i);
    for (const j of others) {
      expect(r(i, j)).toBeGreaterThan(NEAREST * radius);
      expect(r(i, j)).toBeLessThan(FARTHEST * radius);
    }
    const potential = others.reduce((sum, j) => sum + masses[j] / r(i, j), 0);
    expect(targets[9 * i]).toBeCloseTo(potential, 10);
    for (const k of [0, 1, 2]) {
      const along = (j: number) => positions[3 * j + k] - positions[3 * i + k];
      const acceleration = others.reduce((sum, j) => sum + (masses[j] * along(j)) / r(i, j) ** 3, 0);
      expect(targets[9 * i + 1 + k]).toBeCloseTo(acceleration, 10);
    }
    // m = 0 about y of (3 r r - r^2)/r^5, halved: |Y_2| = 1.
    const tide = others.reduce((sum, j) => {
      const y = positions[3 * j + 1] - positions[3 * i + 1];
      return sum + (masses[j] * (3 * y * y - r(i, j) ** 2)) / (2 * r(i, j) ** 5);
    }, 0);
    expect(targets[9 * i + 6]).toBeCloseTo(tide, 10);
  }
});

test('a path that starts from the scalar gives mass times R times the harmonics', async () => {
  const settings = { radius: 3, seed: 2, learningRate: 0.02, points: POINTS };
  const programs = new ConvolutionPrograms(null, settings);
  const training = await programs.training();
  const first = await programs.step(training);
  for (let i = 0; i < 30; i++) await programs.step(training);
  expect(await programs.step(training)).toBeLessThan(first);
  const slice = await programs.slice();
  const radial = await programs.radial();
  const grid = planeGrid('xy', 3);
  const x = new Float64Array(SLICE * SLICE * irrepsIn.dim);
  for (let i = 0; i < x.length; i += irrepsIn.dim) x[i] = 2;
  slice.write({ grid, x });
  const { values } = await slice.run();
  const { functions } = await radial.run();
  const radii = programs.radii();
  const { cols } = programs.layer.tp.layoutOut;
  const weights = programs.layer.tp.weightLength;
  for (const at of [100, 1200, 2000]) {
    const [px, py] = [grid[3 * at], grid[3 * at + 1]];
    const r = Math.hypot(px, py);
    if (r > 2.9) continue;
    // Between two distances of the table.
    const i = Math.floor((r / 3) * radii.length - 0.5);
    const t = (r - radii[i]) / (radii[i + 1] - radii[i]);
    const R = (1 - t) * functions[i * weights + 1] + t * functions[(i + 1) * weights + 1];
    expect(values[at * cols + 1]).toBeCloseTo((2 * R * px) / r, 2);
    expect(values[at * cols + 2]).toBeCloseTo((2 * R * py) / r, 2);
  }
  expect(exactRadial(2, 2)).toBe(1 / 8);
});

test('paths obey the triangle rule and parity', () => {
  const { paths } = pathConvolution(2);
  expect(paths.map(({ name }) => name)).toEqual([
    '0e × 0e → 0e',
    '0e × 1o → 1o',
    '0e × 2e → 2e',
    '1o × 0e → 1o',
    '1o × 1o → 0e',
    '1o × 1o → 1e',
    '1o × 1o → 2e',
    '1o × 2e → 1o',
    '1o × 2e → 2o',
  ]);
});

test('operations turn with their inputs for any turn and inversion, ReLU does not', async () => {
  const operations = await Operations.create(null, 3);
  const random = new Random(8);
  for (const sign of [1, -1]) {
    const compared = await operations.compare(randMatrix(random).map((v) => sign * v));
    for (const name of operationNames) {
      const { error, size } = compared[name];
      if (name === 'relu') expect(error).toBeGreaterThan(0.1 * size);
      else expect(error, name).toBeLessThan(1e-10 * Math.max(1, size));
    }
  }
});

test('neighbourhoods are the points nearer than the radius, nearest first; turns keep lengths', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 9999 }),
      fc.double({ min: 0.8, max: 4, noNaN: true }),
      (seed, radius) => {
        const positions = cloud(seed);
        const near = neighbourhoods(positions, radius);
        const r = (j: number, c: number) =>
          Math.hypot(...[0, 1, 2].map((k) => positions[3 * j + k] - positions[3 * c + k]));
        for (let c = 0; c < POINTS; c++) {
          const from = near.of(c).map((e) => near.src[e]);
          const expected = Array.from({ length: POINTS }, (_, j) => j).filter(
            (j) => j !== c && r(j, c) < radius,
          );
          expect([...from].sort((a, b) => a - b)).toEqual(expected);
          expect(from.map((j) => r(j, c))).toEqual(expected.map((j) => r(j, c)).sort((a, b) => a - b));
        }
        const matrix = randMatrix(new Random(seed));
        const irreps = Irreps.parse('0e + 1o');
        const x = cloudFeatures(seed, irreps);
        const turned = turnFeatures(irreps, matrix, x);
        expect(Math.hypot(...turned)).toBeCloseTo(Math.hypot(...x), 10);
        expect(Math.hypot(...turnPoints(matrix, positions))).toBeCloseTo(Math.hypot(...positions), 10);
      },
    ),
    { numRuns: 20 },
  );
});
