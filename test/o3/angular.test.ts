import { expect, test } from 'vitest';
import { legendre, sphericalHarmonicsAlpha, sphericalHarmonicsAlphaBeta } from '../../src/o3/index.ts';
import { loadFamily } from '../support/fixture.ts';
import { expectClose } from './close.ts';

const { json, tensor } = loadFamily('sphericalHarmonics');

test('sphericalHarmonicsAlphaBeta against e3nn', () => {
  for (const { l, alpha, beta, normalization, out } of json.alpha_beta) {
    const actual = sphericalHarmonicsAlphaBeta(l, tensor(alpha).data, tensor(beta).data, normalization);
    expectClose(actual, tensor(out).data, 1e-13);
  }
});

test('sphericalHarmonicsAlpha against e3nn', () => {
  for (const { lmax, alpha, out } of json.spherical_harmonics_alpha) {
    const actual = [...tensor(alpha).data].flatMap((a) => [...sphericalHarmonicsAlpha(lmax, a)]);
    expectClose(actual, tensor(out).data, 1e-13);
  }
});

test('legendre against e3nn', () => {
  for (const { ls, cos_beta, sin_beta, out } of json.legendre) {
    const sines = tensor(sin_beta).data;
    const actual = [...tensor(cos_beta).data].flatMap((c, i) => [...legendre(ls, c, sines[i])]);
    expectClose(actual, tensor(out).data, 1e-13);
  }
});

test('harmonics = legendre part times alpha part', () => {
  const [alpha, beta, l] = [0.7, 2.1, 9];
  const [p, a] = [legendre([l], Math.cos(beta), Math.sin(beta)), sphericalHarmonicsAlpha(l, alpha)];
  expectClose(
    sphericalHarmonicsAlphaBeta(l, [alpha], [beta]),
    p.map((value, m) => value * a[m]),
    1e-13,
  );
});

test('unequal numbers of angles raise', () => {
  expect(() => sphericalHarmonicsAlphaBeta(1, [0, 1], [0])).toThrow('2 alphas but 1 betas');
});
