// wignerD.json: rotations in all their representations, and the matrices of the irreps.
import {
  type Angles,
  anglesToMatrix,
  anglesToQuaternion,
  anglesToXyz,
  axisAngleToAngles,
  axisAngleToMatrix,
  axisAngleToQuaternion,
  changeBasisRealToComplex,
  composeAngles,
  composeAxisAngle,
  composeQuaternion,
  Irreps,
  inverseAngles,
  inverseQuaternion,
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
  so3Generators,
  type Vector3,
  wignerD,
  wignerDFromMatrix,
  xyzToAngles,
} from '../../../src/o3/index.ts';
import type { Family, Json } from '../../support/fixture.ts';
import { type Case, each } from '../case.ts';
import { BOUNDS, type Measure, numbersOf } from '../measure.ts';

export function cases({ json, tensor }: Family): Case[] {
  const flat = <T = number[]>(value: Json) => Array.from(numbersOf(value, tensor)) as unknown as T;
  /** The items of a list of vectors or matrices: everything behind the first axis. */
  const rows = <T = number[]>(value: Json) => {
    const { shape, data } = tensor(value);
    const size = data.length / (shape[0] || 1);
    const row = (n: number) => Array.from(data.subarray(n * size, (n + 1) * size)) as unknown as T;
    return Array.from({ length: shape[0] }, (_, n) => row(n));
  };
  const compare = (
    measure: Measure,
    array: string,
    actual: ArrayLike<number>,
    expected: Json,
    bound?: number,
  ) => measure.compare('reference', array, actual, expected, { bound });
  /** Quaternions are defined up to their sign. */
  const compareQuaternion = (
    measure: Measure,
    array: string,
    actual: Quaternion,
    expected: Json,
    bound?: number,
  ) => {
    const e3nn = flat(expected);
    const sign = actual.reduce((sum, x, i) => sum + x * e3nn[i], 0) < 0 ? -1 : 1;
    const turned = e3nn.map((x) => sign * x);
    compare(measure, array, actual, turned, bound);
  };

  const rotation = (c: Json, measure: Measure) => {
    const [angles, matrix, quaternion] = [
      flat<Angles>(c.angles),
      flat<Matrix3>(c.matrix),
      flat<Quaternion>(c.quaternion),
    ];
    // e3nn goes from a quaternion through acos, and loses digits where the angle is small.
    const lossy = Math.max(BOUNDS.reference, 2 * c.e3nn_quaternion_roundtrip_error);
    compare(measure, 'matrix', anglesToMatrix(...angles), matrix);
    compareQuaternion(measure, 'quaternion', anglesToQuaternion(...angles), quaternion);
    compare(measure, 'inverse_angles', inverseAngles(angles), c.inverse_angles);
    compareQuaternion(measure, 'inverse_quaternion', inverseQuaternion(quaternion), c.inverse_quaternion);
    compare(measure, 'quaternion_to_matrix', quaternionToMatrix(quaternion), c.quaternion_to_matrix, lossy);
    // Whatever is degenerate, the matrix must come back.
    compare(measure, 'matrix_to_angles to matrix', anglesToMatrix(...matrixToAngles(matrix)), matrix);
    compare(
      measure,
      'quaternion_to_angles to matrix',
      anglesToMatrix(...quaternionToAngles(quaternion)),
      matrix,
    );
    compare(
      measure,
      'matrix_to_quaternion to matrix',
      quaternionToMatrix(matrixToQuaternion(matrix)),
      matrix,
    );
    const turn = matrixToAxisAngle(matrix);
    compare(measure, 'axis_angle to matrix', axisAngleToMatrix(turn.axis, turn.angle), matrix);
    if (!c.angles_degenerate) {
      compare(measure, 'matrix_to_angles', matrixToAngles(matrix), c.matrix_to_angles);
      compare(measure, 'quaternion_to_angles', quaternionToAngles(quaternion), c.quaternion_to_angles, lossy);
    }
    if (!c.axis_degenerate) {
      compareQuaternion(measure, 'matrix_to_quaternion', matrixToQuaternion(matrix), c.matrix_to_quaternion);
      compareQuaternion(
        measure,
        'axis_angle to quaternion',
        axisAngleToQuaternion(turn.axis, turn.angle),
        quaternion,
      );
      compare(
        measure,
        'axis_angle',
        [...turn.axis, turn.angle],
        [...flat(c.axis_angle.axis), ...flat(c.axis_angle.angle)],
      );
      const { axis, angle } = quaternionToAxisAngle(quaternion);
      const expected = c.quaternion_to_axis_angle;
      compare(
        measure,
        'quaternion_to_axis_angle',
        [...axis, angle],
        [...flat(expected.axis), ...flat(expected.angle)],
        lossy,
      );
    }
    for (const [l, D] of Object.entries<Json>(c.D)) {
      compare(measure, `D ${l}`, wignerD(Number(l), ...angles), D);
      compare(measure, `D ${l} of the matrix`, wignerDFromMatrix(Number(l), matrix), D);
    }
  };

  const lists: Readonly<Record<string, (list: Json, measure: Measure) => void>> = {
    from_axis_angle(list, measure) {
      const expected = {
        matrix: rows<Matrix3>(list.matrix),
        quaternion: rows(list.quaternion),
        D: rows(list.D_from_axis_angle),
      };
      const angles = flat(list.angle);
      const e3nnAngles = rows<Angles>(list.angles);
      rows<Vector3>(list.axis).forEach((axis, i) => {
        compare(measure, `matrix ${i}`, axisAngleToMatrix(axis, angles[i]), expected.matrix[i]);
        compareQuaternion(
          measure,
          `quaternion ${i}`,
          axisAngleToQuaternion(axis, angles[i]),
          expected.quaternion[i],
        );
        // Angles only through the matrix: they may be degenerate.
        const own = anglesToMatrix(...axisAngleToAngles(axis, angles[i]));
        compare(measure, `angles ${i} to matrix`, own, anglesToMatrix(...e3nnAngles[i]));
        const D = Irreps.parse(list.irreps).D({ axis, angle: angles[i] });
        compare(measure, `D_from_axis_angle ${i}`, D, expected.D[i]);
      });
    },
    elementary(list, measure) {
      flat(list.angle).forEach((angle, i) => {
        compare(measure, `matrix_x ${i}`, matrixX(angle), rows(list.matrix_x)[i]);
        compare(measure, `matrix_y ${i}`, matrixY(angle), rows(list.matrix_y)[i]);
        compare(measure, `matrix_z ${i}`, matrixZ(angle), rows(list.matrix_z)[i]);
      });
    },
    compose({ angles, quaternion, axis_angle: turns }, measure) {
      const second = {
        angles: rows<Angles>(angles.second_argument),
        quaternion: rows<Quaternion>(quaternion.second_argument),
      };
      rows<Angles>(angles.first_argument).forEach((a, i) => {
        const own = anglesToMatrix(...composeAngles(a, second.angles[i]));
        compare(measure, `angles ${i} to matrix`, own, anglesToMatrix(...rows<Angles>(angles.out)[i]));
      });
      rows<Quaternion>(quaternion.first_argument).forEach((a, i) => {
        const own = composeQuaternion(a, second.quaternion[i]);
        compareQuaternion(measure, `quaternion ${i}`, own, rows(quaternion.out)[i]);
      });
      const turn = (axis: string, angle: string, i: number) => ({
        axis: rows<Vector3>(turns[axis])[i],
        angle: flat(turns[angle])[i],
      });
      rows(turns.axis1).forEach((_, i) => {
        const own = composeAxisAngle(turn('axis1', 'angle1', i), turn('axis2', 'angle2', i));
        const expected = turn('axis', 'angle', i);
        const matrix = axisAngleToMatrix(expected.axis, expected.angle);
        compare(measure, `axis_angle ${i} to matrix`, axisAngleToMatrix(own.axis, own.angle), matrix);
      });
    },
    sphere({ xyz, alpha, beta, to_xyz: to }, measure) {
      const angles = rows<Vector3>(xyz).map((point) => xyzToAngles(...point));
      compare(
        measure,
        'alpha',
        angles.map(([a]) => a),
        alpha,
      );
      compare(
        measure,
        'beta',
        angles.map(([, b]) => b),
        beta,
      );
      const betas = flat(to.beta);
      compare(
        measure,
        'xyz',
        flat(to.alpha).flatMap((a, i) => [...anglesToXyz(a, betas[i])]),
        to.xyz,
      );
    },
    D_from_matrix({ matrices, cases: list }, measure) {
      for (const { name, irreps, D } of list) {
        const actual = rows<Matrix3>(matrices).flatMap((matrix) => [...Irreps.parse(irreps).D({ matrix })]);
        compare(measure, name, actual, D);
      }
    },
    D_from_angles_with_k({ irreps, angles, k, D }, measure) {
      const inversions = flat(k);
      const actual = rows<Angles>(angles).flatMap((a, i) => [
        ...Irreps.parse(irreps).D({ angles: a }, inversions[i]),
      ]);
      compare(measure, 'D', actual, D);
    },
    D_from_quaternion({ irreps, quaternion, D }, measure) {
      const actual = rows<Quaternion>(quaternion).flatMap((q) => [
        ...Irreps.parse(irreps).D({ quaternion: q }),
      ]);
      compare(measure, 'D', actual, D);
    },
    so3_generators(list, measure) {
      for (const [l, expected] of Object.entries<Json>(list))
        compare(measure, l, so3Generators(Number(l)), expected);
    },
    change_basis_real_to_complex(list, measure) {
      for (const [l, expected] of Object.entries<Json>(list)) {
        const { re, im } = changeBasisRealToComplex(Number(l));
        compare(measure, `${l} re`, re, expected.re);
        compare(measure, `${l} im`, im, expected.im);
      }
    },
  };
  return [
    ...each<Json>(json.cases, (c) => c.name, rotation),
    ...Object.entries(lists).flatMap(([name, run]) => each(json[name] ? [json[name]] : [], () => name, run)),
  ];
}
