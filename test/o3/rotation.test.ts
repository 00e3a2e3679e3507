import { describe, expect, test } from 'vitest';
import {
  type Angles,
  anglesToAxisAngle,
  anglesToMatrix,
  anglesToQuaternion,
  anglesToXyz,
  axisAngleToAngles,
  axisAngleToMatrix,
  axisAngleToQuaternion,
  type Matrix3,
  matrixToAngles,
  matrixToAxisAngle,
  matrixToQuaternion,
  matrixX,
  matrixY,
  matrixZ,
  type Quaternion,
  quaternionToAngles,
  quaternionToAxisAngle,
  quaternionToMatrix,
  Random,
  randAngles,
  randQuaternion,
  rotationToAngles,
  type Vector3,
  xyzToAngles,
} from '../../src/o3/index.ts';
import { loadFamily } from '../support/fixture.ts';
import { expectClose } from './close.ts';

const { json, tensor } = loadFamily('wignerD');
const values = <T>(object: object) => [...tensor(object).data] as unknown as T;
/** The rows of an [n, k] (or [n, 3, 3]) tensor. */
const rows = <T>(object: object) => {
  const { shape, data } = tensor(object);
  const size = data.length / shape[0];
  return Array.from(
    { length: shape[0] },
    (_, n) => [...data.subarray(n * size, (n + 1) * size)] as unknown as T,
  );
};

/** Quaternions up to their sign. */
function expectQuaternion(actual: Quaternion, expected: Quaternion, tolerance = 1e-12) {
  const sign = Math.sign(actual.reduce((sum, x, i) => sum + x * expected[i], 0));
  expectClose(
    actual,
    expected.map((x) => sign * x),
    tolerance,
  );
}

describe('against e3nn', () => {
  test.each((json.cases as Case[]).map((c) => [c.name, c] as const))('%s', (_, c) => {
    const [angles, matrix] = [values<Angles>(c.angles), values<Matrix3>(c.matrix)];
    const quaternion = values<Quaternion>(c.quaternion);
    const tolerance = Math.max(1e-12, 2 * c.e3nn_quaternion_roundtrip_error);
    expectClose(anglesToMatrix(...angles), matrix, 1e-14);
    expectQuaternion(anglesToQuaternion(...angles), quaternion);
    expectClose(quaternionToMatrix(quaternion), values<number[]>(c.quaternion_to_matrix), tolerance);
    expectClose(anglesToMatrix(...matrixToAngles(matrix)), matrix, 1e-14);
    expectClose(quaternionToMatrix(matrixToQuaternion(matrix)), matrix, 1e-14);
    const turn = matrixToAxisAngle(matrix);
    expectClose(axisAngleToMatrix(turn.axis, turn.angle), matrix, 1e-14);
    if (!c.angles_degenerate) {
      expectClose(matrixToAngles(matrix), values<number[]>(c.matrix_to_angles), 1e-12);
      expectClose(quaternionToAngles(quaternion), values<number[]>(c.quaternion_to_angles), tolerance);
    }
    if (!c.axis_degenerate) {
      expectQuaternion(matrixToQuaternion(matrix), values<Quaternion>(c.matrix_to_quaternion));
      expectQuaternion(axisAngleToQuaternion(turn.axis, turn.angle), quaternion);
      const expected = c.quaternion_to_axis_angle;
      const actual = quaternionToAxisAngle(quaternion);
      expectClose(
        [...actual.axis, actual.angle],
        [...tensor(expected.axis).data, ...tensor(expected.angle).data],
        tolerance,
      );
      const own = anglesToAxisAngle(...angles);
      expectClose(axisAngleToMatrix(own.axis, own.angle), matrix, 1e-14);
    }
  });

  test('from_axis_angle', () => {
    const { axis, angle, matrix, quaternion, angles } = json.from_axis_angle;
    const expected = { matrix: rows<Matrix3>(matrix), quaternion: rows<Quaternion>(quaternion) };
    rows<Vector3>(axis).forEach((n, i) => {
      const turn = tensor(angle).data[i];
      expectClose(axisAngleToMatrix(n, turn), expected.matrix[i], 1e-14);
      expectQuaternion(axisAngleToQuaternion(n, turn), expected.quaternion[i]);
      expectClose(anglesToMatrix(...axisAngleToAngles(n, turn)), expected.matrix[i], 1e-14);
      expectClose(anglesToMatrix(...rows<Angles>(angles)[i]), expected.matrix[i], 1e-14);
    });
  });

  test('elementary', () => {
    const { angle, matrix_x, matrix_y, matrix_z } = json.elementary;
    values<number[]>(angle).forEach((a, i) => {
      expectClose(matrixX(a), rows<Matrix3>(matrix_x)[i], 1e-15);
      expectClose(matrixY(a), rows<Matrix3>(matrix_y)[i], 1e-15);
      expectClose(matrixZ(a), rows<Matrix3>(matrix_z)[i], 1e-15);
    });
  });

  test('sphere', () => {
    const { xyz, alpha, beta, to_xyz } = json.sphere;
    const angles = rows<Vector3>(xyz).map((point) => xyzToAngles(...point));
    expectClose(
      angles.map(([a]) => a),
      tensor(alpha).data,
      1e-14,
    );
    expectClose(
      angles.map(([, b]) => b),
      tensor(beta).data,
      1e-14,
    );
    const [alphas, betas] = [tensor(to_xyz.alpha).data, tensor(to_xyz.beta).data];
    expectClose(
      [...alphas].flatMap((a, i) => [...anglesToXyz(a, betas[i])]),
      tensor(to_xyz.xyz).data,
      1e-15,
    );
  });
});

