import type { IndexNode } from '../graph/index-map.ts';
import type { Node } from '../graph/node.ts';
import type { TensorProductSpec } from '../o3/instructions.ts';
import type { Layout } from '../o3/layout.ts';
import { gather, segmentSum } from '../ops/gather.ts';
import type { ActivationLike } from './activation.ts';
import { type FullyConnectedNet, fullyConnectedNet } from './fully-connected-net.ts';
import { type Module, prefixed, type Weights } from './parameters.ts';
import { type GeometricTensor, tensor } from './tensor.ts';
import { type TensorProductLayer, tensorProductLayer } from './tensor-product.ts';

/**
 * Edges of a graph: for each one the node it starts from and the node it points to, made by `index` with the
 * number of edges as capacity and the number of nodes as segments.
 */
export interface Edges {
  /** Node that each edge starts from: where features come from. */
  readonly src: IndexNode;
  /** Node that each edge points to: where they are summed. */
  readonly dst: IndexNode;
}

/** Options of `radialConvolution`. */
export interface RadialConvolutionOptions {
  /** Widths of the radial network: number of edge scalars, then hidden layers. */
  readonly fcNeurons: readonly number[];
  /** Activation of its hidden layers. */
  readonly act: ActivationLike;
  /** Typical number of neighbours; the sum over them is divided by its square root. */
  readonly numNeighbors: number;
  readonly layoutIn1?: Layout;
  readonly layoutIn2?: Layout;
  readonly layoutOut?: Layout;
}

/** A layer made by `radialConvolution`. */
export interface RadialConvolution extends Module {
  readonly tp: TensorProductLayer;
  /** Edge scalars to the weights of `tp`. */
  readonly fc: FullyConnectedNet;
  /**
   * nodes x irrepsOut, from node features (nodes x irrepsIn1), edges, edge attributes (edges x irrepsIn2) and edge
   * scalars (edges x `fcNeurons[0]`).
   */
  apply(
    weights: Weights,
    x: GeometricTensor,
    edges: Edges,
    edgeAttr: GeometricTensor,
    edgeScalars: Node,
  ): GeometricTensor;
}

/**
 * What all convolutions on points share: the source's features times the edge's attributes, by a tensor product whose
 * weights a network makes of the edge's scalars, summed over the edges that point to a node.
 */
export function radialConvolution(
  spec: TensorProductSpec,
  { fcNeurons, act, numNeighbors, ...layouts }: RadialConvolutionOptions,
): RadialConvolution {
  // The mean over neighbours costs nothing when it is part of the coefficients.
  const tp = tensorProductLayer(spec, { ...layouts, gain: 1 / Math.sqrt(numNeighbors) });
  const fc = fullyConnectedNet([...fcNeurons, spec.weightNumel], act, {
    outPositions: tp.weightPositions,
    outCols: tp.weightLength,
  });
  return {
    tp,
    fc,
    parameters: prefixed('fc', fc),
    apply(weights, x, edges, edgeAttr, edgeScalars) {
      const radial = fc.apply(weights.at('fc'), edgeScalars);
      const messages = tp.apply(radial, tensor(gather(x.node, edges.src), x.layout), edgeAttr);
      return tensor(segmentSum(messages.node, edges.dst), tp.layoutOut);
    },
  };
}
