import { type Module, prefixed, type Weights } from '../nn/parameters.ts';
import { softOneHotLinspace } from '../nn/radial.ts';
import { norm, sphericalHarmonics } from '../nn/spherical-harmonics.ts';
import { type GeometricTensor, tensor } from '../nn/tensor.ts';
import { Irrep } from '../o3/irrep.ts';
import { Irreps, type IrrepsLike } from '../o3/irreps.ts';
import { Layout } from '../o3/layout.ts';
import { gather, segmentSum } from '../ops/gather.ts';
import { filled, scale, subtract } from '../ops/map.ts';
import { concat } from '../ops/slice.ts';
import { messagePassing } from './message-passing.ts';
import type { PointGraph } from './point-graph.ts';

interface GatePointsOptions {
  /** Edges are cut off at this distance; the unit of the positions. */
  readonly maxRadius: number;
  /** Typical number of neighbours of a node. */
  readonly numNeighbors: number;
  /** Typical number of nodes of a graph. */
  readonly numNodes: number;
  /** Copies of each hidden irrep; default 50. */
  readonly mul?: number;
  /** Gated layers; default 3. */
  readonly layers?: number;
  /** Highest degree of hidden irreps and harmonics; default 2. */
  readonly lmax?: number;
  /** Sum the output over the nodes of each graph (default), or give it for every node. */
  readonly poolNodes?: boolean;
  /** Radial basis functions; default 10. */
  readonly numberOfBasis?: number;
  /** Width of the radial network's hidden layer; default 100. */
  readonly fcHidden?: number;
}

/** Options of `simpleNetwork`. */
export interface SimpleNetworkOptions extends GatePointsOptions {
  /** Features of each node. */
  readonly irrepsIn: IrrepsLike;
  /** Output of each graph, or of each node without pooling. */
  readonly irrepsOut: IrrepsLike;
}

/** A model made by `simpleNetwork`. */
export interface SimpleNetwork extends Module {
  readonly layoutIn: Layout;
  readonly layoutOut: Layout;
  /** Irreps of the node features before the first layer, between the layers, and at the end. */
  readonly irrepsNodeSequence: readonly Irreps[];
  /** Node features x (nodes x irrepsIn) to graphs x irrepsOut, or nodes x irrepsOut without pooling. */
  apply(weights: Weights, graph: PointGraph, x: GeometricTensor): GeometricTensor;
}

/** Options of `networkForAGraphWithAttributes`. */
export interface NetworkWithAttributesOptions extends GatePointsOptions {
  readonly irrepsNodeInput: IrrepsLike;
  readonly irrepsNodeAttr: IrrepsLike;
  /** What edges carry besides the spherical harmonics, which are appended. */
  readonly irrepsEdgeAttr: IrrepsLike;
  readonly irrepsNodeOutput: IrrepsLike;
}

/** A model made by `networkForAGraphWithAttributes`. */
export interface NetworkWithAttributes extends Module {
  readonly layoutIn: Layout;
  readonly layoutNodeAttr: Layout;
  readonly layoutEdgeAttr: Layout;
  readonly layoutOut: Layout;
  /** Irreps of the node features before the first layer, between the layers, and at the end. */
  readonly irrepsNodeSequence: readonly Irreps[];
  /**
   * graphs x irrepsNodeOutput (or nodes x irrepsNodeOutput without pooling), from x (nodes x irrepsNodeInput),
   * nodeAttr (nodes x irrepsNodeAttr) and edgeAttr (edges x irrepsEdgeAttr).
   */
  apply(
    weights: Weights,
    graph: PointGraph,
    x: GeometricTensor,
    nodeAttr: GeometricTensor,
    edgeAttr: GeometricTensor,
  ): GeometricTensor;
}

