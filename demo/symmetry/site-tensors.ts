import {
  Irreps,
  input,
  Layout,
  type LayoutBlock,
  Parameters,
  type Program,
  pointGraph,
  pointGraphFeeds,
  Random,
  radiusGraph,
  simpleNetwork,
  state,
  tensor,
} from '../../src/index.ts';
import type { Atoms } from './point-group.ts';

/** What the network predicts at every atom. */
export const siteIrreps = Irreps.parse('0e + 1o + 1e + 2e + 3o + 4e');

/** e3nn's network with random weights: species (one-hot) in, tensors at every atom out. */
export function siteNetwork(atoms: Atoms, irrepsOut: Irreps = siteIrreps) {
  const kinds = [...new Set(atoms.species)];
  const count = atoms.species.length;
  return {
    kinds,
    network: simpleNetwork({
      irrepsIn: `${kinds.length}x0e`,
      irrepsOut,
      maxRadius: 5,
      numNeighbors: count - 1,
      numNodes: count,
      mul: 2,
      layers: 2,
      lmax: 2,
      numberOfBasis: 5,
      fcHidden: 16,
      poolNodes: false,
    }),
  };
}

/** A program whose output "tensors" is atoms x irreps; `positions` is fed anew when atoms move, `weights` for another seed. */
export function sitePrediction(atoms: Atoms) {
  const { kinds, network } = siteNetwork(atoms);
  const count = atoms.species.length;
  const parameters = new Parameters(network);
  const weights = state('weights', 1, parameters.length, parameters.initial(new Random(0)));
  // All atoms see each other, whatever the distortion.
  const edges = radiusGraph(atoms.positions, Number.POSITIVE_INFINITY);
  const size = { nodes: count, edges: edges.src.length, graphs: 1 };
  const graph = pointGraph(size);
  const x = tensor(input('species', count, kinds.length), Layout.of(network.layoutIn.irreps));
  const out = network.apply(parameters.weights(weights), graph, x);
  const program: Program = { outputs: { tensors: out.node } };
  const batch = new Array<number>(count).fill(0);
  const { pos, edge_src, edge_dst } = pointGraphFeeds(size, atoms.positions, edges, batch);
  const species = atoms.species.flatMap((name) => kinds.map((kind) => (kind === name ? 1 : 0)));
  return {
    program,
    feeds: { pos, edge_src, edge_dst, species },
    layout: out.layout,
    weightsOf: (seed: number) => lively(parameters, seed),
  };
}

/**
 * Random weights. e3nn starts the blend of convolution and self-connection (alpha) at zero, so that an untrained network
 * gives nothing in irreps that the self-connection reaches; here it is random as well.
 */
function lively(parameters: Parameters, seed: number): Float64Array {
  const random = new Random(seed);
  const arrays = parameters.unpack(parameters.initial(random));
  for (const [name, array] of Object.entries(arrays))
    if (name.endsWith('alpha.weight')) array.data.set(random.normals(array.data.length));
  return parameters.pack(arrays);
}

/** The numbers of one irrep at one atom. */
export function componentsAt(
  tensors: ArrayLike<number>,
  cols: number,
  atom: number,
  { ir, offset, stride }: LayoutBlock,
): number[] {
  return Array.from({ length: ir.dim }, (_, k) => tensors[atom * cols + offset + k * stride]);
}
