import { describe, expect, test } from 'vitest';
import { constant, input } from '../../src/graph/leaf.ts';
import { reference } from '../../src/graph/reference.ts';
import { randomUniform } from '../../src/ops/random-uniform.ts';

const draw = (step: number, rows: number, cols: number, seed: number) =>
  reference([randomUniform(constant(step), rows, cols, seed)])[0];

/** So many standard deviations are exceeded once in two million times. */
const SIGMAS = 5;

describe('randomUniform', () => {
  // pcg4d of the paper, on (0, 0, 0, 0) and (3, 2, 1, 7), worked out with whole numbers of any size.
  const hash = (words: bigint[]) => {
    const M = 2n ** 32n;
    let [x, y, z, w] = words.map((v) => (v * 1664525n + 1013904223n) % M);
    for (const last of [false, true]) {
      x = (x + y * w) % M;
      y = (y + z * x) % M;
      z = (z + x * y) % M;
      w = (w + y * z) % M;
      if (!last) [x, y, z, w] = [x, y, z, w].map((v) => v ^ (v >> 16n));
    }
    return x;
  };
  test('is the hash of column, row, counter and seed', () => {
    for (const [column, row, step, seed] of [
      [0, 0, 0, 0],
      [3, 2, 1, 7],
      [4, 199, 16777215, 0xffffffff],
    ]) {
      const expected = Number(hash([column, row, step, seed].map(BigInt)) >> 8n) / 2 ** 24;
      expect(draw(step, 200, 5, seed)[row * 5 + column]).toBe(expected);
    }
  });

  test('the counter counts whole numbers, from 0 to what a word holds', () => {
    expect(draw(2.9, 3, 3, 1)).toEqual(draw(2, 3, 3, 1));
    expect(draw(-5, 3, 3, 1)).toEqual(draw(0, 3, 3, 1));
    expect(draw(1e12, 3, 3, 1)).toEqual(draw(0xffffffff, 3, 3, 1));
  });

  test('is uniform: mean, second moment, and 64 bins', () => {
    const values = draw(5, 500, 400, 3);
    const n = values.length;
    const mean = values.reduce((sum, v) => sum + v, 0) / n;
    const square = values.reduce((sum, v) => sum + v * v, 0) / n;
    expect(Math.abs(mean - 1 / 2)).toBeLessThan(SIGMAS * Math.sqrt(1 / 12 / n));
    expect(Math.abs(square - 1 / 3)).toBeLessThan(SIGMAS * Math.sqrt(4 / 45 / n));
    const bins = new Array<number>(64).fill(0);
    for (const v of values) bins[Math.floor(v * 64)]++;
    const chi = bins.reduce((sum, count) => sum + (count - n / 64) ** 2 / (n / 64), 0);
    // 63 degrees of freedom: mean 63, variance 126.
    expect(Math.abs(chi - 63)).toBeLessThan(SIGMAS * Math.sqrt(126));
    expect(values.every((v) => v >= 0 && v < 1 && Number.isInteger(v * 2 ** 24))).toBe(true);
  });

  test('neighbouring columns, rows, steps and seeds are not correlated', () => {
    const [rows, cols] = [300, 200];
    const correlation = (a: Float64Array, b: Float64Array) => {
      const n = Math.min(a.length, b.length);
      let total = 0;
      for (let i = 0; i < n; i++) total += 12 * (a[i] - 0.5) * (b[i] - 0.5);
      return Math.abs(total) / Math.sqrt(n);
    };
    for (const [step, seed] of [
      [0, 0],
      [1, 0],
      [1000, 1],
    ]) {
      const values = draw(step, rows, cols, seed);
      const columns = draw(step, rows, cols + 1, seed).filter((_, i) => i % (cols + 1) > 0);
      expect(correlation(values, columns)).toBeLessThan(SIGMAS);
      expect(correlation(values, values.subarray(cols))).toBeLessThan(SIGMAS);
      expect(correlation(values, draw(step + 1, rows, cols, seed))).toBeLessThan(SIGMAS);
      expect(correlation(values, draw(step, rows, cols, seed + 1))).toBeLessThan(SIGMAS);
    }
  });

  test('refuses seeds and counters that it cannot use', () => {
    const counter = input('counter', 1, 1);
    for (const seed of [-1, 0.5, 2 ** 32, Number.NaN])
      expect(() => randomUniform(counter, 2, 2, seed)).toThrow(`randomUniform: seed is ${seed}`);
    expect(() => randomUniform(input('counter', 1, 2), 2, 2, 0)).toThrow(
      'randomUniform: the counter is 1x1, got 1x2',
    );
  });
});
