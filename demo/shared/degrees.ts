import { anglesToMatrix, type Matrix3, matrixToAngles } from '../../src/index.ts';

/** Angles alpha, beta, gamma in degrees: a rotation as attributes and addresses have it. */
export type Degrees = readonly number[];

const RADIANS = Math.PI / 180;

/** R_y(alpha) R_x(beta) R_y(gamma). */
export function matrixOfDegrees([alpha, beta, gamma]: Degrees): Matrix3 {
  return anglesToMatrix(alpha * RADIANS, beta * RADIANS, gamma * RADIANS);
}

/** The angles of a rotation, in degrees with four decimals. */
export function degreesOf(matrix: Matrix3): Degrees {
  return matrixToAngles(matrix).map((angle) => Math.round((angle / RADIANS) * 1e4) / 1e4 + 0);
}
