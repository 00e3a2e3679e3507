/**
 * Rotations of space in their four representations, and the conversions between them (e3nn's
 * `o3/_rotation`). Angles are in radians. No conversion uses acos, which loses half of the digits
 * near 0 and pi: atan2 of a sine and a cosine does not.
 */
import { determinantSign, type Matrix3, matrixX, matrixY, multiply } from './matrix3.ts';

/** A vector (x, y, z). */
export type Vector3 = readonly [number, number, number];
/** (alpha, beta, gamma) for R = R_y(alpha) R_x(beta) R_y(gamma). */
export type Angles = readonly [number, number, number];
/** (w, x, y, z) = (cos, axis * sin) of half the angle; q and -q are the same rotation. */
export type Quaternion = readonly [number, number, number, number];
/** A right-handed turn by `angle` about the unit vector `axis`. */
export interface AxisAngle {
  readonly axis: Vector3;
  readonly angle: number;
}
/** A rotation in any representation; only a matrix may include inversion (determinant -1). */
export type Rotation =
  | { readonly matrix: Matrix3 }
  | { readonly angles: Angles }
  | { readonly quaternion: Quaternion }
  | AxisAngle;

/**
 * Any rotation as angles, and the inversions that come with it: 1 for a matrix of determinant -1,
 * which is then -1 times the rotation described, else 0.
 * @throws Error if a matrix is not orthogonal, a quaternion is zero or an axis has no direction.
 * @example
 * ```ts
 * import { rotationToAngles } from 'clebsch';
 * rotationToAngles({ matrix: [-1, 0, 0, 0, -1, 0, 0, 0, -1] }); // => {"angles":[0,0,0],"inversions":1}
 * ```
 */
export function rotationToAngles(rotation: Rotation): { angles: Angles; inversions: 0 | 1 } {
  if ('angles' in rotation) return { angles: rotation.angles, inversions: 0 };
  if ('quaternion' in rotation) return { angles: quaternionToAngles(rotation.quaternion), inversions: 0 };
  if ('axis' in rotation) return { angles: axisAngleToAngles(rotation.axis, rotation.angle), inversions: 0 };
  const proper = determinantSign(rotation.matrix) > 0;
  const matrix = proper ? rotation.matrix : rotation.matrix.map((value) => -value);
  return { angles: matrixToAngles(matrix), inversions: proper ? 0 : 1 };
}

/**
 * The point of the unit sphere at (alpha, beta): the y axis turned by R_y(alpha) R_x(beta)
 * (e3nn `angles_to_xyz`).
 * @example
 * ```ts
 * import { anglesToXyz } from 'clebsch';
 * anglesToXyz(Math.PI / 2, Math.PI / 2); // => [1, 0, 0]
 * ```
 */
export function anglesToXyz(alpha: number, beta: number): Vector3 {
  const s = Math.sin(beta);
  return [s * Math.sin(alpha), Math.cos(beta), s * Math.cos(alpha)];
}

/**
 * The angles (alpha, beta) of a vector's direction; alpha = 0 on the y axis, and the zero vector
 * gives (0, pi/2) as in e3nn (`xyz_to_angles`).
 * @example
 * ```ts
 * import { xyzToAngles } from 'clebsch';
 * xyzToAngles(2, 0, 0); // => [1.5707963267948966, 1.5707963267948966]
 * ```
 */
export function xyzToAngles(x: number, y: number, z: number): [alpha: number, beta: number] {
  // `+ 0` because atan2(0, -0) is pi.
  const alpha = Math.atan2(x + 0, z + 0);
  const across = Math.hypot(x, z);
  return [alpha, across === 0 && y === 0 ? Math.PI / 2 : Math.atan2(across, y)];
}

/**
 * R_y(alpha) R_x(beta) R_y(gamma) (e3nn `angles_to_matrix`).
 * @example
 * ```ts
 * import { anglesToMatrix } from 'clebsch';
 * anglesToMatrix(0, Math.PI / 2, 0); // => [1, 0, 0, 0, 0, -1, 0, 1, 0]
 * ```
 */
export function anglesToMatrix(alpha: number, beta: number, gamma: number): Matrix3 {
  return multiply(multiply(matrixY(alpha), matrixX(beta)), matrixY(gamma));
}

