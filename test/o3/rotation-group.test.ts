import { describe, expect, test } from 'vitest';
import {
  type Angles,
  anglesToMatrix,
  axisAngleToMatrix,
  composeAngles,
  composeAxisAngle,
  composeMatrix,
  composeQuaternion,
  identityAngles,
  identityQuaternion,
  inverseAngles,
  inverseAxisAngle,
  inverseMatrix,
  inverseQuaternion,
  type Matrix3,
  matrixToAxisAngle,
  type Quaternion,
  quaternionToMatrix,
  Random,
  randAngles,
  randAxisAngle,
  randMatrix,
  randQuaternion,
  type Vector3,
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
  test('inverses', () => {
    for (const c of json.cases) {
      expectClose(
        inverseAngles([...tensor(c.angles).data] as unknown as Angles),
        tensor(c.inverse_angles).data,
        0,
      );
      const quaternion = [...tensor(c.quaternion).data] as unknown as Quaternion;
      expectClose(inverseQuaternion(quaternion), tensor(c.inverse_quaternion).data, 0);
    }
  });

  test('composeAngles', () => {
    const { first_argument, second_argument, out } = json.compose.angles;
    const [a, b, expected] = [first_argument, second_argument, out].map((o) => rows<Angles>(o));
    a.forEach((first, i) => {
      expectClose(anglesToMatrix(...composeAngles(first, b[i])), anglesToMatrix(...expected[i]), 1e-10);
    });
  });

  test('composeQuaternion', () => {
    const { first_argument, second_argument, out } = json.compose.quaternion;
    const [a, b, expected] = [first_argument, second_argument, out].map((o) => rows<Quaternion>(o));
    a.forEach((first, i) => {
      expectClose(composeQuaternion(first, b[i]), expected[i], 1e-14);
    });
  });

  test('composeAxisAngle', () => {
    const { axis1, angle1, axis2, angle2, axis: outAxis, angle: outAngle } = json.compose.axis_angle;
    rows<Vector3>(axis1).forEach((axis, i) => {
      const a = { axis, angle: tensor(angle1).data[i] };
      const b = { axis: rows<Vector3>(axis2)[i], angle: tensor(angle2).data[i] };
      const out = composeAxisAngle(a, b);
      const expected = axisAngleToMatrix(rows<Vector3>(outAxis)[i], tensor(outAngle).data[i]);
      expectClose(axisAngleToMatrix(out.axis, out.angle), expected, 1e-10);
    });
  });
});

describe('laws', () => {
  const draw = (seed: number) => randMatrix(new Random(seed));
  const identity: Matrix3 = [1, 0, 0, 0, 1, 0, 0, 0, 1];

  test('inverse and identity', () => {
    for (let seed = 0; seed < 10; seed++) {
      const random = new Random(seed);
      const [angles, quaternion, matrix] = [randAngles(random), randQuaternion(random), randMatrix(random)];
      const turn = randAxisAngle(random);
      expectClose(anglesToMatrix(...composeAngles(angles, inverseAngles(angles))), identity, 1e-14);
      expectClose(composeQuaternion(quaternion, inverseQuaternion(quaternion)), identityQuaternion(), 1e-14);
      expectClose(composeMatrix(matrix, inverseMatrix(matrix)), identity, 1e-14);
      const none = composeAxisAngle(turn, inverseAxisAngle(turn));
      expectClose(axisAngleToMatrix(none.axis, none.angle), identity, 1e-14);
    }
    expectClose(anglesToMatrix(...identityAngles()), identity, 0);
  });

  test('composing commutes with conversion', () => {
    for (let seed = 0; seed < 10; seed++) {
      const random = new Random(seed);
      const [a, b] = [randQuaternion(random), randQuaternion(random)];
      const matrix = composeMatrix(quaternionToMatrix(a), quaternionToMatrix(b));
      expectClose(quaternionToMatrix(composeQuaternion(a, b)), matrix, 1e-14);
      const turn = composeAxisAngle(
        matrixToAxisAngle(quaternionToMatrix(a)),
        matrixToAxisAngle(quaternionToMatrix(b)),
      );
      expectClose(axisAngleToMatrix(turn.axis, turn.angle), matrix, 1e-14);
    }
  });

  test('random matrices and random angles have the moments of the Haar measure', () => {
    // <R_ij> = 0 and <R_ij^2> = 1/3.
    const random = new Random(21);
    for (const sample of [() => randMatrix(random), () => anglesToMatrix(...randAngles(random))]) {
      const [mean, square] = [new Float64Array(9), new Float64Array(9)];
      for (let n = 0; n < 4000; n++) {
        sample().forEach((x, i) => {
          mean[i] += x / 4000;
          square[i] += (x * x) / 4000;
        });
      }
      expectClose(mean, new Float64Array(9), 0.04);
      expectClose(square, new Float64Array(9).fill(1 / 3), 0.03);
    }
    expect(draw(1)).toEqual(draw(1));
  });
});
