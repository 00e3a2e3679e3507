import * as e from '../graph/expression.ts';
import { Irreps, type IrrepsLike } from '../o3/irreps.ts';
import { map } from '../ops/map.ts';
import { broadcast } from '../ops/sum.ts';
import { type ActivationLike, expressionOf } from './activation.ts';
import { rowParameter, squaredNorms, timesCopies } from './copies.ts';
import type { Module, Weights } from './parameters.ts';
import { expectIrreps, type GeometricTensor } from './tensor.ts';

/** Options of `normActivation`, by e3nn's names. */
export interface NormActivationOptions {
  /** Divide by the norm, so that the result has the length phi(|x| + b); without, phi is a factor. Default true. */
  readonly normalize?: boolean;
  /** Norms below this count as this, with `normalize` only; default 1e-8. In the unit of the features. */
  readonly epsilon?: number;
  /** Whether each copy has a bias b, which starts at 0; default false. */
  readonly bias?: boolean;
}

/** A layer made by `normActivation`: features to features of the same irreps, with "biases" if asked for. */
export interface NormActivation extends Module {
  readonly irreps: Irreps;
  /** x: rows x irreps, in any memory layout; so is the result. Throws if x has other irreps. */
  apply(weights: Weights, x: GeometricTensor): GeometricTensor;
}

/** The square of a smaller epsilon is no normal number in 32 bits, and may be flushed to zero. */
const SMALLEST_EPSILON = 2 ** -63;

/**
 * Scales each copy of each irrep by a function of its norm (e3nn `nn.NormActivation`; D. E. Worrall et al., Harmonic
 * Networks, arXiv:1612.04642): with n = max(|x|, epsilon) it is x phi(n + b) / n, or, without `normalize`,
 * x phi(|x| + b). Unlike in `activation`, phi is not rescaled. The gradient at x = 0 is finite: phi(epsilon + b) /
 * epsilon, or phi(b).
 *
 * @param act phi
 * @throws Error if epsilon is not positive, too small for 32 bits (below 2^-63), or given although `normalize` is
 * false; if there is no activation of that name; or the irreps cannot be read.
 * @example
 * ```ts
 * import { normActivation, reference, tensorInput, Weights } from 'clebsch';
 * const layer = normActivation('1o', 'square'); // the direction stays, the length 5 becomes 25
 * const y = layer.apply(new Weights(new Map()), tensorInput('x', 1, '1o'));
 * reference([y.node], { x: [0, 3, 4] }); // => [[0, 15, 20]]
 * ```
 */
export function normActivation(
  irrepsIn: IrrepsLike,
  act: ActivationLike,
  options: NormActivationOptions = {},
): NormActivation {
  const irreps = Irreps.parse(irrepsIn);
  const phi = expressionOf(act);
  const { normalize = true, bias = false } = options;
  if (!normalize && options.epsilon !== undefined)
    throw new Error(
      `normActivation: epsilon (${options.epsilon}) bounds what is divided by, and nothing is divided without normalize`,
    );
  const { epsilon = 1e-8 } = options;
  if (!(epsilon >= SMALLEST_EPSILON))
    throw new Error(
      `normActivation: epsilon is ${epsilon}, but must be positive, and at least ${SMALLEST_EPSILON.toPrecision(3)} ` +
        'for its square to be a number in 32 bits',
    );
  const squared = e.argument(0);
  const size = e.sqrt(normalize ? e.max(e.number(epsilon ** 2), squared) : squared);
  const value = e.substitute(phi, [bias ? e.add(size, e.argument(1)) : size]);
  const factor = normalize ? e.div(value, size) : value;
  return {
    irreps,
    parameters: bias ? [rowParameter('biases', irreps.numIrreps, 'zeros')] : [],
    apply(weights, x) {
      expectIrreps('normActivation', x, irreps);
      const squares = squaredNorms(x);
      const biases = bias ? [broadcast(weights.get('biases'), squares.rows, squares.cols)] : [];
      return timesCopies(x, map(factor, squares, ...biases));
    },
  };
}
