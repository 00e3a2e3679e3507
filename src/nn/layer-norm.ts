import * as e from '../graph/expression.ts';
import type { Node } from '../graph/node.ts';
import { Irreps, type IrrepsLike } from '../o3/irreps.ts';
import { add, map, multiply, subtract } from '../ops/map.ts';
import { concat, slice } from '../ops/slice.ts';
import { broadcast, sum } from '../ops/sum.ts';
import {
  EVEN_SCALAR,
  evenScalars,
  placeEvenScalars,
  rowParameter,
  squaredNorms,
  timesCopies,
} from './copies.ts';
import type { Module, Weights } from './parameters.ts';
import { expectIrreps, type GeometricTensor, tensor } from './tensor.ts';

/** Options of `layerNorm`, by Equiformer's names. */
export interface LayerNormOptions {
  /** Added to the mean square before the root; default 1e-5. In the unit of the features, squared. */
  readonly eps?: number;
  /** Whether there are "affine_weight", one a copy, ones at first, and "affine_bias", one a 0e, zeros; default true. */
  readonly affine?: boolean;
  /** Squares of a copy's components are averaged ("component", the default) or added ("norm"). */
  readonly normalization?: 'component' | 'norm';
}

/** A layer made by `layerNorm`: features to features of the same irreps, row by row. */
export interface LayerNorm extends Module {
  readonly irreps: Irreps;
  /** x: rows x irreps, in any memory layout; so is the result. Throws if x has other irreps. */
  apply(weights: Weights, x: GeometricTensor): GeometricTensor;
}

/**
 * Equivariant layer normalisation (Y.-L. Liao, T. Smidt, Equiformer, arXiv:2206.11990, section 4.1 and their code's
 * `EquivariantLayerNormV2`; e3nn has none). Each block of `mul` copies of an irrep in each row is normalised by
 * itself:
 *
 *     LN(x)_u = gamma_u x_u / sqrt(mean_u |x_u|^2 + eps)  (+ beta_u for 0e)
 *
 * where 0e scalars have their mean over u taken off first, |x_u|^2 is the sum over the 2l + 1 components
 * (`normalization` "norm", the paper's root mean square of norms) or their mean ("component", the default of the
 * code), gamma is "affine_weight" and beta "affine_bias". A lone 0e becomes beta.
 *
 * @throws Error if eps is not positive, or the irreps cannot be read.
 * @example
 * ```ts
 * import { filled, layerNorm, Parameters, reference, tensorInput } from 'clebsch';
 * const layer = layerNorm('2x1o', { eps: 1e-12, normalization: 'norm' });
 * const parameters = new Parameters(layer);
 * const weights = parameters.weights(filled(1, parameters.length, 1));
 * const y = layer.apply(weights, tensorInput('x', 1, '2x1o')).node;
 * // Two vectors, x x y y z z, of lengths 1 and 7: the root of their mean square is 5.
 * const [value] = reference([y], { x: [1, 7, 0, 0, 0, 0] });
 * value.map((v) => Math.round(v * 1e6) / 1e6); // => [0.2, 1.4, 0, 0, 0, 0]
 * ```
 */
export function layerNorm(irrepsIn: IrrepsLike, options: LayerNormOptions = {}): LayerNorm {
  const irreps = Irreps.parse(irrepsIn);
  const { eps = 1e-5, affine = true, normalization = 'component' } = options;
  if (!(eps > 0)) throw new Error(`layerNorm: eps is ${eps}, but must be positive`);
  const blocks = irreps.blocks.filter(({ mul }) => mul > 0);
  const scalars = irreps.count(EVEN_SCALAR);

  /** For each block of columns f(sum of its columns, factor), as wide as the block again. */
  const overBlocks = (x: Node, widths: readonly number[], f: (sum: Node, block: number) => Node): Node => {
    let start = 0;
    return concat(
      widths.map((width, i) => {
        const part = slice(x, start, width);
        start += width;
        return broadcast(f(sum(part, 'cols'), i), x.rows, width);
      }),
    );
  };

  return {
    irreps,
    parameters: affine
      ? [
          rowParameter('affine_weight', irreps.numIrreps, 'ones'),
          rowParameter('affine_bias', scalars, 'zeros'),
        ]
      : [],
    apply(weights, x) {
      expectIrreps('layerNorm', x, irreps);
      if (blocks.length === 0) return x;
      const { layout } = x;
      const { rows, cols } = x.node;
      const a = e.argument(0);
      let centred = x.node;
      if (scalars > 0) {
        const widths = blocks.filter(({ ir }) => ir.equals(EVEN_SCALAR)).map(({ mul }) => mul);
        const means = overBlocks(evenScalars(x), widths, (total, i) =>
          map(e.mul(e.number(1 / widths[i]), a), total),
        );
        centred = subtract(centred, placeEvenScalars(means, layout));
      }
      const squares = squaredNorms(tensor(centred, layout));
      const muls = blocks.map(({ mul }) => mul);
      const factors = overBlocks(squares, muls, (total, i) => {
        const { mul, ir } = blocks[i];
        const count = mul * (normalization === 'component' ? ir.dim : 1);
        const mean = e.mul(e.number(1 / count), a);
        return map(e.power(e.sqrt(e.add(mean, e.number(eps))), -1), total);
      });
      if (!affine) return timesCopies(tensor(centred, layout), factors);
      const gamma = broadcast(weights.get('affine_weight'), rows, irreps.numIrreps);
      const scaled = timesCopies(tensor(centred, layout), multiply(factors, gamma));
      if (scalars === 0) return scaled;
      const beta = placeEvenScalars(weights.get('affine_bias'), layout);
      return tensor(add(scaled.node, broadcast(beta, rows, cols)), layout);
    },
  };
}
