import { prefixed } from '../nn/parameters.ts';
import { sphericalHarmonics } from '../nn/spherical-harmonics.ts';
import { tensor } from '../nn/tensor.ts';
import { tensorProductLayer } from '../nn/tensor-product.ts';
import { Irreps, type IrrepsLike } from '../o3/irreps.ts';
import { Layout } from '../o3/layout.ts';
import { fullyConnectedTensorProduct } from '../o3/tensor-product-rules.ts';
import { gather, segmentSum } from '../ops/gather.ts';
import { scale, subtract } from '../ops/map.ts';
import type { PointModel } from './tetris-gate.ts';

/** Options of `tetrisPolynomial`; the defaults are those of e3nn's example. */
export interface TetrisPolynomialOptions {
  /** Irreps of the node features between the two tensor products. */
  readonly irrepsMid?: IrrepsLike;
  /** Output of each graph; default `tetrisIrrepsOut`. */
  readonly irrepsOut?: IrrepsLike;
  /** Highest degree of the harmonics; default 3. */
  readonly lmax?: number;
  /** Typical number of neighbours of a node; default 2. */
  readonly numNeighbors?: number;
  /** Typical number of nodes of a graph; default 4. */
  readonly numNodes?: number;
}

/**
 * The model of e3nn's `examples/tetris_polynomial.py`: no nonlinearity but the tensor product, no radial function; the
 * output is a polynomial of the coordinates. The vector of an edge is pos[src] - pos[dst].
 *
 * @example
 * ```ts
 * import { Parameters, tetrisPolynomial } from 'clebsch';
 * new Parameters(tetrisPolynomial()).count; // => 1312
 * ```
 */
export function tetrisPolynomial(options: TetrisPolynomialOptions = {}): PointModel {
  const {
    irrepsMid = '64x0e + 24x1e + 24x1o + 16x2e + 16x2o',
    irrepsOut = '0o + 6x0e',
    lmax = 3,
    numNeighbors = 2,
    numNodes = 4,
  } = options;
  const irrepsSh = Irreps.sphericalHarmonics(lmax);
  const tp1 = tensorProductLayer(fullyConnectedTensorProduct(irrepsSh, irrepsSh, irrepsMid));
  const tp2 = tensorProductLayer(fullyConnectedTensorProduct(irrepsMid, irrepsSh, irrepsOut), {
    layoutOut: Layout.of(irrepsOut),
  });
  return {
    layoutOut: tp2.layoutOut,
    parameters: [...prefixed('tp1', tp1), ...prefixed('tp2', tp2)],
    apply(weights, { pos, edges, graphs }) {
      const vector = subtract(gather(pos, edges.src), gather(pos, edges.dst));
      const sh = sphericalHarmonics(irrepsSh, vector, { normalize: false, normalization: 'component' });
      const collect = (x: typeof sh.node) => scale(segmentSum(x, edges.dst), 1 / Math.sqrt(numNeighbors));
      const source = (x: typeof sh.node) => gather(x, edges.src);
      const x = tensor(collect(sh.node), sh.layout);
      const mid = tp1.apply(weights.at('tp1'), tensor(source(x.node), sh.layout), sh);
      const y = tensor(collect(mid.node), mid.layout);
      const out = tp2.apply(weights.at('tp2'), tensor(source(y.node), y.layout), sh);
      return tensor(scale(segmentSum(collect(out.node), graphs), 1 / Math.sqrt(numNodes)), out.layout);
    },
  };
}
