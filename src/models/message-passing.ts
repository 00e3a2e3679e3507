import type { Node } from '../graph/node.ts';
import { type Convolution, convolution, type Edges } from '../nn/convolution.ts';
import type { Gate } from '../nn/gate.ts';
import { type Module, prefixed, type Weights } from '../nn/parameters.ts';
import type { GeometricTensor } from '../nn/tensor.ts';
import { Irreps, type IrrepsLike } from '../o3/irreps.ts';
import { Layout } from '../o3/layout.ts';
import { hiddenGate } from './hidden-gate.ts';

/** Options of `messagePassing`, by e3nn's names. */
export interface MessagePassingOptions {
  /** Features of each node. */
  readonly irrepsNodeInput: IrrepsLike;
  /** What the features between the layers may hold. */
  readonly irrepsNodeHidden: IrrepsLike;
  readonly irrepsNodeOutput: IrrepsLike;
  /** What each node carries through all layers; 0e, fed with ones, where there is nothing. */
  readonly irrepsNodeAttr: IrrepsLike;
  /** What each edge carries: spherical harmonics, and more. */
  readonly irrepsEdgeAttr: IrrepsLike;
  /** Number of gated layers; one without gate follows. */
  readonly layers: number;
  /** Widths of the radial network: number of edge scalars, then hidden layers. */
  readonly fcNeurons: readonly number[];
  /** Typical number of neighbours; each sum over them is divided by its square root. */
  readonly numNeighbors: number;
}

/** A layer of `messagePassing`: a convolution, and the gate after it, which the last one has not. */
export interface MessagePassingLayer {
  /** What the parameters of the convolution begin with. */
  readonly name: string;
  readonly conv: Convolution;
  readonly gate: Gate | null;
}

/** A model made by `messagePassing`. */
export interface MessagePassing extends Module {
  readonly irrepsNodeOutput: Irreps;
  /** Irreps before the first layer, between the layers, and at the end. */
  readonly irrepsNodeSequence: readonly Irreps[];
  /** In order; applied one after the other they are the model. */
  readonly layers: readonly MessagePassingLayer[];
  /**
   * nodes x irrepsNodeOutput, from node features (nodes x irrepsNodeInput), node attributes
   * (nodes x irrepsNodeAttr), edges, edge attributes (edges x irrepsEdgeAttr) and edge scalars
   * (edges x `fcNeurons[0]`).
   */
  apply(
    weights: Weights,
    nodeFeatures: GeometricTensor,
    nodeAttr: GeometricTensor,
    edges: Edges,
    edgeAttr: GeometricTensor,
    edgeScalars: Node,
  ): GeometricTensor;
}

/**
 * Convolutions with gates between them (e3nn `nn.models.v2106.gate_points_message_passing.MessagePassing`): `layers`
 * gated ones and a last one without gate. Each layer keeps those hidden irreps that a path can reach. Even scalars
 * go through silu and odd ones through tanh; gates through sigmoid (even) or tanh (odd).
 *
 * @throws Error if a layer has irreps to gate, but no path gives scalars.
 * @example
 * ```ts
 * import { messagePassing } from 'clebsch';
 * const model = messagePassing({
 *   irrepsNodeInput: '0e', irrepsNodeHidden: '4x0e + 4x0o + 4x1o', irrepsNodeOutput: '1o',
 *   irrepsNodeAttr: '0e', irrepsEdgeAttr: '0e + 1o', layers: 1, fcNeurons: [8, 16], numNeighbors: 3,
 * });
 * // No path leads from 0e, by 0e and 1o, to 0o.
 * model.irrepsNodeSequence.map(String); // => ["1x0e", "4x0e+4x1o", "1x1o"]
 * ```
 */
export function messagePassing(options: MessagePassingOptions): MessagePassing {
  const hidden = Irreps.parse(options.irrepsNodeHidden);
  const edgeAttr = Irreps.parse(options.irrepsEdgeAttr);
  const output = Irreps.parse(options.irrepsNodeOutput);
  const sequence = [Irreps.parse(options.irrepsNodeInput)];
  const layers: MessagePassingLayer[] = [];
  const common = {
    irrepsNodeAttr: options.irrepsNodeAttr,
    irrepsEdgeAttr: options.irrepsEdgeAttr,
    fcNeurons: options.fcNeurons,
    numNeighbors: options.numNeighbors,
  };
  const layoutBefore = () => layers.at(-1)?.gate?.layoutOut;
  for (let n = 0; n < options.layers; n++) {
    const node = sequence[sequence.length - 1];
    const nonlinearity = hiddenGate(n, node, edgeAttr, hidden);
    const conv = convolution({
      ...common,
      irrepsNodeInput: node,
      irrepsNodeOutput: nonlinearity.irrepsIn,
      layoutIn: layoutBefore(),
      layoutOut: nonlinearity.layoutIn,
    });
    // e3nn's state dict: a gated layer is Compose(first, second).
    layers.push({ name: `layers.${n}.first`, conv, gate: nonlinearity });
    sequence.push(nonlinearity.irrepsOut);
  }
  const last = convolution({
    ...common,
    irrepsNodeInput: sequence[sequence.length - 1],
    irrepsNodeOutput: output,
    layoutIn: layoutBefore(),
    // Without padding: a loss may do anything with the output, and must not train columns that are not there.
    layoutOut: Layout.of(output),
  });
  sequence.push(output);
  layers.push({ name: `layers.${options.layers}`, conv: last, gate: null });
  return {
    irrepsNodeOutput: output,
    irrepsNodeSequence: sequence,
    layers,
    parameters: layers.flatMap(({ name, conv }) => prefixed(name, conv)),
    apply(weights, nodeFeatures, nodeAttr, edges, edgeAttributes, edgeScalars) {
      return layers.reduce((x, { name, conv, gate }) => {
        const out = conv.apply(weights.at(name), x, nodeAttr, edges, edgeAttributes, edgeScalars);
        return gate ? gate.apply(out) : out;
      }, nodeFeatures);
    },
  };
}
