import * as e from '../graph/expression.ts';
import { type Node, shapeOf } from '../graph/node.ts';
import { Irrep } from '../o3/irrep.ts';
import { Irreps, type IrrepsLike } from '../o3/irreps.ts';
import { Layout } from '../o3/layout.ts';
import { harmonicsInput, harmonicsScale, type Normalization } from '../o3/spherical-harmonics.ts';
import { map, multiply } from '../ops/map.ts';
import { solidHarmonics } from '../ops/spherical-harmonics.ts';
import { broadcast, sum } from '../ops/sum.ts';
import { type GeometricTensor, tensor } from './tensor.ts';

/** Vectors shorter than this are divided by it instead of by their length (e3nn's value). */
const SHORTEST = 1e-12;

/**
 * Length of each row of x (rows x cols): rows x 1, in the unit of x. Its gradient at 0 is 0, where the length has
 * none.
 *
 * @example
 * ```ts
 * import { gradient, input, norm, reference } from 'clebsch';
 * const x = input('x', 1, 3);
 * const length = norm(x);
 * reference([length, ...gradient(length, [x])], { x: [0, 3, 4] }); // => [[5], [0, 0.6, 0.8]]
 * reference(gradient(length, [x]), { x: [0, 0, 0] }); // => [[0, 0, 0]]
 * ```
 */
export function norm(x: Node): Node {
  return map(e.sqrt(e.argument(0)), sum(multiply(x, x), 'cols'));
}

/**
 * x / max(|x|, 1e-12), row by row (torch `normalize`): rows x cols. Zero vectors stay zero, and their gradient is
 * finite: it is zero.
 *
 * @example
 * ```ts
 * import { input, normalized, reference } from 'clebsch';
 * reference([normalized(input('x', 2, 3))], { x: [0, 3, 4, 0, 0, 0] }); // => [[0, 0.6, 0.8, 0, 0, 0]]
 * ```
 */
export function normalized(x: Node): Node {
  const [a, r] = [e.argument(0), e.argument(1)];
  const short = e.sub(e.number(SHORTEST), r);
  const unit = e.select(short, e.mul(a, e.number(1 / SHORTEST)), e.div(a, r));
  return map(e.select(r, unit, e.number(0)), x, broadcast(norm(x), x.rows, x.cols));
}

/** How `sphericalHarmonicsLayer` treats its input and scales its output. */
export interface HarmonicsOptions {
  /** Divide the vectors by their lengths first; without, Y^l is a polynomial of degree l. */
  readonly normalize: boolean;
  /** Default "integral", as in e3nn. */
  readonly normalization?: Normalization;
}

/**
 * Spherical harmonics of the rows of x (e3nn `o3.spherical_harmonics`), differentiable to any order: rows x
 * sum(2l+1), polar axis y, components m = -l..l.
 *
 * @param degrees a degree, a list of degrees, or irreps, which then must be those of harmonics of a vector (1o) or
 * of a pseudovector (1e)
 * @param x rows x 3
 * @throws Error if x has not three columns, or the irreps' parities fit neither.
 * @example
 * ```ts
 * import { input, reference, sphericalHarmonicsLayer } from 'clebsch';
 * const options = { normalize: true, normalization: 'norm' } as const;
 * const y = sphericalHarmonicsLayer([0, 1], input('x', 1, 3), options);
 * reference([y.node], { x: [0, 2, 0] }); // => [[1, 0, 1, 0]]
 * y.layout.irreps.toString(); // => "1x0e+1x1o"
 * ```
 */
export function sphericalHarmonics(
  degrees: number | readonly number[] | IrrepsLike,
  x: Node,
  { normalize, normalization = 'integral' }: HarmonicsOptions,
): GeometricTensor {
  if (x.cols !== 3)
    throw new Error(`sphericalHarmonics: vectors have 3 columns (x, y, z), got ${shapeOf(x)}`);
  const irreps = irrepsOfHarmonics(degrees);
  const ls = irreps.blocks.flatMap(({ mul, ir }) => new Array<number>(mul).fill(ir.l));
  const vectors = normalize ? normalized(x) : x;
  const scales = ls.map((l) => harmonicsScale(l, normalization));
  // One block a harmonic: components in order, as e3nn has them even where an irrep occurs several times.
  const single = Irreps.parse(
    irreps.blocks.flatMap(({ mul, ir }) => new Array(mul).fill(null).map((): [number, Irrep] => [1, ir])),
  );
  return tensor(solidHarmonics(vectors, ls, scales), Layout.of(single));
}

function irrepsOfHarmonics(degrees: number | readonly number[] | IrrepsLike): Irreps {
  const list = typeof degrees === 'number' ? [degrees] : degrees;
  if (Array.isArray(list) && list.every((l) => typeof l === 'number'))
    return Irreps.parse(list.map((l): [number, Irrep] => [1, Irrep.of(l, l % 2 === 0 ? 1 : -1)]));
  const irreps = Irreps.parse(list as IrrepsLike);
  harmonicsInput(irreps);
  return irreps;
}
