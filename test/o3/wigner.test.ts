import { describe, expect, test } from 'vitest';
import {
  type Angles,
  anglesToMatrix,
  changeBasisRealToComplex,
  composeAngles,
  Irrep,
  Irreps,
  inverseAngles,
  type Matrix3,
  type Quaternion,
  Random,
  randAngles,
  so3Generators,
  type Vector3,
  wignerD,
  wignerDFromMatrix,
} from '../../src/o3/index.ts';
import { loadFamily } from '../support/fixture.ts';
import { expectClose } from './close.ts';

const { json, tensor } = loadFamily('wignerD');
const rows = <T>(object: object) => {
  const { shape, data } = tensor(object);
  const size = data.length / shape[0];
  return Array.from(
    { length: shape[0] },
    (_, n) => [...data.subarray(n * size, (n + 1) * size)] as unknown as T,
  );
};

describe('against e3nn', () => {
  test.each((json.cases as Case[]).map((c) => [c.name, c] as const))('%s', (_, c) => {
    const angles = [...tensor(c.angles).data] as unknown as Angles;
    const matrix = [...tensor(c.matrix).data];
    for (const [l, expected] of Object.entries<object>(c.D)) {
      expectClose(wignerD(Number(l), ...angles), tensor(expected).data, 1e-12, `l = ${l}`);
      expectClose(wignerDFromMatrix(Number(l), matrix), tensor(expected).data, 1e-12, `l = ${l}`);
    }
  });

  test('D from an axis and an angle', () => {
    const { axis, angle, irreps, D_from_axis_angle } = json.from_axis_angle;
    const expected = rows<number[]>(D_from_axis_angle);
    rows<Vector3>(axis).forEach((n, i) => {
      const actual = Irreps.parse(irreps).D({ axis: n, angle: tensor(angle).data[i] });
      expectClose(actual, expected[i], 1e-12);
    });
  });

  test('D from a matrix, proper or not', () => {
    const { matrices, cases } = json.D_from_matrix;
    for (const { irreps, D } of cases) {
      const expected = rows<number[]>(D);
      rows<Matrix3>(matrices).forEach((matrix, i) => {
        expectClose(Irreps.parse(irreps).D({ matrix }), expected[i], 1e-12, irreps);
      });
    }
  });

  test('D from angles with k', () => {
    const { angles, irreps, k, D } = json.D_from_angles_with_k;
    const expected = rows<number[]>(D);
    const inversions = Array.isArray(k) ? k : [...tensor(k).data];
    rows<Angles>(angles).forEach((a, i) => {
      expectClose(Irreps.parse(irreps).D({ angles: a }, inversions[i]), expected[i], 1e-12);
    });
  });

  test('D from a quaternion', () => {
    const { quaternion, irreps, D } = json.D_from_quaternion;
    const expected = rows<number[]>(D);
    rows<Quaternion>(quaternion).forEach((q, i) => {
      expectClose(Irreps.parse(irreps).D({ quaternion: q }), expected[i], 1e-12);
    });
  });

  test('so3Generators', () => {
    for (const [l, expected] of Object.entries<object>(json.so3_generators)) {
      expectClose(so3Generators(Number(l)), tensor(expected).data, 1e-14, `l = ${l}`);
    }
  });

  test('changeBasisRealToComplex', () => {
    for (const [l, expected] of Object.entries<{ re: object; im: object }>(
      json.change_basis_real_to_complex,
    )) {
      const { re, im } = changeBasisRealToComplex(Number(l));
      expectClose(re, tensor(expected.re).data, 1e-15, `l = ${l}`);
      expectClose(im, tensor(expected.im).data, 1e-15, `l = ${l}`);
    }
  });
});

describe('laws, up to l = 11', () => {
  const degrees = Array.from({ length: 12 }, (_, l) => l);

  test('D^1(R) = R', () => {
    const angles = randAngles(new Random(1));
    expectClose(wignerD(1, ...angles), anglesToMatrix(...angles), 1e-15);
  });

  test('homomorphism: D(R1) D(R2) = D(R1 R2)', () => {
    for (const l of degrees) {
      const random = new Random(l);
      const [a, b] = [randAngles(random), randAngles(random)];
      const product = multiply(wignerD(l, ...a), wignerD(l, ...b), 2 * l + 1);
      expectClose(product, wignerD(l, ...composeAngles(a, b)), 1e-13, `l = ${l}`);
    }
  });

  test('orthogonal: D(R) D(R^-1) = 1', () => {
    for (const l of degrees) {
      const angles = randAngles(new Random(100 + l));
      const product = multiply(wignerD(l, ...angles), wignerD(l, ...inverseAngles(angles)), 2 * l + 1);
      expectClose(
        product,
        product.map((_, i) => (i % (2 * l + 2) === 0 ? 1 : 0)),
        1e-14,
        `l = ${l}`,
      );
    }
  });

  test('the generators are the derivatives at the identity', () => {
    const h = 1e-5;
    for (const l of degrees) {
      const size = (2 * l + 1) ** 2;
      const generators = so3Generators(l);
      const axes: Vector3[] = [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ];
      axes.forEach((axis, n) => {
        const minus = new Irrep(l, 1).D({ axis, angle: -h });
        const difference = new Irrep(l, 1).D({ axis, angle: h }).map((x, i) => (x - minus[i]) / (2 * h));
        expectClose(difference, generators.subarray(n * size, (n + 1) * size), 1e-7, `l = ${l}`);
      });
    }
  });

  test('[X_0, X_1] = X_2', () => {
    for (const l of degrees) {
      const [dim, size] = [2 * l + 1, (2 * l + 1) ** 2];
      const [x, y, z] = [0, 1, 2].map((n) => so3Generators(l).subarray(n * size, (n + 1) * size));
      const yx = multiply(y, x, dim);
      expectClose(
        multiply(x, y, dim).map((value, i) => value - yx[i]),
        z,
        1e-13,
        `l = ${l}`,
      );
    }
  });

  test('many turns more than one: angles count modulo 2 pi', () => {
    const turns = 2 * Math.PI * 1000;
    expectClose(wignerD(11, 0.3 + turns, 0.4, 0.5), wignerD(11, 0.3, 0.4, 0.5), 1e-10);
  });
});

test("an improper matrix needs the parity; D uses the irrep's own", () => {
  const inversion = [-1, 0, 0, 0, -1, 0, 0, 0, -1];
  expect(() => wignerDFromMatrix(1, inversion)).toThrow('the parity p');
  expectClose(
    Irreps.parse('0o+1e').D({ matrix: inversion }),
    [-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
    1e-15,
  );
  expectClose(Irrep.parse('0o').D({ matrix: inversion }, 1), [1], 0);
  expect(() => wignerD(1.5, 0, 0, 0)).toThrow('l is 1.5');
});

function multiply(a: Float64Array, b: Float64Array, dim: number): Float64Array {
  const out = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) {
    for (let k = 0; k < dim; k++) {
      for (let j = 0; j < dim; j++) out[i * dim + j] += a[i * dim + k] * b[k * dim + j];
    }
  }
  return out;
}

interface Case {
  name: string;
  angles: object;
  matrix: object;
  D: Record<string, object>;
}