describe('accuracy where acos fails', () => {
  const tiny = [0, 1e-300, 1e-16, 1e-12, 1e-8, 1e-4];

  test.each([...tiny, ...tiny.map((e) => Math.PI - e), Math.PI / 2])(
    'beta = %d survives every detour',
    (beta) => {
      for (let seed = 0; seed < 10; seed++) {
        const [alpha, , gamma] = randAngles(new Random(seed));
        const matrix = anglesToMatrix(alpha, beta, gamma);
        const quaternion = anglesToQuaternion(alpha, beta, gamma);
        expectClose(quaternionToMatrix(quaternion), matrix, 2e-15);
        expectClose(anglesToMatrix(...matrixToAngles(matrix)), matrix, 2e-15);
        expectQuaternion(matrixToQuaternion(matrix), quaternion, 2e-15);
        const { axis, angle } = quaternionToAxisAngle(quaternion);
        expectQuaternion(axisAngleToQuaternion(axis, angle), quaternion, 2e-15);
        expect(Math.abs(matrixToAngles(matrix)[1] - beta)).toBeLessThan(1e-15);
      }
    },
  );

  test.each(tiny.slice(1))('a turn by %d keeps its angle and axis', (angle) => {
    const axis: Vector3 = [2 / 3, -1 / 3, 2 / 3];
    const back = quaternionToAxisAngle(axisAngleToQuaternion(axis, angle));
    expect(Math.abs(back.angle - angle)).toBeLessThanOrEqual(1e-15 * angle);
    expectClose(back.axis, axis, 1e-15);
  });
});

test.each([
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
  [0.6, 0, 0.8],
] as Vector3[])('a half turn about (%d, %d, %d), where w is 0, is a quaternion like any other', (...axis) => {
  for (const angle of [Math.PI, Math.PI - 1e-9]) {
    const quaternion = axisAngleToQuaternion(axis, angle);
    expectQuaternion(matrixToQuaternion(quaternionToMatrix(quaternion)), quaternion, 1e-15);
  }
});

describe('representations agree', () => {
  test('on random rotations', () => {
    for (let seed = 0; seed < 30; seed++) {
      const quaternion = randQuaternion(new Random(seed));
      const matrix = quaternionToMatrix(quaternion);
      expectClose(anglesToMatrix(...quaternionToAngles(quaternion)), matrix, 2e-15);
      expectQuaternion(matrixToQuaternion(matrix), quaternion, 2e-15);
      const turn = quaternionToAxisAngle(quaternion);
      for (const rotation of [{ matrix }, { quaternion }, turn]) {
        const { angles, inversions } = rotationToAngles(rotation);
        expectClose(anglesToMatrix(...angles), matrix, 2e-15);
        expect(inversions).toBe(0);
      }
      const improper = rotationToAngles({ matrix: matrix.map((x) => -x) });
      expect(improper.inversions).toBe(1);
      expectClose(anglesToMatrix(...improper.angles), matrix, 2e-15);
    }
  });

  test('the identity has the polar axis', () => {
    expect(quaternionToAxisAngle([1, 0, 0, 0])).toEqual({ axis: [0, 1, 0], angle: 0 });
  });
});

test('what is no rotation raises', () => {
  expect(() => matrixToAngles([1, 0, 0, 0, 1, 0, 0, 0, 2])).toThrow('differs from 1 by 3.0');
  expect(() => matrixToAngles([1, 0, 0])).toThrow('nine numbers');
  expect(() => matrixToAngles([Number.NaN, 0, 0, 0, 1, 0, 0, 0, 1])).toThrow('not a rotation');
  expect(() => matrixToAngles([-1, 0, 0, 0, 1, 0, 0, 0, 1])).toThrow('determinant -1');
  expect(() => matrixToQuaternion([-1, 0, 0, 0, 1, 0, 0, 0, 1])).toThrow('determinant -1');
  expect(() => quaternionToMatrix([0, 0, 0, 0])).toThrow('no length');
  expect(() => axisAngleToMatrix([0, 0, 0], 1)).toThrow('no length');
});

interface Case {
  name: string;
  angles: object;
  matrix: object;
  quaternion: object;
  angles_degenerate: boolean;
  axis_degenerate: boolean;
  matrix_to_angles: object;
  matrix_to_quaternion: object;
  quaternion_to_matrix: object;
  quaternion_to_angles: object;
  quaternion_to_axis_angle: { axis: object; angle: object };
  e3nn_quaternion_roundtrip_error: number;
}
