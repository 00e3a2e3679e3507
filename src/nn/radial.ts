import * as e from '../graph/expression.ts';
import type { Node } from '../graph/node.ts';
import { radialBasis } from '../ops/radial-basis.ts';

/**
 * The bases of e3nn's `soft_one_hot_linspace`.
 *
 * @example
 * ```ts
 * import { radialBases } from 'clebsch';
 * radialBases; // => ["gaussian", "cosine", "smooth_finite", "fourier", "bessel"]
 * ```
 */
export const radialBases = ['gaussian', 'cosine', 'smooth_finite', 'fourier', 'bessel'] as const;
/** One of `radialBases`. */
export type RadialBasisName = (typeof radialBases)[number];

/** Options of `softOneHotLinspace`. */
export interface SoftOneHotOptions {
  /** Where the interval starts, in the unit of the distances. */
  readonly start: number;
  /** Where it ends. */
  readonly end: number;
  /** Number of basis functions. */
  readonly number: number;
  readonly basis: RadialBasisName;
  /** Whether every function is zero at and beyond the ends (e3nn has no default either). */
  readonly cutoff: boolean;
}

const [x, v] = [e.argument(0), e.argument(1)];
const n = e.number;

/**
 * exp(-1/x) for x > 0, else 0 (e3nn `soft_unit_step`), of each entry of a column: rows x 1.
 *
 * @throws Error if there is more than one column.
 * @example
 * ```ts
 * import { input, reference, softUnitStep } from 'clebsch';
 * reference([softUnitStep(input('x', 2, 1))], { x: [-1, 1] }); // => [[0, Math.exp(-1)]]
 * ```
 */
export function softUnitStep(values: Node): Node {
  return radialBasis(values, e.softUnitStep(x), [0]);
}

/**
 * Bessel functions sqrt(2/c) sin(k pi x/c)/x for k = 1 .. number with c = xMax, and their limits at x = 0
 * (J. Klicpera et al., Directional Message Passing, arXiv:2003.03123; e3nn `math.bessel`): rows x number.
 *
 * @param values distances, rows x 1
 * @param xMax where all of them are zero, in the unit of the distances
 * @throws Error if the distances are more than one column.
 * @example
 * ```ts
 * import { bessel, input, reference } from 'clebsch';
 * reference([bessel(input('x', 1, 1), 3, 2)], { x: [1] }); // => [[1, 0, -1]]
 * ```
 */
export function bessel(values: Node, number: number, xMax: number): Node {
  const frequencies = Array.from({ length: number }, (_, k) => ((k + 1) * Math.PI) / xMax);
  return radialBasis(values, besselOf(x, xMax), frequencies);
}

/** sqrt(2/c) v sinc(v t): smooth through t = 0, where e3nn's formula is 0/0. */
function besselOf(t: e.Expression, c: number): e.Expression {
  return e.mul(e.mul(n(Math.sqrt(2 / c)), v), e.sinc(e.mul(v, t)));
}

/** f inside the open interval 0 < t < c, else 0. */
function inside(t: e.Expression, c: number, f: e.Expression): e.Expression {
  return e.select(t, e.select(e.sub(n(c), t), f, n(0)), n(0));
}

/**
 * Projection of each distance on a basis of functions: rows x number (e3nn `math.soft_one_hot_linspace`; its
 * documentation has the formulas). For most bases the squares of a row sum to about 1.
 *
 * @param distances rows x 1
 * @throws Error if the interval is empty, the basis unknown, `cutoff` not given or `number` no whole number >= 1;
 * or if one function is asked for without cutoff, which leaves it no width.
 * @example
 * ```ts
 * import { input, reference, softOneHotLinspace } from 'clebsch';
 * // Centres at 1, 2 and 3.
 * const options = { start: 0, end: 4, number: 3, basis: 'cosine', cutoff: true } as const;
 * reference([softOneHotLinspace(input('x', 1, 1), options)], { x: [2] }); // => [[0, 1, 0]]
 * ```
 */
export function softOneHotLinspace(distances: Node, options: SoftOneHotOptions): Node {
  const { expression, values } = basisFunctions(options);
  return radialBasis(distances, expression, values);
}

/**
 * The functions of `softOneHotLinspace` from 0 to `end`, with cutoff, times `polynomialEnvelope`, so that energies have
 * continuous forces: rows x number. The bessel functions are those of `bessel`, with their limits at 0 (DimeNet's
 * basis, arXiv:2003.03123).
 *
 * @param distances rows x 1
 * @param options those of `softOneHotLinspace` without start and cutoff: the envelope is the cutoff
 * @param p exponent of the envelope
 * @throws Error as `softOneHotLinspace` and `polynomialEnvelope` do.
 * @example
 * ```ts
 * import { envelopedBasis, input, reference } from 'clebsch';
 * const options = { end: 2, number: 1, basis: 'bessel' } as const;
 * const y = envelopedBasis(input('r', 2, 1), options, 2);
 * reference([y], { r: [1, 3] }); // => [[0.3125, 0]]
 * ```
 */
