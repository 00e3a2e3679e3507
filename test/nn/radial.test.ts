import { describe, expect, test } from 'vitest';
import { input } from '../../src/graph/leaf.ts';
import { reference } from '../../src/graph/reference.ts';
import {
  bessel,
  envelopedBasis,
  polynomialEnvelope,
  type RadialBasisName,
  radialBases,
  type SoftOneHotOptions,
  softOneHotLinspace,
  softUnitStep,
} from '../../src/nn/radial.ts';
import { gradient } from '../../src/ops/index.ts';
import { multiply } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import { directionalError } from '../support/differences.ts';
import { scaledError } from '../support/feeds.ts';
import { rowsOf } from '../support/layers.ts';

const soft = (t: number) => (t > 0 ? Math.exp(-1 / t) : 0);

/** e3nn's soft_one_hot_linspace, from the table in test/fixtures/README.md. */
function definition(x: number, { start, end, number, basis, cutoff }: SoftOneHotOptions): number[] {
  const length = end - start;
  const step = cutoff ? length / (number + 1) : length / (number - 1);
  return Array.from({ length: number }, (_, i) => {
    const d = (x - (start + step * (cutoff ? i + 1 : i))) / step;
    const t = (x - start) / length;
    const inside = !cutoff || (t > 0 && t < 1);
    const bumps: Record<RadialBasisName, () => number> = {
      gaussian: () => Math.exp(-d * d) / 1.12,
      cosine: () => (Math.abs(d) < 1 ? Math.cos((Math.PI * d) / 2) : 0),
      smooth_finite: () => 1.14136 * Math.exp(2) * soft(d + 1) * soft(1 - d),
      fourier: () =>
        (inside ? (cutoff ? Math.sin(Math.PI * (i + 1) * t) : Math.cos(Math.PI * i * t)) : 0) /
        Math.sqrt(0.25 + number / 2),
      bessel: () => (inside ? (Math.sqrt(2 / length) * Math.sin((i + 1) * Math.PI * t)) / (x - start) : 0),
    };
    return bumps[basis]();
  });
}

describe.each(radialBases)('%s', (basis) => {
  const points = [-0.3, 0.2001, 0.71, 1, 1.49, 2.2, 2.51, 4];
  for (const cutoff of [true, false])
    for (const number of [2, 5])
      test(`${number} functions ${cutoff ? 'with' : 'without'} cutoff equal their definition`, () => {
        const options = { start: 0.2, end: 2.5, number, basis, cutoff };
        const [value] = reference([softOneHotLinspace(input('x', points.length, 1), options)], { x: points });
        const expected = points.flatMap((x) => definition(x, options));
        expect(scaledError(value, expected)).toBeLessThan(1e-13);
      });

  test('with a cutoff every function but the Gaussian is zero at and beyond the ends', () => {
    const options = { start: 0.2, end: 2.5, number: 3, basis, cutoff: true };
    const x = [-1, 0.2, 2.5, 3];
    const [value] = reference([softOneHotLinspace(input('x', 4, 1), options)], { x });
    const zero = Array.from(value).every((v) => Math.abs(v) < 1e-15);
    expect(zero).toBe(basis !== 'gaussian');
  });

  test('first and second derivatives equal central differences', () => {
    const options = { start: 0.2, end: 2.5, number: 4, basis, cutoff: true };
    const x = input('x', 6, 1);
    const y = softOneHotLinspace(x, options);
    const loss = sum(multiply(y, y), 'all');
    const first = gradient(loss, [x]);
    const second = sum(multiply(first[0], first[0]), 'all');
    const feeds = { x: [0.31, 0.8, 1.03, 1.7, 2.2, 2.43] };
    expect(directionalError(loss, [x], first, feeds)).toBeLessThan(1e-8);
    expect(directionalError(second, [x], gradient(second, [x]), feeds)).toBeLessThan(1e-7);
  });

  test('value and derivatives are finite at the ends', () => {
    for (const cutoff of [true, false]) {
      const x = input('x', 3, 1);
      const y = softOneHotLinspace(x, { start: 0, end: 2, number: 3, basis, cutoff });
      const first = gradient(sum(y, 'all'), [x]);
      const second = gradient(sum(first[0], 'all'), [x]);
      for (const value of reference([y, ...first, ...second], { x: [0, 2, 1e-9] }))
        expect(value.every(Number.isFinite)).toBe(true);
    }
  });
});

test('the squares of a row sum to 1 on average, away from the ends', () => {
  for (const basis of ['gaussian', 'cosine', 'smooth_finite'] as const) {
    const y = softOneHotLinspace(input('x', 200, 1), { start: 0, end: 10, number: 21, basis, cutoff: false });
    const x = Array.from({ length: 200 }, (_, i) => 2 + 0.03 * i);
    const squares = rowsOf(reference([y], { x })[0], 21).map((row) => row.reduce((s, v) => s + v * v, 0));
    const mean = squares.reduce((s, v) => s + v, 0) / 200;
    expect(Math.abs(mean - 1)).toBeLessThan(0.01);
  }
});

