import { describe, expect, test } from 'vitest';
import {
  harmonicsInput,
  harmonicsRecurrence,
  harmonicsScale,
  Irreps,
  Random,
  randAngles,
  solidHarmonics,
  sphericalHarmonics,
  wigner3jSparse,
  wignerD,
} from '../../src/o3/index.ts';
import { loadFamily } from '../support/fixture.ts';
import { expectClose } from './close.ts';

const { json, tensor } = loadFamily('sphericalHarmonics');

describe('against e3nn', () => {
  test.each((json.cases as Case[]).map((c) => [c.name, c] as const))('%s', (_, c) => {
    const options = { normalize: c.normalize, normalization: c.normalization };
    const x = tensor(c.inputs.x).data;
    const expected = tensor(Object.values(c.outputs)[0]);
    expectClose(sphericalHarmonics(c.l, x, options), expected.data, 1e-12);
    if (typeof c.l === 'string') {
      expect(Irreps.parse(c.l).ls).toEqual(c.ls);
      expect(harmonicsInput(c.irreps_out).toString()).toBe(c.irreps_in.slice(2));
    }
  });

  test('parities that fit no input raise', () => {
    for (const { irreps_out, irreps_in } of json.invalid as {
      irreps_out: string;
      irreps_in: string | null;
    }[]) {
      expect(() => harmonicsInput(irreps_out, irreps_in ?? undefined), irreps_out).toThrow(
        'the harmonics are',
      );
    }
    expect(() => sphericalHarmonics('2o', [1, 2, 3], { normalize: true })).toThrow('block 0 of "1x2o" is 2o');
  });
});

test('wrong lengths, degrees and normalisations raise', () => {
  expect(() => sphericalHarmonics(1, [1, 2], { normalize: true })).toThrow('got 2 numbers');
  expect(() => sphericalHarmonics([1, -1], [1, 2, 3], { normalize: true })).toThrow('degree -1');
  expect(() => harmonicsScale(1, 'unit' as 'norm')).toThrow('"unit"');
  expect(() => harmonicsRecurrence(0)).toThrow('starts at l = 1');
  expect(() => harmonicsInput('0e', '2e')).toThrow('must be 1o or 1e');
});

const LMAX = 11;
const degrees = Array.from({ length: LMAX }, (_, i) => i + 1);
const points = Array.from({ length: 5 }, (_, seed) => new Random(seed).normals(3));

