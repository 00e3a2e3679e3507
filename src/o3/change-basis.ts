/** Between the real basis of spherical harmonics that e3nn uses and the usual complex one. */

/** One nonzero q[m, r]: complex index m and real index r both count 0..2l for -l..l. */
export interface BasisEntry {
  readonly complex: number;
  readonly real: number;
  readonly re: number;
  readonly im: number;
}

const cache: BasisEntry[][][] = [];

/**
 * The nonzeros of `changeBasisRealToComplex(l)`, a list per complex index: one for m = 0, else two
 * (r = |m| and r = -|m|). Everything that changes basis stays linear in the size because of it.
 */
export function basisEntries(l: number): readonly (readonly BasisEntry[])[] {
  cache[l] ??= Array.from({ length: 2 * l + 1 }, (_, row) => entriesOfRow(l, row - l));
  return cache[l];
}

/**
 * The unitary q_l with Y_complex = q_l Y_real, row-major [2l+1, 2l+1] (complex m, real m), as its real
 * and imaginary part (e3nn `change_basis_real_to_complex`). Its phase (-i)^l makes the
 * Clebsch-Gordan coefficients of the real basis real numbers.
 *
 * q[m, |m|] = 1/sqrt2, q[m, -|m|] = -i/sqrt2 for m < 0; q[0, 0] = 1; q[m, m] = (-1)^m/sqrt2,
 * q[m, -m] = i(-1)^m/sqrt2 for m > 0 (Condon-Shortley phase), all times (-i)^l: see Homeier,
 * Steinborn, J. Mol. Struct. (Theochem) 368 (1996) 31, sec. 2.
 *
 * @example
 * ```ts
 * import { changeBasisRealToComplex } from 'clebsch';
 * [...changeBasisRealToComplex(1).im]; // => [0, 0, -0.7071067811865476, 0, -1, 0, 0, 0, 0.7071067811865476]
 * ```
 */
export function changeBasisRealToComplex(l: number): { re: Float64Array; im: Float64Array } {
  const dim = 2 * l + 1;
  const re = new Float64Array(dim * dim);
  const im = new Float64Array(dim * dim);
  for (const row of basisEntries(l)) {
    for (const entry of row) {
      re[entry.complex * dim + entry.real] = entry.re;
      im[entry.complex * dim + entry.real] = entry.im;
    }
  }
  return { re, im };
}

function entriesOfRow(l: number, m: number): BasisEntry[] {
  // (-i)^l, by the quarter turn it is.
  const [phaseRe, phaseIm] = [
    [1, 0],
    [0, -1],
    [-1, 0],
    [0, 1],
  ][l % 4];
  const entry = (r: number, re: number, im: number): BasisEntry => ({
    complex: m + l,
    real: r + l,
    // `+ 0` turns -0 into 0.
    re: re * phaseRe - im * phaseIm + 0,
    im: re * phaseIm + im * phaseRe + 0,
  });
  if (m === 0) return [entry(0, 1, 0)];
  const h = Math.SQRT1_2;
  if (m < 0) return [entry(m, 0, -h), entry(-m, h, 0)];
  const sign = m % 2 === 0 ? h : -h;
  return [entry(-m, 0, sign), entry(m, sign, 0)];
}