function build(
  options: GatePointsOptions,
  irreps: { input: IrrepsLike; nodeAttr: IrrepsLike; edgeAttr: Irreps; output: IrrepsLike },
) {
  const { mul = 50, layers = 3, lmax = 2, numberOfBasis = 10, fcHidden = 100, poolNodes = true } = options;
  const hidden: [number, Irrep][] = [];
  for (let l = 0; l <= lmax; l++) for (const p of [-1, 1] as const) hidden.push([mul, Irrep.of(l, p)]);
  const harmonics = Irreps.sphericalHarmonics(lmax);
  const mp = messagePassing({
    irrepsNodeInput: irreps.input,
    irrepsNodeHidden: hidden,
    irrepsNodeOutput: irreps.output,
    irrepsNodeAttr: irreps.nodeAttr,
    irrepsEdgeAttr: irreps.edgeAttr.add(harmonics),
    layers,
    fcNeurons: [numberOfBasis, fcHidden],
    numNeighbors: options.numNeighbors,
  });
  return {
    mp,
    /** Harmonics and radial basis of each edge; the vector points from the destination to the source. */
    geometry({ pos, edges }: PointGraph) {
      const vector = subtract(gather(pos, edges.src), gather(pos, edges.dst));
      const basis = softOneHotLinspace(norm(vector), {
        start: 0,
        end: options.maxRadius,
        number: numberOfBasis,
        basis: 'smooth_finite',
        cutoff: true,
      });
      return {
        harmonics: sphericalHarmonics(harmonics, vector, { normalize: true, normalization: 'component' }),
        scalars: scale(basis, Math.sqrt(numberOfBasis)),
      };
    },
    pool(x: GeometricTensor, graph: PointGraph): GeometricTensor {
      if (!poolNodes) return x;
      return tensor(scale(segmentSum(x.node, graph.graphs), 1 / Math.sqrt(options.numNodes)), x.layout);
    },
  };
}

/**
 * The network of e3nn's Tetris example (`nn.models.v2106.gate_points_networks.SimpleNetwork`): edges carry
 * spherical harmonics and a radial basis of the distance, nodes no attributes. The vector of an edge is
 * pos[src] - pos[dst].
 *
 * @throws Error as `messagePassing` does.
 * @example
 * ```ts
 * import { Parameters, simpleNetwork } from 'clebsch';
 * const sizes = { maxRadius: 1.5, numNeighbors: 2, numNodes: 4 };
 * const network = simpleNetwork({ irrepsIn: '0e', irrepsOut: '0o + 6x0e', ...sizes });
 * new Parameters(network).count; // => 486552
 * ```
 */
export function simpleNetwork(options: SimpleNetworkOptions): SimpleNetwork {
  const nothing = Irreps.parse('');
  const { mp, geometry, pool } = build(options, {
    input: options.irrepsIn,
    nodeAttr: '0e',
    edgeAttr: nothing,
    output: options.irrepsOut,
  });
  return {
    layoutIn: mp.layers[0].conv.layoutIn,
    layoutOut: Layout.of(mp.irrepsNodeOutput),
    irrepsNodeSequence: mp.irrepsNodeSequence,
    parameters: prefixed('mp', mp),
    apply(weights, graph, x) {
      const { harmonics, scalars } = geometry(graph);
      const ones = tensor(filled(graph.pos.rows, 1, 1), Layout.of('0e'));
      return pool(mp.apply(weights.at('mp'), x, ones, graph.edges, harmonics, scalars), graph);
    },
  };
}

/**
 * The network of `simpleNetwork` with attributes on nodes and edges (e3nn
 * `nn.models.v2106.gate_points_networks.NetworkForAGraphWithAttributes`); the harmonics of an edge are appended
 * to its attributes.
 *
 * @throws Error as `messagePassing` does.
 * @example
 * ```ts
 * import { networkForAGraphWithAttributes } from 'clebsch';
 * const network = networkForAGraphWithAttributes({
 *   irrepsNodeInput: '0e', irrepsNodeAttr: '0e', irrepsEdgeAttr: '2x0e', irrepsNodeOutput: '1o',
 *   maxRadius: 2, numNeighbors: 3, numNodes: 5, mul: 4, layers: 1, lmax: 1,
 * });
 * network.irrepsNodeSequence.map(String); // => ["1x0e", "4x0e+4x1o", "1x1o"]
 * ```
 */
export function networkForAGraphWithAttributes(options: NetworkWithAttributesOptions): NetworkWithAttributes {
  const edgeAttr = Irreps.parse(options.irrepsEdgeAttr);
  const { mp, geometry, pool } = build(options, {
    input: options.irrepsNodeInput,
    nodeAttr: options.irrepsNodeAttr,
    edgeAttr,
    output: options.irrepsNodeOutput,
  });
  return {
    layoutIn: mp.layers[0].conv.layoutIn,
    layoutNodeAttr: Layout.of(options.irrepsNodeAttr),
    layoutEdgeAttr: Layout.of(edgeAttr),
    layoutOut: Layout.of(mp.irrepsNodeOutput),
    irrepsNodeSequence: mp.irrepsNodeSequence,
    parameters: prefixed('mp', mp),
    apply(weights, graph, x, nodeAttr, edgeAttributes) {
      const { harmonics, scalars } = geometry(graph);
      const all = tensor(
        concat([edgeAttributes.node, harmonics.node]),
        Layout.concat([edgeAttributes.layout, harmonics.layout]),
      );
      return pool(mp.apply(weights.at('mp'), x, nodeAttr, graph.edges, all, scalars), graph);
    },
  };
}