describe('laws', () => {
  test('on the unit sphere |Y^l|^2 = 2l + 1', () => {
    for (const [x, y, z] of points) {
      const r = Math.hypot(x, y, z);
      const solid = solidHarmonics(LMAX, x / r, y / r, z / r);
      for (const l of degrees) {
        const block = solid.subarray(l * l, (l + 1) * (l + 1));
        expect(block.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(2 * l + 1, 11);
      }
    }
  });

  test('Y^1 is sqrt(3) (x, y, z)', () => {
    const [x, y, z] = points[0];
    expectClose(
      solidHarmonics(1, x, y, z).subarray(1),
      [x, y, z].map((c) => Math.sqrt(3) * c),
      1e-15,
    );
  });

  test('Y^l(R x) = D^l(R) Y^l(x)', () => {
    points.forEach(([x, y, z], seed) => {
      const angles = randAngles(new Random(seed));
      const turned = multiplyVector(wignerD(1, ...angles), [x, y, z]);
      const [before, after] = [
        solidHarmonics(LMAX, x, y, z),
        solidHarmonics(LMAX, turned[0], turned[1], turned[2]),
      ];
      for (const l of degrees) {
        const block = before.subarray(l * l, (l + 1) * (l + 1));
        const scale = Math.hypot(...block);
        const expected = multiplyVector(wignerD(l, ...angles), block);
        const actual = after.subarray(l * l, (l + 1) * (l + 1));
        expectClose(
          actual.map((v) => v / scale),
          expected.map((v) => v / scale),
          1e-12,
          `l = ${l}`,
        );
      }
    });
  });

  test('Y^l(s x) = s^l Y^l(x), parity (-1)^l', () => {
    const [x, y, z] = points[1];
    const [one, two, minus] = [1, 2, -1].map((s) => solidHarmonics(LMAX, s * x, s * y, s * z));
    for (const l of degrees) {
      for (let k = l * l; k < (l + 1) ** 2; k++) {
        expect(two[k]).toBeCloseTo(2 ** l * one[k], 8);
        expect(minus[k]).toBe((-1) ** l * one[k]);
      }
    }
  });

  test("closure: the mean of Y_lm Y_l'm' over the sphere is the identity", () => {
    // A product grid that is exact for polynomials of degree 6: 8 equal steps about y, Gauss-Legendre in y.
    const lmax = 3;
    const nodes = [0.8611363115940526, 0.3399810435848563].flatMap((y) => [y, -y]);
    const weights = [0.3478548451374538, 0.6521451548625461].flatMap((w) => [w, w]);
    const dim = (lmax + 1) ** 2;
    const gram = new Float64Array(dim * dim);
    nodes.forEach((y, n) => {
      for (let a = 0; a < 8; a++) {
        const [rho, alpha] = [Math.sqrt(1 - y * y), (a * Math.PI) / 4];
        const values = solidHarmonics(lmax, rho * Math.sin(alpha), y, rho * Math.cos(alpha));
        for (let i = 0; i < dim; i++) {
          for (let j = 0; j < dim; j++) gram[i * dim + j] += (weights[n] / 16) * values[i] * values[j];
        }
      }
    });
    expectClose(
      gram,
      gram.map((_, i) => (i % (dim + 1) === 0 ? 1 : 0)),
      1e-14,
    );
  });

  test('recurrence: Y^l = a_l C Y^(l-1) x', () => {
    for (const [x, y, z] of points) {
      const solid = solidHarmonics(LMAX, x, y, z);
      for (const l of degrees) {
        const expected = contract(l, (i, a) => solid[(l - 1) ** 2 + i] * [x, y, z][a]);
        const actual = solid.subarray(l * l, (l + 1) ** 2);
        expectClose(actual, expected, 1e-13, `l = ${l}`);
      }
    }
  });

  test('gradient: dY^l/dx_a = l a_l C Y^(l-1)', () => {
    const point = points[2];
    const h = 1e-5;
    for (let a = 0; a < 3; a++) {
      const moved = (by: number) => {
        const p = point.slice();
        p[a] += by;
        return solidHarmonics(6, p[0], p[1], p[2]);
      };
      const [plus, minus, here] = [moved(h), moved(-h), moved(0)];
      for (let l = 1; l <= 6; l++) {
        const expected = contract(l, (i, axis) => (axis === a ? l * here[(l - 1) ** 2 + i] : 0));
        const difference = plus.map((value, k) => (value - minus[k]) / (2 * h)).subarray(l * l, (l + 1) ** 2);
        expectClose(difference, expected, 1e-7, `l = ${l}`);
      }
    }
  });

  test('exact at the origin and on the polar axis', () => {
    expect([...solidHarmonics(4, 0, 0, 0)].map((v) => v + 0)).toEqual([1, ...new Array(24).fill(0)]);
    const polar = solidHarmonics(LMAX, 0, 1, 0);
    for (const l of degrees) {
      for (let m = -l; m <= l; m++) {
        expect(polar[l * l + l + m]).toBeCloseTo(m === 0 ? Math.sqrt(2 * l + 1) : 0, 13);
      }
    }
  });
});

/** a_l sum_{i,a} C(l-1,1,l)[i,a,k] f(i, a). */
function contract(l: number, f: (i: number, a: number) => number): Float64Array {
  const out = new Float64Array(2 * l + 1);
  for (const { i, j, k, value } of wigner3jSparse(l - 1, 1, l))
    out[k] += harmonicsRecurrence(l) * value * f(i, j);
  return out;
}

function multiplyVector(matrix: ArrayLike<number>, vector: ArrayLike<number>): Float64Array {
  const dim = vector.length;
  return new Float64Array(dim).map((_, i) => {
    let sum = 0;
    for (let j = 0; j < dim; j++) sum += matrix[i * dim + j] * vector[j];
    return sum;
  });
}

interface Case {
  name: string;
  l: number | number[] | string;
  ls: number[];
  irreps_in: string;
  irreps_out: string;
  normalize: boolean;
  normalization: 'integral' | 'component' | 'norm';
  inputs: { x: object };
  outputs: Record<string, object>;
}