/**
 * The angles of a rotation matrix, beta in [0, pi] (e3nn `matrix_to_angles`). On the degenerate
 * circle beta = 0 or pi the whole turn goes into gamma and alpha is 0.
 * @throws Error if the matrix is not orthogonal with determinant 1.
 * @example
 * ```ts
 * import { matrixToAngles, matrixY } from 'clebsch';
 * matrixToAngles(matrixY(0.5)); // => [0, 0, 0.5]
 * ```
 */
export function matrixToAngles(matrix: Matrix3): Angles {
  if (determinantSign(matrix) < 0) {
    throw new Error('matrixToAngles: determinant -1. Angles hold no inversion; pass -M and count it in k.');
  }
  const [alpha, beta] = xyzToAngles(matrix[1], matrix[4], matrix[7]);
  // First row of R_y(-alpha) R is that of R_y(gamma), whatever beta: alpha's noise near beta = 0
  // is taken up by gamma, so that the product is right.
  const [c, s] = [Math.cos(alpha), Math.sin(alpha)];
  const gamma = Math.atan2(c * matrix[2] - s * matrix[8], c * matrix[0] - s * matrix[6]);
  return [alpha, beta, gamma + 0];
}

/**
 * The quaternion of R_y(alpha) R_x(beta) R_y(gamma) (e3nn `angles_to_quaternion`).
 * @example
 * ```ts
 * import { anglesToQuaternion } from 'clebsch';
 * anglesToQuaternion(0, Math.PI, 0); // => [0, 1, 0, 0]
 * ```
 */
export function anglesToQuaternion(alpha: number, beta: number, gamma: number): Quaternion {
  const [c, s] = [Math.cos(beta / 2), Math.sin(beta / 2)];
  const [sum, difference] = [(alpha + gamma) / 2, (alpha - gamma) / 2];
  return [c * Math.cos(sum), s * Math.cos(difference), c * Math.sin(sum), -s * Math.sin(difference)];
}

/**
 * The angles of a quaternion (need not be normalised), beta in [0, pi] (e3nn `quaternion_to_angles`).
 * @example
 * ```ts
 * import { quaternionToAngles } from 'clebsch';
 * quaternionToAngles([1, 0, 1, 0]); // => [0, 0, 1.5707963267948966]
 * ```
 */
export function quaternionToAngles(quaternion: Quaternion): Angles {
  return matrixToAngles(quaternionToMatrix(quaternion));
}

/**
 * The matrix of a quaternion (need not be normalised; e3nn `quaternion_to_matrix`).
 * @throws Error for the zero quaternion.
 * @example
 * ```ts
 * import { quaternionToMatrix } from 'clebsch';
 * quaternionToMatrix([1, 1, 0, 0]); // => [1, 0, 0, 0, 0, -1, 0, 1, 0]
 * ```
 */
export function quaternionToMatrix(quaternion: Quaternion): Matrix3 {
  const [w, x, y, z] = quaternion;
  const norm2 = w * w + x * x + y * y + z * z;
  if (!(norm2 > 0))
    throw new Error(`quaternionToMatrix: [${quaternion}] has no length, so it is no rotation.`);
  const s = 2 / norm2;
  return [
    [1 - s * (y * y + z * z), s * (x * y - w * z), s * (x * z + w * y)],
    [s * (x * y + w * z), 1 - s * (x * x + z * z), s * (y * z - w * x)],
    [s * (x * z - w * y), s * (y * z + w * x), 1 - s * (x * x + y * y)],
  ].flat();
}

/**
 * The unit quaternion of a rotation matrix, w >= 0 unless w is not its largest component
 * (e3nn `matrix_to_quaternion`). Starts from the largest component, so nothing cancels:
 * Shepperd, J. Guidance and Control 1 (1978) 223.
 * @throws Error if the matrix is not orthogonal with determinant 1.
 * @example
 * ```ts
 * import { matrixToQuaternion } from 'clebsch';
 * matrixToQuaternion([1, 0, 0, 0, -1, 0, 0, 0, -1]); // => [0, 1, 0, 0]
 * ```
 */
export function matrixToQuaternion(matrix: Matrix3): Quaternion {
  if (determinantSign(matrix) < 0) {
    throw new Error('matrixToQuaternion: determinant -1. A quaternion holds no inversion; pass -M instead.');
  }
  const [xx, xy, xz, yx, yy, yz, zx, zy, zz] = matrix;
  // Each row is 4 (w, x, y, z) times one of w, x, y, z.
  const rows: Quaternion[] = [
    [1 + xx + yy + zz, zy - yz, xz - zx, yx - xy],
    [zy - yz, 1 + xx - yy - zz, xy + yx, xz + zx],
    [xz - zx, xy + yx, 1 - xx + yy - zz, yz + zy],
    [yx - xy, xz + zx, yz + zy, 1 - xx - yy + zz],
  ];
  const best = [0, 1, 2, 3].reduce((a, b) => (rows[b][b] > rows[a][a] ? b : a));
  const [w, x, y, z] = rows[best];
  const length = Math.hypot(w, x, y, z);
  return [w / length, x / length, y / length, z / length];
}

