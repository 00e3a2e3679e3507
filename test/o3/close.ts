import { expect } from 'vitest';

/** Fails unless every number is within tolerance * max(1, largest expected size) of the expected one. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance = 1e-10,
  what = 'values',
): void {
  expect(actual.length, `${what}: length`).toBe(expected.length);
  let scale = 1;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]));
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]);
    // Written so that NaN counts as the worst error there is.
    worst = error <= worst ? worst : Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
  }
  expect(worst / scale, `${what}: largest error`).toBeLessThanOrEqual(tolerance);
}
