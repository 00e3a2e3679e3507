/** The matrices by which rotations act on the irreps, in e3nn's real basis. */
import { binomial } from './binomial.ts';
import { basisEntries } from './change-basis.ts';
import type { Matrix3 } from './matrix3.ts';
import { rotationToAngles } from './rotation.ts';

const swaps: Float64Array[] = [];

/**
 * The generators X_0, X_1, X_2 of rotations about x, y, z: real antisymmetric, row-major
 * [3, 2l+1, 2l+1], with [X_0, X_1] = X_2 and cyclic (e3nn `so3_generators`).
 *
 * X = q^dagger conj(-i J) q with the su(2) matrices J_z = m and J_+- = sqrt(l(l+1) - m(m+-1)), where
 * the axes (z, x, y) of space play the part of the usual (x, y, z); the conjugate because these act on
 * the values Y(R x), not on the functions.
 *
 * @throws Error unless l is an integer >= 0.
 * @example
 * ```ts
 * import { so3Generators } from 'clebsch';
 * [...so3Generators(1).subarray(9, 18)]; // => [0, 0, 1, 0, 0, 0, -1, 0, 0]
 * ```
 */
export function so3Generators(l: number): Float64Array {
  checkDegree('so3Generators', l);
  const dim = 2 * l + 1;
  const out = new Float64Array(3 * dim * dim);
  for (let m = -l; m <= l; m++) {
    addTransformed(out, 1, l, m, m, 0, m);
    if (m === l) continue;
    // J_x = (J_+ + J_-)/2 and J_y = (J_+ - J_-)/2i have the same ladder element at (m+1, m) and (m, m+1).
    const ladder = Math.sqrt(l * (l + 1) - m * (m + 1)) / 2;
    addTransformed(out, 2, l, m + 1, m, 0, ladder);
    addTransformed(out, 2, l, m, m + 1, 0, ladder);
    addTransformed(out, 0, l, m + 1, m, -ladder, 0);
    addTransformed(out, 0, l, m, m + 1, ladder, 0);
  }
  return out;
}

/**
 * D^l of R = R_y(alpha) R_x(beta) R_y(gamma), row-major [2l+1, 2l+1], angles in radians (e3nn
 * `wigner_D`): Y^l(R x) = D^l(R) Y^l(x), and D^1(R) = R.
 *
 * D = Z(alpha) J Z(beta) J Z(gamma), where Z turns about the polar axis y (a 2x2 turn by m times the
 * angle for each pair +-m) and J = D^l of the half turn that swaps x and y, a constant of exact square
 * roots: Pinchon, Hoggan, J. Phys. A 40 (2007) 1597, sec. 3. Only sines, cosines and two products
 * of orthogonal matrices: about 1e-15 l in error at any l, where a matrix exponential loses digits.
 *
 * @throws Error unless l is an integer >= 0.
 * @example
 * ```ts
 * import { wignerD } from 'clebsch';
 * [...wignerD(1, Math.PI / 2, 0, 0)]; // => [0, 0, 1, 0, 1, 0, -1, 0, 0]
 * ```
 */
export function wignerD(l: number, alpha: number, beta: number, gamma: number): Float64Array {
  checkDegree('wignerD', l);
  const dim = 2 * l + 1;
  const swap = swapMatrix(l);
  const turned = swap.slice();
  turnRows(turned, l, Math.cos(beta), Math.sin(beta));
  const out = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) {
    for (let k = 0; k < dim; k++) {
      const factor = swap[i * dim + k];
      if (factor === 0) continue;
      for (let j = 0; j < dim; j++) out[i * dim + j] += factor * turned[k * dim + j];
    }
  }
  turnRows(out, l, Math.cos(alpha), Math.sin(alpha));
  turnColumns(out, l, Math.cos(gamma), Math.sin(gamma));
  return out;
}

/**
 * D^l of an orthogonal matrix, row-major [2l+1, 2l+1]: D^l(R) for a rotation and p D^l(-M) for a matrix
 * of determinant -1, which needs the irrep's parity p (e3nn `Irrep.D_from_matrix`).
 *
 * @throws Error if the matrix is not orthogonal, or has determinant -1 and p is not given.
 * @example
 * ```ts
 * import { wignerDFromMatrix } from 'clebsch';
 * [...wignerDFromMatrix(0, [-1, 0, 0, 0, -1, 0, 0, 0, -1], -1)]; // => [-1]
 * ```
 */
