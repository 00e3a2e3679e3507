/** Spherical harmonics from the angles alpha and beta, and their factor in alpha. */
import { anglesToXyz } from './rotation.ts';
import { type Normalization, sphericalHarmonics } from './spherical-harmonics.ts';

/**
 * The factor in alpha of the harmonics, for one angle: 2 lmax + 1 numbers, for m = -lmax..lmax
 * sqrt2 sin(|m| alpha), 1, sqrt2 cos(m alpha) (e3nn `spherical_harmonics_alpha`).
 *
 * @example
 * ```ts
 * import { sphericalHarmonicsAlpha } from 'clebsch';
 * [...sphericalHarmonicsAlpha(1, Math.PI / 2)]; // => [1.4142135623730951, 1, 0]
 * ```
 */
export function sphericalHarmonicsAlpha(lmax: number, alpha: number): Float64Array {
  const out = new Float64Array(2 * lmax + 1);
  out[lmax] = 1;
  for (let m = 1; m <= lmax; m++) {
    out[lmax - m] = Math.SQRT2 * Math.sin(m * alpha);
    out[lmax + m] = Math.SQRT2 * Math.cos(m * alpha);
  }
  return out;
}

/**
 * Spherical harmonics at n points of the unit sphere given by angles, row-major [n, sum(2l+1)]
 * (e3nn `spherical_harmonics_alpha_beta`).
 *
 * @param degrees one l, or a list
 * @param alpha n angles about y, from z towards x, in radians
 * @param beta n angles from the y axis, in radians
 * @throws Error if alpha and beta differ in length.
 * @example
 * ```ts
 * import { sphericalHarmonicsAlphaBeta } from 'clebsch';
 * [...sphericalHarmonicsAlphaBeta(1, [0], [Math.PI / 2], 'norm')]; // => [0, 0, 1]
 * ```
 */
export function sphericalHarmonicsAlphaBeta(
  degrees: number | readonly number[],
  alpha: ArrayLike<number>,
  beta: ArrayLike<number>,
  normalization: Normalization = 'integral',
): Float64Array {
  if (alpha.length !== beta.length) {
    throw new Error(`sphericalHarmonicsAlphaBeta: ${alpha.length} alphas but ${beta.length} betas.`);
  }
  const xyz = Array.from(alpha, (a, i) => anglesToXyz(a, beta[i])).flat();
  return sphericalHarmonics(degrees, xyz, { normalize: false, normalization });
}
