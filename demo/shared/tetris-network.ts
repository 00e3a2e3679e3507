import {
  filled,
  type GeometricTensor,
  gather,
  Irrep,
  Irreps,
  Layout,
  type Module,
  messagePassing,
  type Node,
  norm,
  type PointGraph,
  scale,
  segmentSum,
  softOneHotLinspace,
  sphericalHarmonicsLayer,
  subtract,
  tensor,
  type Weights,
} from '../../src/index.ts';
import type { Parity } from './parity.ts';
import type { Recipe } from './tetris-batch.ts';

export interface TetrisNetworkOptions {
  /** Copies of each hidden irrep. */
  readonly mul: number;
  /** Highest degree of hidden irreps and harmonics; default 2. */
  readonly lmax?: number;
  /** Gated layers; default 3. */
  readonly layers?: number;
  /** Default `o3`. */
  readonly parity?: Parity;
}

/** One path of a convolution, "1x1o by 1x1o to 1x0e" say: what its filter is. */
export interface FilterPath {
  readonly from: string;
  /** Degree of the harmonics. */
  readonly l: number;
  readonly filter: string;
  readonly to: string;
  /** Columns of `radial`: a radial function for each copy of the irrep that comes in. */
  readonly columns: readonly number[];
}

export interface TetrisNetwork extends Module {
  /** Irreps before the first layer, between the layers, and at the end. */
  readonly irrepsNodeSequence: readonly Irreps[];
  /** The paths of each layer's tensor product: features by filter to features. */
  readonly paths: readonly (readonly FilterPath[])[];
  /** Seven numbers a graph. */
  apply(weights: Weights, graph: PointGraph): GeometricTensor;
  /** Features of the nodes after each layer; the last are the outputs before they are summed. */
  features(weights: Weights, graph: PointGraph): GeometricTensor[];
  /** What the radial network of a layer makes of distances (n x 1): the weights of its paths, n x many. */
  radial(weights: Weights, layer: number, distances: Node): Node;
}

export const MAX_RADIUS = 1.5;
const BASIS = 10;
const HIDDEN = 100;

/** Irreps up to lmax that the features between layers may have. */
function hiddenIrreps(mul: number, lmax: number, parity: Parity): Irreps {
  const allowed = (l: number, p: 1 | -1) => p === 1 || parity === 'o3' || (parity === 'even' && l > 0);
  const blocks: [number, Irrep][] = [];
  for (let l = 0; l <= lmax; l++)
    for (const p of [-1, 1] as const) if (allowed(l, p)) blocks.push([mul, Irrep.of(l, p)]);
  return Irreps.parse(blocks);
}

/** Seven numbers: the first, for the chiral pair, is odd under reflections where the network knows of them. */
export const irrepsOutOf = (parity: Parity) => (parity === 'o3' ? '0o + 6x0e' : '7x0e');

/**
 * The network of e3nn's Tetris example (`nn.models.v2106.gate_points_networks.SimpleNetwork`, the engine's `simpleNetwork`),
 * put together from its parts, so that its layers can be looked at and its irreps chosen.
 */
export function tetrisNetwork(options: TetrisNetworkOptions): TetrisNetwork {
  const { mul, lmax = 2, layers = 3, parity = 'o3' } = options;
  const natural = Irreps.sphericalHarmonics(lmax);
  const harmonics =
    parity === 'so3'
      ? Irreps.parse(natural.blocks.map(({ ir }): [number, Irrep] => [1, Irrep.of(ir.l, 1)]))
      : natural;
  const mp = messagePassing({
    irrepsNodeInput: '0e',
    irrepsNodeHidden: hiddenIrreps(mul, lmax, parity),
    irrepsNodeOutput: irrepsOutOf(parity),
    irrepsNodeAttr: '0e',
    irrepsEdgeAttr: harmonics,
    layers,
    fcNeurons: [BASIS, HIDDEN],
    numNeighbors: 2,
  });
  const basisOf = (distances: Node) =>
    scale(
      softOneHotLinspace(distances, {
        start: 0,
        end: MAX_RADIUS,
        number: BASIS,
        basis: 'smooth_finite',
        cutoff: true,
      }),
      Math.sqrt(BASIS),
    );
  const features = (weights: Weights, { pos, edges }: PointGraph): GeometricTensor[] => {
    const vector = subtract(gather(pos, edges.src), gather(pos, edges.dst));
    const basis = basisOf(norm(vector));
    const filter = sphericalHarmonicsLayer(natural, vector, { normalize: true, normalization: 'component' });
    const edgeAttr = tensor(filter.node, Layout.of(harmonics));
    const ones = tensor(filled(pos.rows, 1, 1), Layout.of('0e'));
    let x = tensor(filled(pos.rows, 1, 1), mp.layers[0].conv.layoutIn);
    return mp.layers.map(({ name, conv, gate }) => {
      const out = conv.apply(weights.at(name), x, ones, edges, edgeAttr, basis);
      x = gate ? gate.apply(out) : out;
      return x;
    });
  };
  return {
    irrepsNodeSequence: mp.irrepsNodeSequence,
    paths: mp.layers.map(({ conv: { tp } }) =>
      tp.spec.instructions.map(({ in1, in2, out, weightSlice }) => {
        const filter = tp.spec.irrepsIn2.blocks[in2].ir;
        return {
          from: String(tp.spec.irrepsIn1.blocks[in1].ir),
          l: filter.l,
          filter: String(filter),
          to: String(tp.spec.irrepsOut.blocks[out].ir),
          columns: Array.from(tp.weightPositions.slice(...(weightSlice ?? [0, 0]))),
        };
      }),
    ),
    parameters: mp.parameters,
    features,
    apply(weights, graph) {
      const x = features(weights, graph).at(-1)!;
      // Four nodes a shape: the sum has the size of one node's numbers.
      return tensor(scale(segmentSum(x.node, graph.graphs), 1 / Math.sqrt(4)), x.layout);
    },
    radial(weights, layer, distances) {
      const { name, conv } = mp.layers[layer];
      return conv.fc.apply(weights.at(name).at('fc'), basisOf(distances));
    },
  };
}

/** The network with the settings of e3nn's example. */
export function gatePoints(options: TetrisNetworkOptions): Recipe & { readonly network: TetrisNetwork } {
  const network = tetrisNetwork(options);
  return {
    module: network,
    network,
    apply: network.apply,
    radius: MAX_RADIUS,
    inclusive: false,
    learningRate: 1e-2,
  };
}
