import * as e from '../graph/expression.ts';
import { constant } from '../graph/leaf.ts';
import type { Node } from '../graph/node.ts';
import { tensorProduct as tensorProductSpec } from '../o3/instructions.ts';
import { Irreps, type IrrepsLike } from '../o3/irreps.ts';
import { Layout } from '../o3/layout.ts';
import { messagePaths } from '../o3/path-selection.ts';
import { fullyConnectedTensorProduct } from '../o3/tensor-product-rules.ts';
import { map } from '../ops/map.ts';
import { slice } from '../ops/slice.ts';
import { broadcast } from '../ops/sum.ts';
import type { FullyConnectedNet } from './fully-connected-net.ts';
import { type Module, prefixed, type Weights } from './parameters.ts';
import { type Edges, radialConvolution } from './radial-convolution.ts';
import { type GeometricTensor, tensor } from './tensor.ts';
import { type TensorProductLayer, tensorProductLayer } from './tensor-product.ts';

export type { Edges } from './radial-convolution.ts';

/** Options of `convolution`, by e3nn's names. */
export interface ConvolutionOptions {
  /** Features of each node. */
  readonly irrepsNodeInput: IrrepsLike;
  /** What each node carries besides; 0e, fed with ones, where there is nothing. */
  readonly irrepsNodeAttr: IrrepsLike;
  /** What each edge carries: spherical harmonics, and more. */
  readonly irrepsEdgeAttr: IrrepsLike;
  readonly irrepsNodeOutput: IrrepsLike;
  /** Widths of the radial network: number of edge scalars, then hidden layers. */
  readonly fcNeurons: readonly number[];
  /** Typical number of neighbours; the sum over them is divided by its square root. */
  readonly numNeighbors: number;
  /** Memory layouts; by default the input is padded where that pays (`Layout.forFeatures`) and the output is not. */
  readonly layoutIn?: Layout;
  readonly layoutOut?: Layout;
  /** Memory layouts of node and edge attributes; by default without padding. */
  readonly layoutAttr?: Layout;
  readonly layoutEdge?: Layout;
}

/** A layer made by `convolution`. */
export interface Convolution extends Module {
  readonly layoutIn: Layout;
  readonly layoutOut: Layout;
  /** The tensor product of features and edge attributes, weighted by the radial network. */
  readonly tp: TensorProductLayer;
  /**
   * The radial network, under the name "fc" among the parameters: edge scalars (rows x `fcNeurons[0]`) to the weights of `tp`
   * (rows x `tp.weightLength`).
   */
  readonly fc: FullyConnectedNet;
  /**
   * nodes x irrepsNodeOutput, from node features (nodes x irrepsNodeInput), node attributes
   * (nodes x irrepsNodeAttr), edges, edge attributes (edges x irrepsEdgeAttr) and edge scalars
   * (edges x `fcNeurons[0]`).
   */
  apply(
    weights: Weights,
    nodeInput: GeometricTensor,
    nodeAttr: GeometricTensor,
    edges: Edges,
    edgeAttr: GeometricTensor,
    edgeScalars: Node,
  ): GeometricTensor;
}

/**
 * Equivariant convolution on points with a self-connection (e3nn `nn.models.v2106.points_convolution.Convolution`):
 * the filter on each edge is a learned radial function times the edge's attributes (spherical harmonics),
 * contracted with the source's features by Clebsch-Gordan coefficients, summed over the neighbours and divided by
 * the root of numNeighbors. Where the self-connection reaches, the sum is weighted by a learned alpha, which is
 * zero at initialisation.
 *
 * @throws Error from `apply` if a tensor has other irreps than the layer was made for.
 * @example
 * ```ts
 * import {
 *   constant, convolution, filled, index, Layout, packIndexMap, Parameters, reference, tensor, tensorInput,
 * } from 'clebsch';
 * const conv = convolution({
 *   irrepsNodeInput: '0e', irrepsNodeAttr: '0e', irrepsEdgeAttr: '1o', irrepsNodeOutput: '1o',
 *   fcNeurons: [1], numNeighbors: 1,
 * });
 * const parameters = new Parameters(conv);
 * const weights = parameters.weights(filled(1, parameters.length, 1));
 * const ones = tensor(filled(2, 1, 1), Layout.of('0e'));
 * const edges = { src: index('src', 1, 2), dst: index('dst', 1, 2) };
 * const y = conv.apply(weights, tensorInput('x', 2, '0e'), ones, edges, tensorInput('sh', 1, '1o'), constant(1));
 * // One edge, from node 1 to node 0: its feature 5 times the direction of the edge.
 * const feeds = { x: [1, 5], sh: [0, 1, 0], src: packIndexMap([1], 1, 2), dst: packIndexMap([0], 1, 2) };
 * reference([y.node], feeds); // => [[0, 5, 0, 0, 0, 0]]
 * ```
 */