test('bessel has its limit at 0 and is zero at the end', () => {
  const x = input('x', 3, 1);
  const y = bessel(x, 3, 2);
  const [value, slope] = reference([y, ...gradient(sum(y, 'all'), [x])], { x: [0, 1e-6, 2] });
  const limits = [1, 2, 3].map((n) => (n * Math.PI) / 2);
  expect(scaledError(value.slice(0, 3), limits)).toBeLessThan(1e-14);
  expect(scaledError(value.slice(3, 6), limits)).toBeLessThan(1e-10);
  expect([...value.slice(6)].every((v) => Math.abs(v) < 1e-15)).toBe(true);
  expect(slope[0]).toBe(0);
});

test('softUnitStep is smooth from 0 on', () => {
  const x = input('x', 4, 1);
  const y = softUnitStep(x);
  const third = [0, 1, 2].reduce((f) => gradient(sum(f, 'all'), [x])[0], y);
  const [value, flat] = reference([y, third], { x: [-1, 0, 0.01, 2] });
  expect([...value]).toEqual([0, 0, Math.exp(-100), Math.exp(-0.5)]);
  expect([...flat.slice(0, 2)]).toEqual([0, 0]);
});

describe('polynomial envelope', () => {
  const x = input('x', 4, 1);
  const at = [0, 1, 2.5, 3];

  test.each([2, 3, 6])('exponent %d: 1 at 0, zero with two derivatives from the radius on', (p) => {
    const value = polynomialEnvelope(x, 2.5, p);
    const [first] = gradient(sum(value, 'all'), [x]);
    const [second] = gradient(sum(first, 'all'), [x]);
    const below = [0, 1, 2.5 * (1 - 1e-6), 3];
    for (const [i, values] of reference([value, first, second], { x: below }).entries()) {
      expect(Math.abs(values[2])).toBeLessThan(10 ** (-14 + 5 * i));
      expect(values[3]).toBe(0);
    }
    const [values] = reference([value], { x: at });
    const u = 1 / 2.5;
    const formula =
      1 -
      (((p + 1) * (p + 2)) / 2) * u ** p +
      p * (p + 2) * u ** (p + 1) -
      ((p * (p + 1)) / 2) * u ** (p + 2);
    expect(scaledError(values, [1, formula, 0, 0])).toBeLessThan(1e-15);
  });

  test.each(radialBases)('of %s: the basis times the envelope', (basis) => {
    const options = { end: 2.5, number: 3, basis };
    const plain = softOneHotLinspace(x, { ...options, start: 0, cutoff: true });
    const [own, values, envelope] = reference(
      [envelopedBasis(x, options, 4), plain, polynomialEnvelope(x, 2.5, 4)],
      { x: [0.3, 1, 2.4, 3] },
    );
    expect(
      scaledError(
        own,
        values.map((v, i) => v * envelope[Math.floor(i / 3)]),
      ),
    ).toBeLessThan(1e-14);
  });

  test('bessel functions have their limits at distance 0', () => {
    const options = { end: 2, number: 2, basis: 'bessel' } as const;
    const [values] = reference([envelopedBasis(input('x', 1, 1), options, 6)], { x: [0] });
    expect(scaledError(values, [Math.PI / 2, Math.PI])).toBeLessThan(1e-15);
  });

  test('an exponent or radius that makes no envelope is refused', () => {
    expect(() => polynomialEnvelope(x, 2, 1)).toThrow('a whole number >= 2, got 1');
    expect(() => polynomialEnvelope(x, 2, 2.5)).toThrow('a whole number >= 2, got 2.5');
    expect(() => polynomialEnvelope(x, 0, 6)).toThrow('the radius is 0, but must be positive');
  });
});

describe('errors', () => {
  const x = input('x', 3, 1);
  const options: SoftOneHotOptions = { start: 0, end: 1, number: 3, basis: 'gaussian', cutoff: true };
  const throws = (change: object, message: string) =>
    expect(() => softOneHotLinspace(x, { ...options, ...change })).toThrow(message);

  test('each says what is wrong', () => {
    throws({ cutoff: undefined }, 'say whether there is a cutoff (true or false)');
    throws({ basis: 'gauss' }, 'there is no basis "gauss"; known are gaussian, cosine');
    throws({ end: 0 }, 'the interval 0 to 0 is empty');
    throws({ number: 0 }, '0 basis functions');
    throws({ number: 2.5 }, '2.5 basis functions');
    throws({ number: 1, cutoff: false }, 'one gaussian function without cutoff has no width');
    expect(() => softOneHotLinspace(input('x', 2, 3), options)).toThrow('distances are one column, got 2x3');
  });
});
