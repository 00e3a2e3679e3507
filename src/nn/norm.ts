import * as e from '../graph/expression.ts';
import { Irreps, type IrrepsLike } from '../o3/irreps.ts';
import { Layout } from '../o3/layout.ts';
import { map } from '../ops/map.ts';
import { EVEN_SCALAR, squaredNorms } from './copies.ts';
import { expectIrreps, type GeometricTensor, tensor } from './tensor.ts';

/** A layer made by `normLayer`: rows x irrepsIn to rows x irrepsOut, without parameters. */
export interface Norm {
  readonly irrepsIn: Irreps;
  /** One 0e for each copy of each irrep. */
  readonly irrepsOut: Irreps;
  /** x: rows x irrepsIn, in any memory layout; result: rows x irrepsOut. Throws if x has other irreps. */
  apply(x: GeometricTensor): GeometricTensor;
}

/**
 * The norm of each copy of each irrep, |x_u| = sqrt(sum_i x_ui^2), in the unit of x (e3nn `nn.Norm`). At 0, where
 * the norm has no gradient, it is set to 0.
 *
 * @param options `squared`: the square of the norm instead (default false)
 * @throws Error if the irreps cannot be read.
 * @example
 * ```ts
 * import { normLayer, reference, tensorInput } from 'clebsch';
 * const layer = normLayer('0e + 1o');
 * layer.irrepsOut.toString(); // => "2x0e"
 * reference([layer.apply(tensorInput('x', 1, '0e + 1o')).node], { x: [-7, 0, 3, 4] }); // => [[7, 5]]
 * ```
 */
export function norm(irrepsIn: IrrepsLike, options: { readonly squared?: boolean } = {}): Norm {
  const irreps = Irreps.parse(irrepsIn);
  const irrepsOut = Irreps.parse([[irreps.numIrreps, EVEN_SCALAR]]).simplify();
  const layoutOut = Layout.of(irrepsOut);
  return {
    irrepsIn: irreps,
    irrepsOut,
    apply(x) {
      expectIrreps('norm', x, irreps);
      const squares = squaredNorms(x);
      return tensor(options.squared ? squares : map(e.sqrt(e.argument(0)), squares), layoutOut);
    },
  };
}