export function convolution(options: ConvolutionOptions): Convolution {
  const nodeInput = Irreps.parse(options.irrepsNodeInput);
  const nodeAttr = Irreps.parse(options.irrepsNodeAttr);
  const edgeAttr = Irreps.parse(options.irrepsEdgeAttr);
  const nodeOutput = Irreps.parse(options.irrepsNodeOutput);
  const layoutIn = options.layoutIn ?? Layout.forFeatures(nodeInput);
  const layoutOut = options.layoutOut ?? Layout.of(nodeOutput);
  const layoutAttr = options.layoutAttr ?? Layout.of(nodeAttr);
  const layoutEdge = options.layoutEdge ?? Layout.of(edgeAttr);
  const scalar = Irreps.parse('0e');
  // Where the output has the irrep, or it is 0e, which alpha reads.
  const { irrepsMid, instructions } = messagePaths(
    nodeInput,
    edgeAttr,
    (ir) => nodeOutput.has(ir) || scalar.has(ir),
  );
  const layoutMid = Layout.of(
    irrepsMid,
    layoutIn.isPadded || layoutIn.blocks.every((b) => b.mul % 4 === 0) ? 4 : 1,
  );
  const fully = (from: Irreps, to: Irreps, layoutIn1: Layout, layoutOf: Layout) =>
    tensorProductLayer(fullyConnectedTensorProduct(from, nodeAttr, to), {
      layoutIn1,
      layoutIn2: layoutAttr,
      layoutOut: layoutOf,
    });
  const sc = fully(nodeInput, nodeOutput, layoutIn, layoutOut);
  const lin1 = fully(nodeInput, nodeInput, layoutIn, layoutIn);
  const messages = radialConvolution(tensorProductSpec(nodeInput, edgeAttr, irrepsMid, instructions), {
    fcNeurons: options.fcNeurons,
    act: 'silu',
    numNeighbors: options.numNeighbors,
    layoutIn1: layoutIn,
    layoutIn2: layoutEdge,
    layoutOut: layoutMid,
  });
  const lin2 = fully(irrepsMid, nodeOutput, layoutMid, layoutOut);
  // As wide as what takes four columns at a time, so that it shares a dispatch with lin2.
  const wide = [...layoutMid.blocks, ...layoutOut.blocks].every((b) => b.padded % 4 === 0);
  const alpha = fully(irrepsMid, scalar, layoutMid, Layout.of(scalar, wide ? 4 : 1));
  const mask = layoutOut.pack(sc.spec.outputMask);
  const maskRow = constant(mask, 1, layoutOut.cols);
  return {
    layoutIn,
    layoutOut,
    tp: messages.tp,
    fc: messages.fc,
    parameters: [
      ...prefixed('sc', sc),
      ...prefixed('lin1', lin1),
      ...messages.parameters,
      ...prefixed('lin2', lin2),
      ...prefixed('alpha', {
        parameters: alpha.parameters.map((p) => ({ ...p, initial: 'zeros' as const })),
      }),
    ],
    apply(weights, input, attr, edges, edgeAttributes, edgeScalars) {
      const self = sc.apply(weights.at('sc'), input, attr);
      const hidden = lin1.apply(weights.at('lin1'), input, attr);
      const sum = messages.apply(weights, hidden, edges, edgeAttributes, edgeScalars);
      const out = lin2.apply(weights.at('lin2'), sum, attr);
      const angle = alpha.apply(weights.at('alpha'), sum, attr);
      const { rows, cols } = out.node;
      // self + ((1 - mask) + alpha * mask) * out: where the self-connection cannot reach, the convolution has full weight.
      const [s, c, a, m] = [0, 1, 2, 3].map(e.argument);
      const blend = e.add(s, e.mul(e.add(e.sub(e.number(1), m), e.mul(a, m)), c));
      const value = map(
        blend,
        self.node,
        out.node,
        broadcast(slice(angle.node, 0, 1), rows, cols),
        broadcast(maskRow, rows, cols),
      );
      return tensor(value, layoutOut);
    },
  };
}
