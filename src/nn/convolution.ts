import * as e from '../graph/expression.ts';
import type { IndexNode } from '../graph/index-map.ts';
import { constant } from '../graph/leaf.ts';
import type { Node } from '../graph/node.ts';
import type { InstructionLike } from '../o3/instructions.ts';
import { tensorProduct as tensorProductSpec } from '../o3/instructions.ts';
import { Irrep } from '../o3/irrep.ts';
import { Irreps, type IrrepsLike } from '../o3/irreps.ts';
import { Layout } from '../o3/layout.ts';
import { fullyConnectedTensorProduct } from '../o3/tensor-product-rules.ts';
import { gather, segmentSum } from '../ops/gather.ts';
import { map } from '../ops/map.ts';
import { broadcast } from '../ops/sum.ts';
import { fullyConnectedNet } from './fully-connected-net.ts';
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
  const { irrepsMid, instructions } = middlePaths(nodeInput, edgeAttr, nodeOutput);
  const layoutMid = Layout.of(
    irrepsMid,
    layoutIn.isPadded || layoutIn.blocks.every((b) => b.mul % 4 === 0) ? 4 : 1,
  );
  const scalar = Irreps.parse('0e');
  const fully = (from: Irreps, to: Irreps, layoutIn1: Layout, layoutOf: Layout) =>
    tensorProductLayer(fullyConnectedTensorProduct(from, nodeAttr, to), {
      layoutIn1,
      layoutIn2: layoutAttr,
      layoutOut: layoutOf,
    });
  const sc = fully(nodeInput, nodeOutput, layoutIn, layoutOut);
  const lin1 = fully(nodeInput, nodeInput, layoutIn, layoutIn);
  const tp = tensorProductLayer(tensorProductSpec(nodeInput, edgeAttr, irrepsMid, instructions), {
    layoutIn1: layoutIn,
    layoutIn2: layoutEdge,
    layoutOut: layoutMid,
    // The mean over neighbours costs nothing when it is part of the coefficients.
    gain: 1 / Math.sqrt(options.numNeighbors),
  });
  const fc = fullyConnectedNet([...options.fcNeurons, tp.spec.weightNumel], 'silu', {
    outPositions: tp.weightPositions,
    outCols: tp.weightLength,
  });
  const lin2 = fully(irrepsMid, nodeOutput, layoutMid, layoutOut);
  const alpha = fully(irrepsMid, scalar, layoutMid, Layout.of(scalar));
  const mask = layoutOut.pack(sc.spec.outputMask);
  const maskRow = constant(mask, 1, layoutOut.cols);
  return {
    layoutIn,
    layoutOut,
    tp,
    parameters: [
      ...prefixed('sc', sc),
      ...prefixed('lin1', lin1),
      ...prefixed('fc', fc),
      ...prefixed('lin2', lin2),
      ...prefixed('alpha', {
        parameters: alpha.parameters.map((p) => ({ ...p, initial: 'zeros' as const })),
      }),
    ],
    apply(weights, input, attr, edges, edgeAttributes, edgeScalars) {
      const self = sc.apply(weights.at('sc'), input, attr);
      const hidden = lin1.apply(weights.at('lin1'), input, attr);
      const radial = fc.apply(weights.at('fc'), edgeScalars);
      const messages = tp.apply(radial, tensor(gather(hidden.node, edges.src), layoutIn), edgeAttributes);
      const sum = tensor(segmentSum(messages.node, edges.dst), layoutMid);
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
        broadcast(angle.node, rows, cols),
        broadcast(maskRow, rows, cols),
      );
      return tensor(value, layoutOut);
    },
  };
}

/** e3nn's middle irreps: one block a path, kept where the output has the irrep or it is 0e; sorted, not simplified. */
function middlePaths(
  nodeInput: Irreps,
  edgeAttr: Irreps,
  nodeOutput: Irreps,
): { irrepsMid: Irreps; instructions: InstructionLike[] } {
  const blocks: [number, Irrep][] = [];
  const found: [number, number, number][] = [];
  nodeInput.blocks.forEach((a, i) => {
    edgeAttr.blocks.forEach((b, j) => {
      for (const ir of a.ir.product(b.ir))
        if (nodeOutput.has(ir) || ir.equals(Irrep.of(0, 1))) {
          found.push([i, j, blocks.length]);
          blocks.push([a.mul, ir]);
        }
    });
  });
  const { irreps, p } = Irreps.parse(blocks).sort();
  return {
    irrepsMid: irreps,
    instructions: found.map(([i, j, k]): InstructionLike => [i, j, p[k], 'uvu', true]),
  };
}