export function envelopedBasis(
  distances: Node,
  options: Omit<SoftOneHotOptions, 'start' | 'cutoff'>,
  p: number,
): Node {
  const { expression, values } = basisFunctions({ ...options, start: 0, cutoff: true });
  const own = options.basis === 'bessel' ? besselOf(x, options.end) : expression;
  return radialBasis(distances, e.mul(own, envelopeOf(x, options.end, p)), values);
}

/**
 * The envelope 1 - (p+1)(p+2)/2 u^p + p(p+2) u^(p+1) - p(p+1)/2 u^(p+2) with u = distance/radius, 0 for u >= 1: with its
 * first and second derivative it is zero at the radius (J. Klicpera et al., arXiv:2003.03123, equation 8):
 * rows x 1.
 *
 * @param distances rows x 1
 * @param radius where it ends, in the unit of the distances
 * @param p a whole number >= 2: the larger, the longer it stays near 1
 * @throws Error if p is no whole number >= 2, or the radius is not positive.
 * @example
 * ```ts
 * import { input, polynomialEnvelope, reference } from 'clebsch';
 * reference([polynomialEnvelope(input('r', 3, 1), 2, 2)], { r: [0, 1, 2] }); // => [[1, 0.3125, 0]]
 * ```
 */
export function polynomialEnvelope(distances: Node, radius: number, p: number): Node {
  return radialBasis(distances, envelopeOf(x, radius, p), [0]);
}

function envelopeOf(t: e.Expression, radius: number, p: number): e.Expression {
  if (!Number.isInteger(p) || p < 2)
    throw new Error(`polynomialEnvelope: the exponent must be a whole number >= 2, got ${p}`);
  if (!(radius > 0)) throw new Error(`polynomialEnvelope: the radius is ${radius}, but must be positive`);
  const u = e.mul(t, n(1 / radius));
  const inner = e.add(
    n((-(p + 1) * (p + 2)) / 2),
    e.add(e.mul(n(p * (p + 2)), u), e.mul(n((-p * (p + 1)) / 2), e.mul(u, u))),
  );
  return e.select(e.sub(n(1), u), e.add(n(1), e.mul(e.power(u, p), inner)), n(0));
}

/** The functions of `softOneHotLinspace`, as `radialBasis` takes them. */
function basisFunctions(options: SoftOneHotOptions): { expression: e.Expression; values: number[] } {
  const { start, end, number, basis, cutoff } = options;
  if (typeof cutoff !== 'boolean')
    throw new Error('softOneHotLinspace: say whether there is a cutoff (true or false)');
  if (!radialBases.includes(basis))
    throw new Error(`softOneHotLinspace: there is no basis "${basis}"; known are ${radialBases.join(', ')}`);
  if (!(end > start)) throw new Error(`softOneHotLinspace: the interval ${start} to ${end} is empty`);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`softOneHotLinspace: ${number} basis functions`);
  if (number === 1 && !cutoff)
    throw new Error(
      `softOneHotLinspace: one ${basis} function without cutoff has no width; use cutoff or a larger number`,
    );
  const length = end - start;
  if (basis === 'fourier') {
    const t = e.mul(e.sub(x, n(start)), n(1 / length));
    const factor = n(1 / Math.sqrt(0.25 + number / 2));
    const f = e.mul(factor, cutoff ? e.sin(e.mul(v, t)) : e.cos(e.mul(v, t)));
    const frequencies = Array.from({ length: number }, (_, i) => (cutoff ? i + 1 : i) * Math.PI);
    return { expression: cutoff ? inside(t, 1, f) : f, values: frequencies };
  }
  if (basis === 'bessel') {
    const t = e.sub(x, n(start));
    const frequencies = Array.from({ length: number }, (_, i) => ((i + 1) * Math.PI) / length);
    const f = besselOf(t, length);
    return { expression: cutoff ? inside(t, length, f) : f, values: frequencies };
  }
  const step = cutoff ? length / (number + 1) : length / (number - 1);
  const centres = Array.from({ length: number }, (_, i) => start + step * (cutoff ? i + 1 : i));
  const d = e.mul(e.sub(x, v), n(1 / step));
  return { expression: bumps[basis](d), values: centres };
}

/** Functions of the distance from a centre, in steps. */
const bumps: Record<'gaussian' | 'cosine' | 'smooth_finite', (d: e.Expression) => e.Expression> = {
  gaussian: (d) => e.mul(n(1 / 1.12), e.exp(e.neg(e.mul(d, d)))),
  cosine: (d) => e.select(e.sub(n(1), e.abs(d)), e.cos(e.mul(n(Math.PI / 2), d)), n(0)),
  smooth_finite: (d) =>
    e.mul(n(1.14136 * Math.exp(2)), e.mul(e.softUnitStep(e.add(d, n(1))), e.softUnitStep(e.sub(n(1), d)))),
};