/**
 * The quaternion of a turn about an axis of any length (e3nn `axis_angle_to_quaternion`).
 * @throws Error for an axis of length zero, unless the angle is zero as well.
 * @example
 * ```ts
 * import { axisAngleToQuaternion } from 'clebsch';
 * axisAngleToQuaternion([0, 2, 0], Math.PI); // => [0, 0, 1, 0]
 * ```
 */
export function axisAngleToQuaternion(axis: Vector3, angle: number): Quaternion {
  const length = Math.hypot(...axis);
  if (angle === 0) return [1, 0, 0, 0];
  if (!(length > 0))
    throw new Error(`axis-angle: the axis [${axis}] has no length, so it gives no direction.`);
  const s = Math.sin(angle / 2) / length;
  return [Math.cos(angle / 2), s * axis[0], s * axis[1], s * axis[2]];
}

/**
 * Axis and angle in [0, 2 pi] of a quaternion (e3nn `quaternion_to_axis_angle`). The identity has no
 * axis: y, the polar axis, is returned for it.
 * @example
 * ```ts
 * import { quaternionToAxisAngle } from 'clebsch';
 * quaternionToAxisAngle([0, 0, 0, 2]); // => {"axis":[0,0,1],"angle":3.141592653589793}
 * ```
 */
export function quaternionToAxisAngle(quaternion: Quaternion): AxisAngle {
  const [w, x, y, z] = quaternion;
  const sine = Math.hypot(x, y, z);
  const angle = 2 * Math.atan2(sine, w);
  return { axis: sine === 0 ? [0, 1, 0] : [x / sine, y / sine, z / sine], angle };
}

/**
 * Axis and angle of a rotation matrix (e3nn `matrix_to_axis_angle`).
 * @example
 * ```ts
 * import { matrixToAxisAngle } from 'clebsch';
 * matrixToAxisAngle([-1, 0, 0, 0, 1, 0, 0, 0, -1]); // => {"axis":[0,1,0],"angle":3.141592653589793}
 * ```
 */
export function matrixToAxisAngle(matrix: Matrix3): AxisAngle {
  return shorterTurn(matrixToQuaternion(matrix));
}

/**
 * Axis and angle of (alpha, beta, gamma) (e3nn `angles_to_axis_angle`).
 * @example
 * ```ts
 * import { anglesToAxisAngle } from 'clebsch';
 * anglesToAxisAngle(0, 0.5, 0); // => {"axis":[1,0,0],"angle":0.5}
 * ```
 */
export function anglesToAxisAngle(alpha: number, beta: number, gamma: number): AxisAngle {
  return shorterTurn(anglesToQuaternion(alpha, beta, gamma));
}

/** Of the two turns that a quaternion stands for, up to its sign, the one by at most pi. */
function shorterTurn([w, x, y, z]: Quaternion): AxisAngle {
  return quaternionToAxisAngle(w < 0 ? [-w, -x, -y, -z] : [w, x, y, z]);
}

/**
 * The matrix of a turn about an axis of any length (e3nn `axis_angle_to_matrix`).
 * @example
 * ```ts
 * import { axisAngleToMatrix } from 'clebsch';
 * axisAngleToMatrix([0, 0, 3], Math.PI / 2); // => [0, -1, 0, 1, 0, 0, 0, 0, 1]
 * ```
 */
export function axisAngleToMatrix(axis: Vector3, angle: number): Matrix3 {
  return quaternionToMatrix(axisAngleToQuaternion(axis, angle));
}

/**
 * The angles of a turn about an axis of any length (e3nn `axis_angle_to_angles`).
 * @example
 * ```ts
 * import { axisAngleToAngles } from 'clebsch';
 * axisAngleToAngles([1, 0, 0], 0.5); // => [0, 0.5, 0]
 * ```
 */
export function axisAngleToAngles(axis: Vector3, angle: number): Angles {
  return matrixToAngles(axisAngleToMatrix(axis, angle));
}
