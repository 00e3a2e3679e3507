/** Normalised associated Legendre functions, the y-dependence of the spherical harmonics. */

/** Factors of the recurrence below, rows grown on demand; both indexed by rowStart(l) + m. */
const factors: { first: number[]; second: number[] } = { first: [], second: [] };
let rows = 0;

/** Where row l starts in a triangle that stores m = 0..l for l = 0, 1, 2, ... */
export function rowStart(l: number): number {
  return (l * (l + 1)) / 2;
}

/**
 * Q_lm(y, r^2) for 0 <= m <= l <= lmax, at rowStart(l) + m: the polynomials with
 * Q_lm(cos b, 1) sin^m b = sqrt((2l+1) (l-m)!/(l+m)!) P_l^m(cos b), no Condon-Shortley phase,
 * made homogeneous of degree l - m by r^2.
 *
 * Forward column recurrence in l (Holmes, Featherstone, J. Geodesy 76 (2002) 279, eq. 11, with
 * sin^m taken out), stable for every y; the factorials stay inside square roots of small ratios.
 */
export function legendreTriangle(lmax: number, y: number, r2: number): Float64Array {
  growFactors(lmax);
  const { first, second } = factors;
  const q = new Float64Array(rowStart(lmax + 1));
  q[0] = 1;
  for (let l = 1; l <= lmax; l++) {
    const [row, above, above2] = [rowStart(l), rowStart(l - 1), rowStart(l - 2)];
    for (let m = 0; m < l; m++) {
      const older = m < l - 1 ? second[row + m] * r2 * q[above2 + m] : 0;
      q[row + m] = first[row + m] * y * q[above + m] - older;
    }
    q[row + l] = first[row + l] * q[above + l - 1];
  }
  return q;
}

/**
 * The Legendre part of integral-normalised harmonics for one angle: sum(2l+1) numbers, for each l of
 * the list and m = -l..l the value sqrt((2l+1)/4pi (l-|m|)!/(l+|m|)!) P_l^|m|(cosBeta), which is
 * Y^l_m without its sqrt2 sin or cos factor (e3nn `Legendre`).
 *
 * @example
 * ```ts
 * import { legendre } from 'clebsch';
 * [...legendre([1], 0, 1)].map((p) => p * p * 8 * Math.PI); // => [3, 0, 3]
 * ```
 */
export function legendre(ls: readonly number[], cosBeta: number, sinBeta: number): Float64Array {
  const q = legendreTriangle(Math.max(0, ...ls), cosBeta, cosBeta * cosBeta + sinBeta * sinBeta);
  const scale = 1 / Math.sqrt(4 * Math.PI);
  const out: number[] = [];
  for (const l of ls) {
    for (let m = -l; m <= l; m++) out.push(scale * q[rowStart(l) + Math.abs(m)] * sinBeta ** Math.abs(m));
  }
  return Float64Array.from(out);
}

function growFactors(lmax: number): void {
  for (; rows <= lmax; rows++) {
    const l = rows;
    for (let m = 0; m < l; m++) {
      const d = (l - m) * (l + m);
      factors.first.push(Math.sqrt(((2 * l - 1) * (2 * l + 1)) / d));
      factors.second.push(Math.sqrt(((2 * l + 1) * (l - 1 - m) * (l - 1 + m)) / ((2 * l - 3) * d)));
    }
    // The diagonal: Q_ll from Q_(l-1)(l-1).
    factors.first.push(l === 0 ? 1 : Math.sqrt((2 * l + 1) / (2 * l)));
    factors.second.push(0);
  }
}
