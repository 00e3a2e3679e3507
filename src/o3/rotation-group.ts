/**
 * The group of rotations: identity, inverse, product and random elements, for each representation.
 * `compose*(a, b)` is a after b: b is applied first.
 */
import { type Matrix3, multiply, transpose } from './matrix3.ts';
import type { Random } from './random.ts';
import {
  type Angles,
  type AxisAngle,
  anglesToMatrix,
  axisAngleToQuaternion,
  matrixToAngles,
  type Quaternion,
  quaternionToAxisAngle,
  quaternionToMatrix,
} from './rotation.ts';

/**
 * The identity as angles (e3nn `identity_angles`).
 * @example
 * ```ts
 * import { identityAngles } from 'clebsch';
 * identityAngles(); // => [0, 0, 0]
 * ```
 */
export function identityAngles(): Angles {
  return [0, 0, 0];
}

/**
 * The identity as a quaternion (e3nn `identity_quaternion`).
 * @example
 * ```ts
 * import { identityQuaternion } from 'clebsch';
 * identityQuaternion(); // => [1, 0, 0, 0]
 * ```
 */
export function identityQuaternion(): Quaternion {
  return [1, 0, 0, 0];
}

/**
 * The inverse rotation (e3nn `inverse_angles`).
 * @example
 * ```ts
 * import { inverseAngles } from 'clebsch';
 * inverseAngles([1, 2, 3]); // => [-3, -2, -1]
 * ```
 */
export function inverseAngles([alpha, beta, gamma]: Angles): Angles {
  return [-gamma, -beta, -alpha];
}

/**
 * The inverse of a unit quaternion, its conjugate (e3nn `inverse_quaternion`).
 * @example
 * ```ts
 * import { inverseQuaternion } from 'clebsch';
 * inverseQuaternion([0.6, 0.8, 0, 0]); // => [0.6, -0.8, 0, 0]
 * ```
 */
export function inverseQuaternion([w, x, y, z]: Quaternion): Quaternion {
  return [w, -x, -y, -z];
}

/**
 * The inverse of an orthogonal matrix, its transpose.
 * @example
 * ```ts
 * import { inverseMatrix } from 'clebsch';
 * inverseMatrix([0, -1, 0, 1, 0, 0, 0, 0, 1]); // => [0, 1, 0, -1, 0, 0, 0, 0, 1]
 * ```
 */
export function inverseMatrix(matrix: Matrix3): Matrix3 {
  return transpose(matrix);
}

/**
 * The inverse turn: the same axis, the opposite angle.
 * @example
 * ```ts
 * import { inverseAxisAngle } from 'clebsch';
 * inverseAxisAngle({ axis: [0, 1, 0], angle: 2 }); // => {"axis":[0,1,0],"angle":-2}
 * ```
 */
export function inverseAxisAngle({ axis, angle }: AxisAngle): AxisAngle {
  return { axis, angle: -angle };
}

/**
 * a after b, as matrices.
 * @example
 * ```ts
 * import { composeMatrix } from 'clebsch';
 * composeMatrix([0, -1, 0, 1, 0, 0, 0, 0, 1], [0, -1, 0, 1, 0, 0, 0, 0, 1]); // => [-1,0,0,0,-1,0,0,0,1]
 * ```
 */
export function composeMatrix(a: Matrix3, b: Matrix3): Matrix3 {
  return multiply(a, b);
}

/**
 * a after b, as angles (e3nn `compose_angles`).
 * @example
 * ```ts
 * import { composeAngles } from 'clebsch';
 * composeAngles([0.5, 0, 0], [0.25, 0, 0]); // => [0, 0, 0.75]
 * ```
 */
export function composeAngles(a: Angles, b: Angles): Angles {
  return matrixToAngles(multiply(anglesToMatrix(...a), anglesToMatrix(...b)));
}

/**
 * a after b, as quaternions: Hamilton's product (e3nn `compose_quaternion`).
 * @example
 * ```ts
 * import { composeQuaternion } from 'clebsch';
 * composeQuaternion([0, 1, 0, 0], [0, 0, 1, 0]); // => [0, 0, 0, 1]
 * ```
 */
export function composeQuaternion(a: Quaternion, b: Quaternion): Quaternion {
  const [aw, ax, ay, az] = a;
  const [bw, bx, by, bz] = b;
  return [
    aw * bw - ax * bx - ay * by - az * bz,
    aw * bx + ax * bw + ay * bz - az * by,
    aw * by - ax * bz + ay * bw + az * bx,
    aw * bz + ax * by - ay * bx + az * bw,
  ];
}

/**
 * a after b, as axis and angle in [0, 2 pi] (e3nn `compose_axis_angle`).
 * @example
 * ```ts
 * import { composeAxisAngle } from 'clebsch';
 * composeAxisAngle({ axis: [0, 1, 0], angle: 1 }, { axis: [0, 1, 0], angle: 0.5 }).angle; // => 1.5
 * ```
 */
export function composeAxisAngle(a: AxisAngle, b: AxisAngle): AxisAngle {
  const [first, second] = [axisAngleToQuaternion(a.axis, a.angle), axisAngleToQuaternion(b.axis, b.angle)];
  return quaternionToAxisAngle(composeQuaternion(first, second));
}

/**
 * A rotation drawn from the uniform (Haar) measure: four normal numbers, normalised (Marsaglia,
 * Ann. Math. Statist. 43 (1972) 645; e3nn `rand_quaternion`).
 * @example
 * ```ts
 * import { Random, randQuaternion } from 'clebsch';
 * Math.hypot(...randQuaternion(new Random(1))); // => 1
 * ```
 */
export function randQuaternion(random: Random): Quaternion {
  const [w, x, y, z] = random.normals(4);
  const length = Math.hypot(w, x, y, z);
  return [w / length, x / length, y / length, z / length];
}

/**
 * A uniformly random rotation matrix (e3nn `rand_matrix`).
 * @example
 * ```ts
 * import { matrixToAngles, Random, randMatrix } from 'clebsch';
 * matrixToAngles(randMatrix(new Random(1))).length; // => 3
 * ```
 */
export function randMatrix(random: Random): Matrix3 {
  return quaternionToMatrix(randQuaternion(random));
}

/**
 * The angles of a uniformly random rotation: alpha, gamma in [0, 2 pi), beta in [0, pi] (e3nn `rand_angles`).
 * @example
 * ```ts
 * import { Random, randAngles } from 'clebsch';
 * randAngles(new Random(1)).length; // => 3
 * ```
 */
export function randAngles(random: Random): Angles {
  const [alpha, gamma] = [2 * Math.PI * random.uniform(), 2 * Math.PI * random.uniform()];
  const cosine = 2 * random.uniform() - 1;
  return [alpha, Math.atan2(Math.sqrt((1 - cosine) * (1 + cosine)), cosine), gamma];
}

/**
 * Axis and angle of a uniformly random rotation (e3nn `rand_axis_angle`).
 * @example
 * ```ts
 * import { Random, randAxisAngle } from 'clebsch';
 * Math.hypot(...randAxisAngle(new Random(1)).axis); // => 1
 * ```
 */
export function randAxisAngle(random: Random): AxisAngle {
  return quaternionToAxisAngle(randQuaternion(random));
}