export function wignerDFromMatrix(l: number, matrix: Matrix3, p?: 1 | -1): Float64Array {
  const { angles, inversions } = rotationToAngles({ matrix });
  if (inversions === 1 && p === undefined) {
    throw new Error(
      `wignerDFromMatrix(${l}, M): det M is -1, so the parity p (1 or -1) is needed as third argument.`,
    );
  }
  const out = wignerD(l, ...angles);
  return inversions === 1 && p === -1 ? out.map((value) => -value) : out;
}

/** D^l of the half turn about (1, 1, 0), which swaps x and y: symmetric, its own inverse. */
function swapMatrix(l: number): Float64Array {
  if (swaps[l] === undefined) {
    const dim = 2 * l + 1;
    const out = new Float64Array(dim * dim);
    for (let m = -l; m <= l; m++) {
      for (let n = -l; n <= l; n++) addTransformed(out, 0, l, m, n, quarterTurn(l, m, n), 0);
    }
    // swap = R_y(pi/2) R_x(pi/2) R_y(pi/2), with cos 0 and sin 1 exactly.
    turnRows(out, l, 0, 1);
    turnColumns(out, l, 0, 1);
    swaps[l] = out;
  }
  return swaps[l];
}

/**
 * d^l_mn(pi/2): 2^-l sqrt((2l over l+n)/(2l over l+m)) times an alternating sum of products of
 * binomials, an integer below 2^2l: exact in a double for l <= 26 (Varshalovich et al., "Quantum theory
 * of angular momentum" (1988), sec. 4.3.1, at beta = pi/2).
 */
function quarterTurn(l: number, m: number, n: number): number {
  let sum = 0;
  for (let s = Math.max(0, n - m); s <= Math.min(l + n, l - m); s++) {
    const term = binomial(l + n, s) * binomial(l - n, l - m - s);
    sum += (m - n + s) % 2 === 0 ? term : -term;
  }
  return (sum * Math.sqrt(binomial(2 * l, l + n) / binomial(2 * l, l + m))) / 2 ** l;
}

/** matrix <- Z matrix, Z the turn about y by the angle with this cosine and sine. */
function turnRows(matrix: Float64Array, l: number, cosine: number, sine: number): void {
  const dim = 2 * l + 1;
  // cos and sin of m times the angle, as powers of (cosine + i sine): consistent with each other.
  let [c, s] = [cosine, sine];
  for (let m = 1; m <= l; m++) {
    for (let j = 0; j < dim; j++) {
      const [minus, plus] = [(l - m) * dim + j, (l + m) * dim + j];
      const [a, b] = [matrix[minus], matrix[plus]];
      matrix[minus] = c * a + s * b;
      matrix[plus] = c * b - s * a;
    }
    [c, s] = [c * cosine - s * sine, s * cosine + c * sine];
  }
}

/** matrix <- matrix Z, Z the turn about y by the angle with this cosine and sine. */
function turnColumns(matrix: Float64Array, l: number, cosine: number, sine: number): void {
  const dim = 2 * l + 1;
  let [c, s] = [cosine, sine];
  for (let m = 1; m <= l; m++) {
    for (let i = 0; i < dim; i++) {
      const [minus, plus] = [i * dim + l - m, i * dim + l + m];
      const [a, b] = [matrix[minus], matrix[plus]];
      matrix[minus] = c * a - s * b;
      matrix[plus] = c * b + s * a;
    }
    [c, s] = [c * cosine - s * sine, s * cosine + c * sine];
  }
}

/** Adds q^dagger E q to matrix number `slot` of `out`, E with re + i im at (m, n) and zero elsewhere. */
function addTransformed(
  out: Float64Array,
  slot: number,
  l: number,
  m: number,
  n: number,
  re: number,
  im: number,
): void {
  const dim = 2 * l + 1;
  const q = basisEntries(l);
  for (const a of q[m + l]) {
    for (const b of q[n + l]) {
      const realPart = a.re * b.re + a.im * b.im;
      const imaginaryPart = a.re * b.im - a.im * b.re;
      out[(slot * dim + a.real) * dim + b.real] += realPart * re - imaginaryPart * im;
    }
  }
}

function checkDegree(caller: string, l: number): void {
  if (!Number.isSafeInteger(l) || l < 0)
    throw new Error(`${caller}: l is ${l}, but must be an integer >= 0.`);
}
