import { radiusGraph } from '../../src/data/radius-graph.ts';
import type { Node } from '../../src/graph/node.ts';
import type { Feeds } from '../../src/graph/reference.ts';
import { networkForAGraphWithAttributes, simpleNetwork } from '../../src/models/gate-points-networks.ts';
import { type PointGraph, pointGraph, pointGraphFeeds } from '../../src/models/point-graph.ts';
import { tetrisGate } from '../../src/models/tetris-gate.ts';
import { tetrisPolynomial } from '../../src/models/tetris-polynomial.ts';
import type { Module, Weights } from '../../src/nn/parameters.ts';
import { type GeometricTensor, tensorInput } from '../../src/nn/tensor.ts';
import type { Irreps } from '../../src/o3/irreps.ts';
import type { Layout } from '../../src/o3/layout.ts';
import { Random } from '../../src/o3/random.ts';
import { gather } from '../../src/ops/gather.ts';
import { subtract } from '../../src/ops/map.ts';
import { trainable } from './layers.ts';

/** A model of points with node features, and what its graph is. */
export interface PointNetwork {
  readonly module: Module;
  /** Irreps of the node features that it takes; null for none. */
  readonly layoutIn: Layout | null;
  readonly radius: number;
  apply(weights: Weights, graph: PointGraph, x: GeometricTensor | null): GeometricTensor;
}

type Simple = Partial<Parameters<typeof simpleNetwork>[0]>;

/** SimpleNetwork, small unless said otherwise. */
export function smallNetwork(options: Simple = {}): PointNetwork {
  const model = simpleNetwork({
    irrepsIn: '2x0e + 1x1o',
    irrepsOut: '0o + 2x0e + 1x1o + 1x2e',
    maxRadius: 2,
    numNeighbors: 3,
    numNodes: 5,
    mul: 2,
    layers: 2,
    lmax: 2,
    numberOfBasis: 4,
    fcHidden: 6,
    ...options,
  });
  return {
    module: model,
    layoutIn: model.layoutIn,
    radius: options.maxRadius ?? 2,
    apply: (w, g, x) => model.apply(w, g, x!),
  };
}

/** NetworkForAGraphWithAttributes; its edge attributes are the vectors of the edges, its node attributes the features. */
export function attributeNetwork(): PointNetwork {
  const model = networkForAGraphWithAttributes({
    irrepsNodeInput: '2x0e + 1x1o',
    irrepsNodeAttr: '2x0e + 1x1o',
    irrepsEdgeAttr: '1o',
    irrepsNodeOutput: '2x0e + 1x1e',
    maxRadius: 2,
    numNeighbors: 3,
    numNodes: 5,
    mul: 2,
    layers: 1,
    lmax: 1,
    numberOfBasis: 3,
    fcHidden: 5,
  });
  return {
    module: model,
    layoutIn: model.layoutIn,
    radius: 2,
    apply(weights, graph, x) {
      const attributes = { node: edgeVectors(graph), layout: model.layoutEdgeAttr };
      return model.apply(weights, graph, x!, { node: x!.node, layout: model.layoutNodeAttr }, attributes);
    },
  };
}

const edgeVectors = ({ pos, edges }: PointGraph): Node =>
  subtract(gather(pos, edges.src), gather(pos, edges.dst));

export function smallGate(options: Parameters<typeof tetrisGate>[0] = {}): PointNetwork {
  const model = tetrisGate({
    irrepsScalars: '3x0e + 3x0o',
    irrepsGates: '1x0e + 1x0o + 1x0e + 1x0o',
    irrepsGated: '2x1o + 2x1e',
    lmax: 2,
    fcHidden: 5,
    ...options,
  });
  return { module: model, layoutIn: null, radius: 2.5, apply: (w, g) => model.apply(w, g) };
}

export function smallPolynomial(options: Parameters<typeof tetrisPolynomial>[0] = {}): PointNetwork {
  const model = tetrisPolynomial({ irrepsMid: '3x0e + 2x1e + 2x1o + 1x2e', lmax: 2, ...options });
  return { module: model, layoutIn: null, radius: 2, apply: (w, g) => model.apply(w, g) };
}

/** Points of two graphs, none of which is near the radius of a model or in a symmetric place. */
export function cloud(nodes: number, seed = 1): Float64Array {
  return new Random(seed).normals(3 * nodes).map((v) => v * 0.9);
}

export interface BuiltNetwork {
  readonly output: GeometricTensor;
  readonly graph: PointGraph;
  readonly x: GeometricTensor | null;
  readonly packed: Node;
  readonly irrepsIn: Irreps | null;
  /** Which of the packed numbers are parameters. */
  readonly within: Feeds;
  /** Feeds for positions and features (e3nn's layout), with edges within the radius. */
  feeds(pos: ArrayLike<number>, features?: ArrayLike<number>): Record<string, ArrayLike<number>>;
}

/** The program of a network on `nodes` points in so many graphs, with random weights. */
export function build(network: PointNetwork, nodes: number, graphs = 1, seed = 1): BuiltNetwork {
  const size = { nodes, edges: nodes * (nodes - 1), graphs };
  const { weights, values, packed, mask } = trainable(network.module, seed);
  const graph = pointGraph(size);
  const x = network.layoutIn && tensorInput('x', nodes, network.layoutIn);
  const batch = Array.from({ length: nodes }, (_, i) => Math.floor((i * graphs) / nodes));
  return {
    output: network.apply(weights, graph, x),
    graph,
    x,
    packed,
    irrepsIn: network.layoutIn?.irreps ?? null,
    within: { parameters: mask },
    feeds(pos, features) {
      const edges = radiusGraph(pos, network.radius, { batch });
      return {
        ...pointGraphFeeds(size, pos, edges, batch),
        parameters: values,
        ...(features && { x: network.layoutIn!.pack(features) }),
      };
    },
  };
}
