import { describe, expect, test } from 'vitest';
import {
  Random,
  randAngles,
  su2ClebschGordan,
  wigner3j,
  wigner3jSparse,
  wignerD,
} from '../../src/o3/index.ts';
import { loadFamily } from '../support/fixture.ts';
import { expectClose } from './close.ts';

const { json } = loadFamily('wigner3j');

describe('against e3nn', () => {
  test('every triple up to l = 4', () => {
    for (const { l1, l2, l3, entries } of json.cases as Case[]) {
      const expected = new Float64Array((2 * l1 + 1) * (2 * l2 + 1) * (2 * l3 + 1));
      for (const [i, j, k, value] of entries) expected[(i * (2 * l2 + 1) + j) * (2 * l3 + 1) + k] = value;
      expectClose(wigner3j(l1, l2, l3), expected, 1e-14, `${l1} ${l2} ${l3}`);
      const sparse = wigner3jSparse(l1, l2, l3).map(({ i, j, k }) => [i, j, k]);
      expect(sparse).toEqual(entries.map(([i, j, k]) => [i, j, k]));
    }
  });

  test('illegal triples raise', () => {
    for (const { l } of json.invalid as { l: [number, number, number] }[]) {
      expect(() => wigner3j(...l)).toThrow('must lie between');
      expect(() => wigner3jSparse(...l)).toThrow('must lie between');
    }
    expect(() => wigner3j(1, 1.5, 1)).toThrow('l2 is 1.5');
  });
});

const triples: [number, number, number][] = [];
for (let a = 0; a <= 4; a++) {
  for (let b = 0; b <= 4; b++) {
    for (let c = Math.abs(a - b); c <= Math.min(a + b, 4); c++) triples.push([a, b, c]);
  }
}
const high: [number, number, number][] = [
  [11, 11, 11],
  [11, 10, 7],
  [9, 11, 2],
  [6, 5, 11],
];

describe('laws', () => {
  test('nonzeros for all paths up to lmax = 1, 2, 3, 4', () => {
    const count = (lmax: number) =>
      triples
        .filter((triple) => Math.max(...triple) <= lmax)
        .reduce((sum, triple) => sum + wigner3jSparse(...triple).length, 0);
    expect([1, 2, 3, 4].map(count)).toEqual([16, 137, 611, 2052]);
  });

  test.each([...triples.slice(-9), ...high])('C(%i, %i, %i) is invariant', (l1, l2, l3) => {
    const c = wigner3j(l1, l2, l3);
    const angles = randAngles(new Random(l1 + 12 * l2 + 144 * l3));
    const [a, b, d] = [l1, l2, l3].map((l) => wignerD(l, ...angles));
    expectClose(act(c, a, b, d, 2 * l1 + 1, 2 * l2 + 1, 2 * l3 + 1), c, 1e-12);
  });

  test.each(high)('C(%i, %i, %i) has orthogonal slices of equal length', (l1, l2, l3) => {
    const c = wigner3j(l1, l2, l3);
    const [d2, d3] = [2 * l2 + 1, 2 * l3 + 1];
    const gram = new Float64Array(d3 * d3);
    for (let row = 0; row < (2 * l1 + 1) * d2; row++) {
      for (let k = 0; k < d3; k++) {
        for (let n = 0; n < d3; n++) gram[k * d3 + n] += c[row * d3 + k] * c[row * d3 + n];
      }
    }
    expectClose(
      gram,
      gram.map((_, i) => (i % (d3 + 1) === 0 ? 1 / d3 : 0)),
      1e-14,
    );
  });

  test('exchange and cyclic permutation', () => {
    for (const [l1, l2, l3] of triples) {
      const sign = (l1 + l2 + l3) % 2 === 0 ? 1 : -1;
      for (const { i, j, k, value } of wigner3jSparse(l1, l2, l3)) {
        const [d1, d3] = [2 * l1 + 1, 2 * l3 + 1];
        expect(wigner3j(l2, l1, l3)[(j * d1 + i) * d3 + k]).toBeCloseTo(sign * value, 13);
        expect(wigner3j(l2, l3, l1)[(j * d3 + k) * d1 + i]).toBeCloseTo(value, 13);
      }
    }
  });

  test('C(l, l, 0) = 1/sqrt(2l+1), C(1, 1, 1) = Levi-Civita/sqrt(6)', () => {
    for (let l = 0; l <= 11; l++) {
      for (const { i, j, value } of wigner3jSparse(l, l, 0)) {
        expect(i).toBe(j);
        expect(value).toBeCloseTo(1 / Math.sqrt(2 * l + 1), 14);
      }
    }
    expect(wigner3j(1, 1, 1)[5]).toBeCloseTo(1 / Math.sqrt(6), 15);
  });
});

test('su2ClebschGordan: tabulated values, zeros outside the rules, a stated limit', () => {
  expect(su2ClebschGordan(1, 1, 1, 0, 2, 1)).toBeCloseTo(Math.sqrt(1 / 2), 15);
  expect(su2ClebschGordan(1, 0, 1, 1, 1, 1)).toBeCloseTo(-Math.sqrt(1 / 2), 15);
  expect(su2ClebschGordan(2, 0, 2, 0, 0, 0)).toBeCloseTo(Math.sqrt(1 / 5), 15);
  expect(su2ClebschGordan(1, 1, 1, 1, 2, 1)).toBe(0);
  expect(su2ClebschGordan(1, 2, 1, -1, 1, 1)).toBe(0);
  expect(() => su2ClebschGordan(20, 0, 20, 0, 20, 0)).toThrow('up to 52');
});

/** sum C_ijk a_i'i b_j'j d_k'k, one index at a time. */
function act(
  c: Float64Array,
  a: Float64Array,
  b: Float64Array,
  d: Float64Array,
  d1: number,
  d2: number,
  d3: number,
): Float64Array {
  // Each step turns the first index and moves it to the back: after three steps the order is back.
  let tensor = c;
  for (const [matrix, dim] of [
    [a, d1],
    [b, d2],
    [d, d3],
  ] as const) {
    const rest = tensor.length / dim;
    const next = new Float64Array(tensor.length);
    for (let i = 0; i < dim; i++) {
      for (let to = 0; to < dim; to++) {
        const factor = matrix[to * dim + i];
        for (let r = 0; r < rest; r++) next[r * dim + to] += factor * tensor[i * rest + r];
      }
    }
    tensor = next;
  }
  return tensor;
}

interface Case {
  l1: number;
  l2: number;
  l3: number;
  entries: [number, number, number, number][];
}
