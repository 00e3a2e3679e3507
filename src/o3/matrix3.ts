/** 3x3 matrices: the rotations about the axes, products, and the check that a matrix is orthogonal. */

/** A 3x3 matrix: nine numbers, row-major, acting on column vectors. */
export type Matrix3 = readonly number[];

/** Largest entry of |M M^T - 1| in a matrix that passes as orthogonal; float32 matrices do. */
const ORTHOGONAL = 1e-4;

/**
 * Rotation by an angle about the x axis (e3nn `matrix_x`).
 * @example
 * ```ts
 * import { matrixX } from 'clebsch';
 * matrixX(Math.PI / 2); // => [1, 0, 0, 0, 0, -1, 0, 1, 0]
 * ```
 */
export function matrixX(angle: number): Matrix3 {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return [1, 0, 0, 0, c, -s, 0, s, c];
}

/**
 * Rotation by an angle about the y axis, the polar axis (e3nn `matrix_y`).
 * @example
 * ```ts
 * import { matrixY } from 'clebsch';
 * matrixY(Math.PI / 2); // => [0, 0, 1, 0, 1, 0, -1, 0, 0]
 * ```
 */
export function matrixY(angle: number): Matrix3 {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return [c, 0, s, 0, 1, 0, -s, 0, c];
}

/**
 * Rotation by an angle about the z axis (e3nn `matrix_z`).
 * @example
 * ```ts
 * import { matrixZ } from 'clebsch';
 * matrixZ(Math.PI / 2); // => [0, -1, 0, 1, 0, 0, 0, 0, 1]
 * ```
 */
export function matrixZ(angle: number): Matrix3 {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return [c, -s, 0, s, c, 0, 0, 0, 1];
}

/** The matrix product a b: b is applied first. */
export function multiply(a: Matrix3, b: Matrix3): Matrix3 {
  const out: number[] = [];
  for (let i = 0; i < 9; i += 3) {
    for (let j = 0; j < 3; j++) out.push(a[i] * b[j] + a[i + 1] * b[j + 3] + a[i + 2] * b[j + 6]);
  }
  return out;
}

/** The transpose: for a rotation, its inverse. */
export function transpose(m: Matrix3): Matrix3 {
  return [m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]];
}

/**
 * 1 for a rotation, -1 for a rotation times inversion.
 * @throws Error if the matrix is not nine numbers or not orthogonal (to 1e-4).
 */
export function determinantSign(m: Matrix3): 1 | -1 {
  if (m.length !== 9) throw new Error(`a 3x3 matrix is nine numbers, row-major; got ${m.length}.`);
  const identity = multiply(m, transpose(m));
  const error = Math.max(...identity.map((value, i) => Math.abs(value - (i % 4 === 0 ? 1 : 0))));
  if (!(error <= ORTHOGONAL)) {
    const size = `M M^T differs from 1 by ${error.toPrecision(2)}`;
    throw new Error(`not a rotation: ${size}. Orthonormalise the rows of [${m.join(', ')}] first.`);
  }
  const minors = [m[4] * m[8] - m[5] * m[7], m[5] * m[6] - m[3] * m[8], m[3] * m[7] - m[4] * m[6]];
  return m[0] * minors[0] + m[1] * minors[1] + m[2] * minors[2] > 0 ? 1 : -1;
}
