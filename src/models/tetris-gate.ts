import type { ActivationLike } from '../nn/activation.ts';
import { gate } from '../nn/gate.ts';
import { type Module, prefixed, type Weights } from '../nn/parameters.ts';
import { softOneHotLinspace } from '../nn/radial.ts';
import { radialConvolution } from '../nn/radial-convolution.ts';
import { norm, sphericalHarmonics } from '../nn/spherical-harmonics.ts';
import { type GeometricTensor, tensor } from '../nn/tensor.ts';
import { Irreps, type IrrepsLike } from '../o3/irreps.ts';
import { Layout } from '../o3/layout.ts';
import { fullyConnectedTensorProduct } from '../o3/tensor-product-rules.ts';
import { gather, segmentSum } from '../ops/gather.ts';
import { scale, subtract } from '../ops/map.ts';
import type { PointGraph } from './point-graph.ts';

/** Options of `tetrisGate`; the defaults are those of e3nn's example. */
export interface TetrisGateOptions {
  /** The first five options are the arguments of `gate`. */
  readonly irrepsScalars?: IrrepsLike;
  readonly actScalars?: readonly ActivationLike[];
  readonly irrepsGates?: IrrepsLike;
  readonly actGates?: readonly ActivationLike[];
  readonly irrepsGated?: IrrepsLike;
  /** Output of each graph; default `tetrisIrrepsOut`. */
  readonly irrepsOut?: IrrepsLike;
  /** Highest degree of the harmonics; default 3. */
  readonly lmax?: number;
  /** Where the interval of distances that the radial basis covers starts, in the unit of the positions; default 0.5. */
  readonly start?: number;
  /** Where it ends; default 2.5. */
  readonly end?: number;
  /** Radial basis functions; default 3. */
  readonly numberOfBasis?: number;
  /** Width of the radial network's hidden layer; default 256. */
  readonly fcHidden?: number;
  /** Typical number of neighbours of a node; default 3.8. */
  readonly numNeighbors?: number;
  /** Typical number of nodes of a graph; default 4. */
  readonly numNodes?: number;
}

/** A model of points alone: no features go in. */
export interface PointModel extends Module {
  readonly layoutOut: Layout;
  /** graphs x irrepsOut. */
  apply(weights: Weights, graph: PointGraph): GeometricTensor;
}

/**
 * The model of e3nn's `examples/tetris_gate.py`: harmonics summed over the neighbours, a convolution, a gate, a
 * convolution, a sum over the nodes. The vector of an edge is pos[src] - pos[dst].
 *
 * @throws Error as `gate` does.
 * @example
 * ```ts
 * import { Parameters, tetrisGate } from 'clebsch';
 * new Parameters(tetrisGate()).count; // => 148992
 * ```
 */
export function tetrisGate(options: TetrisGateOptions = {}): PointModel {
  const {
    irrepsScalars = '16x0e + 16x0o',
    actScalars = ['relu', 'abs'],
    irrepsGates = '8x0e + 8x0o + 8x0e + 8x0o',
    actGates = ['relu', 'tanh', 'relu', 'tanh'],
    irrepsGated = '16x1o + 16x1e',
    irrepsOut = '0o + 6x0e',
    lmax = 3,
    start = 0.5,
    end = 2.5,
    numberOfBasis = 3,
    fcHidden = 256,
    numNeighbors = 3.8,
    numNodes = 4,
  } = options;
  const irrepsSh = Irreps.sphericalHarmonics(lmax);
  const nonlinearity = gate(irrepsScalars, actScalars, irrepsGates, actGates, irrepsGated);
  const radial = { fcNeurons: [numberOfBasis, fcHidden], act: 'relu', numNeighbors } as const;
  const conv = radialConvolution(fullyConnectedTensorProduct(irrepsSh, irrepsSh, nonlinearity.irrepsIn), {
    ...radial,
    layoutOut: nonlinearity.layoutIn,
  });
  const final = radialConvolution(fullyConnectedTensorProduct(nonlinearity.irrepsOut, irrepsSh, irrepsOut), {
    ...radial,
    layoutIn1: nonlinearity.layoutOut,
    layoutOut: Layout.of(irrepsOut),
  });
  return {
    layoutOut: final.tp.layoutOut,
    parameters: [...prefixed('conv', conv), ...prefixed('final', final)],
    apply(weights, { pos, edges, graphs }) {
      const vector = subtract(gather(pos, edges.src), gather(pos, edges.dst));
      const sh = sphericalHarmonics(irrepsSh, vector, { normalize: true, normalization: 'component' });
      const basis = softOneHotLinspace(norm(vector), {
        start,
        end,
        number: numberOfBasis,
        basis: 'smooth_finite',
        cutoff: true,
      });
      const embedding = scale(basis, Math.sqrt(numberOfBasis));
      const x = tensor(scale(segmentSum(sh.node, edges.dst), 1 / Math.sqrt(numNeighbors)), sh.layout);
      const hidden = nonlinearity.apply(conv.apply(weights.at('conv'), x, edges, sh, embedding));
      const out = final.apply(weights.at('final'), hidden, edges, sh, embedding);
      return tensor(scale(segmentSum(out.node, graphs), 1 / Math.sqrt(numNodes)), out.layout);
    },
  };
}
