/** Real spherical harmonics in e3nn's basis: polar axis y, components m = -l..l. */
import { Irrep } from './irrep.ts';
import { Irreps, type IrrepsLike } from './irreps.ts';
import { legendreTriangle, rowStart } from './legendre.ts';

/**
 * Length of Y^l on the unit sphere: "component" sqrt(2l+1) (so that each component has mean square 1),
 * "norm" 1, "integral" sqrt((2l+1)/4pi) (so that they are orthonormal under integration).
 */
export type Normalization = 'integral' | 'component' | 'norm';

/** How `sphericalHarmonics` treats its input and scales its output. */
export interface SphericalHarmonicsOptions {
  /** Divide the vectors by max(|x|, 1e-12) first; without, Y^l is a polynomial of degree l. */
  readonly normalize: boolean;
  /** Default "integral", as in e3nn. */
  readonly normalization?: Normalization;
}

/** Vectors shorter than this are divided by it instead of by their length (e3nn's value). */
const SHORTEST = 1e-12;

/**
 * Spherical harmonics of n vectors, row-major [n, sum(2l+1)] (e3nn `spherical_harmonics`).
 *
 * At x = 0 with `normalize`, Y^0 is its constant and all others are 0.
 *
 * @param degrees one l, a list (repeats and any order allowed), or irreps such as "0e+1o+2e"
 * @param xyz n vectors, row-major [n, 3]
 * @throws Error if the length is no multiple of 3, a degree is invalid or the irreps' parities fit
 * neither a vector (1o) nor a pseudovector (1e).
 * @example
 * ```ts
 * import { sphericalHarmonics } from 'clebsch';
 * [...sphericalHarmonics([0, 1], [0, 2, 0], { normalize: true, normalization: 'norm' })]; // => [1, 0, 1, 0]
 * ```
 */
export function sphericalHarmonics(
  degrees: number | readonly number[] | Irreps | string,
  xyz: ArrayLike<number>,
  options: SphericalHarmonicsOptions,
): Float64Array {
  if (xyz.length % 3 !== 0) {
    throw new Error(`sphericalHarmonics: got ${xyz.length} numbers, but vectors come in threes (x, y, z).`);
  }
  const ls = listDegrees(degrees);
  const lmax = Math.max(0, ...ls);
  const factors = ls.map((l) => harmonicsScale(l, options.normalization ?? 'integral'));
  const out = new Float64Array((xyz.length / 3) * ls.reduce((sum, l) => sum + 2 * l + 1, 0));
  let at = 0;
  for (let n = 0; n < xyz.length; n += 3) {
    const length = options.normalize ? Math.max(Math.hypot(xyz[n], xyz[n + 1], xyz[n + 2]), SHORTEST) : 1;
    const solid = solidHarmonics(lmax, xyz[n] / length, xyz[n + 1] / length, xyz[n + 2] / length);
    ls.forEach((l, i) => {
      for (let k = l * l; k < (l + 1) * (l + 1); k++) out[at++] = solid[k] * factors[i];
    });
  }
  return out;
}

/**
 * The homogeneous harmonic polynomials of one point up to lmax, component normalisation:
 * [(lmax+1)^2] numbers, Y^l_m at l^2 + l + m.
 *
 * Y^l_m = Q_lm(y, r^2) times sqrt2 Im (z+ix)^|m| for m < 0, 1 for m = 0, sqrt2 Re (z+ix)^m for m > 0.
 * No division by a length or a sine: exact on the axes and at the origin.
 *
 * @example
 * ```ts
 * import { solidHarmonics } from 'clebsch';
 * [...solidHarmonics(1, 1, 2, 3)].map((y) => y * y); // => [1, 3, 12, 27]
 * ```
 */
export function solidHarmonics(lmax: number, x: number, y: number, z: number): Float64Array {
  const q = legendreTriangle(lmax, y, x * x + y * y + z * z);
  const out = new Float64Array((lmax + 1) * (lmax + 1));
  let [cos, sin] = [1, 0];
  for (let m = 0; m <= lmax; m++) {
    for (let l = m; l <= lmax; l++) {
      const value = q[rowStart(l) + m];
      if (m > 0) out[l * l + l - m] = Math.SQRT2 * value * sin;
      out[l * l + l + m] = m > 0 ? Math.SQRT2 * value * cos : value;
    }
    [cos, sin] = [cos * z - sin * x, cos * x + sin * z];
  }
  return out;
}

/**
 * The number a_l = (2l+1)/sqrt(l), l >= 1, of the recurrence (component normalisation)
 * Y^l_m(x) = a_l sum_{m',a} C(l-1,1,l)[m',a,m] Y^(l-1)_m'(x) x_a, with C = `wigner3j`.
 * It follows from x = (0,1,0), where Y^l = sqrt(2l+1) at m = 0. The gradient is the same sum with x
 * taken off: dY^l_m/dx_a = l a_l sum_m' C(l-1,1,l)[m',a,m] Y^(l-1)_m'.
 *
 * @example
 * ```ts
 * import { harmonicsRecurrence } from 'clebsch';
 * harmonicsRecurrence(4); // => 4.5
 * ```
 */
export function harmonicsRecurrence(l: number): number {
  if (!Number.isSafeInteger(l) || l < 1) {
    throw new Error(`harmonicsRecurrence: l is ${l}, but the recurrence starts at l = 1.`);
  }
  return (2 * l + 1) / Math.sqrt(l);
}

/**
 * The factor that takes Y^l from component normalisation to another one.
 *
 * @example
 * ```ts
 * import { harmonicsScale } from 'clebsch';
 * harmonicsScale(4, 'norm'); // => 0.3333333333333333
 * ```
 */
export function harmonicsScale(l: number, normalization: Normalization): number {
  switch (normalization) {
    case 'component':
      return 1;
    case 'norm':
      return 1 / Math.sqrt(2 * l + 1);
    case 'integral':
      return 1 / Math.sqrt(4 * Math.PI);
    default:
      throw new Error(`normalization is "${normalization}"; use "integral", "component" or "norm".`);
  }
}

/**
 * The irreps of the input for which `irrepsOut` are spherical harmonics: 1o for a vector, 1e for a
 * pseudovector (e3nn `SphericalHarmonics`).
 *
 * @param irrepsIn what the input is; by default 1e if an even irrep of odd degree occurs, else 1o
 * @throws Error naming the block whose parity is not p^l.
 * @example
 * ```ts
 * import { harmonicsInput } from 'clebsch';
 * harmonicsInput('0e+1e+2e').toString(); // => "1e"
 * ```
 */
export function harmonicsInput(irrepsOut: IrrepsLike, irrepsIn?: Irrep | string): Irrep {
  const out = Irreps.parse(irrepsOut);
  const pseudo = out.blocks.some(({ ir }) => ir.l % 2 === 1 && ir.p === 1);
  const input = Irrep.parse(irrepsIn ?? (pseudo ? '1e' : '1o'));
  if (input.l !== 1) throw new Error(`sphericalHarmonics: the input is ${input}, but must be 1o or 1e.`);
  out.blocks.forEach(({ ir }, i) => {
    const expected = Irrep.of(ir.l, ir.l % 2 === 0 ? 1 : input.p);
    if (!ir.equals(expected)) {
      const why = `block ${i} of "${out}" is ${ir}, but of an input ${input} the harmonics are ${expected}`;
      throw new Error(`sphericalHarmonics: ${why}.`);
    }
  });
  return input;
}

function listDegrees(degrees: number | readonly number[] | Irreps | string): readonly number[] {
  if (typeof degrees === 'string' || degrees instanceof Irreps) {
    harmonicsInput(degrees);
    return Irreps.parse(degrees).ls;
  }
  const ls = typeof degrees === 'number' ? [degrees] : degrees;
  for (const l of ls) {
    if (!Number.isSafeInteger(l) || l < 0) {
      throw new Error(`sphericalHarmonics: the degree ${l} is not an integer >= 0.`);
    }
  }
  return ls;
}
