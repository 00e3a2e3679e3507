import { type IndexNode, index, packIndexMap } from '../graph/index-map.ts';
import { input } from '../graph/leaf.ts';
import type { Node } from '../graph/node.ts';
import { gather } from '../ops/gather.ts';
import { add, subtract } from '../ops/map.ts';
import type { PointGraph } from './point-graph.ts';

/** Atoms in several graphs at once (molecules, crystals): the leaves that an energy model reads. */
export interface AtomicGraph extends PointGraph {
  /** Species of each atom: an index map of capacity atoms over species. */
  readonly species: IndexNode;
  /** What is added to pos[dst] - pos[src] of each edge: the lattice vector S @ cell, edges x 3. */
  readonly offset: Node;
}

/** How many there may be of each: shapes are fixed when a program is compiled. */
export interface AtomicGraphSize {
  readonly atoms: number;
  readonly edges: number;
  readonly graphs: number;
  /** Number of different species. */
  readonly species: number;
}

/** One molecule or crystal, on the host. */
export interface AtomicSystem {
  /** n atoms, row-major n x 3, in the unit of the model's radius. */
  readonly pos: ArrayLike<number>;
  /** Species of each atom, counted from 0. */
  readonly species: ArrayLike<number>;
  readonly edges: {
    readonly src: ArrayLike<number>;
    readonly dst: ArrayLike<number>;
    /** Whole numbers S, row-major edges x 3: the edge goes to the image of dst that is shifted by S @ cell. */
    readonly shift?: ArrayLike<number>;
  };
  /** Lattice vectors in rows, nine numbers; none in open boundaries. */
  readonly cell?: ArrayLike<number>;
}

/** Numbers for the leaves of `atomicGraph`. */
export interface AtomicGraphFeeds extends Readonly<Record<string, Float64Array | Uint32Array>> {
  readonly pos: Float64Array;
  readonly species: Uint32Array;
  readonly edge_src: Uint32Array;
  readonly edge_dst: Uint32Array;
  readonly edge_offset: Float64Array;
  readonly graphs: Uint32Array;
}

/**
 * The leaves of a batch of molecules or crystals: "pos", "species", "edge_src", "edge_dst", "edge_offset" and "graphs",
 * which `atomicGraphFeeds` fills.
 *
 * @example
 * ```ts
 * import { atomicGraph } from 'clebsch';
 * const { pos, offset } = atomicGraph({ atoms: 8, edges: 24, graphs: 2, species: 3 });
 * [pos.rows, offset.rows]; // => [8, 24]
 * ```
 */
export function atomicGraph({ atoms, edges, graphs, species }: AtomicGraphSize): AtomicGraph {
  return {
    pos: input('pos', atoms, 3),
    species: index('species', atoms, species),
    edges: { src: index('edge_src', edges, atoms), dst: index('edge_dst', edges, atoms) },
    offset: input('edge_offset', edges, 3),
    graphs: index('graphs', atoms, graphs),
  };
}

/**
 * The vector of each edge, pos[dst] - pos[src] + offset: edges x 3. Edges that are not in use have zeros.
 *
 * @example
 * ```ts
 * import { atomicGraph, atomicGraphFeeds, edgeVectors, reference } from 'clebsch';
 * const size = { atoms: 1, edges: 1, graphs: 1, species: 1 };
 * const edges = { src: [0], dst: [0], shift: [0, 0, 1] }; // an atom and its image in a cubic cell
 * const feeds = atomicGraphFeeds(size, [{ pos: [1, 1, 1], species: [0], edges, cell: [2, 0, 0, 0, 2, 0, 0, 0, 2] }]);
 * reference([edgeVectors(atomicGraph(size))], feeds); // => [[0, 0, 2]]
 * ```
 */
export function edgeVectors({ pos, edges, offset }: AtomicGraph): Node {
  return add(subtract(gather(pos, edges.dst), gather(pos, edges.src)), offset);
}

/**
 * Numbers for the leaves of `atomicGraph`, from systems that are graphs 0, 1, ... of the batch. There may be fewer
 * atoms, edges and systems than `size` has room for: the rest belong nowhere and change nothing.
 *
 * @throws Error when the systems do not fit `size` (it says by how much), a position or cell is not finite, an edge or
 * species is out of range, or an edge has a shift without a cell.
 * @example
 * ```ts
 * import { atomicGraphFeeds } from 'clebsch';
 * const molecule = { pos: [0, 0, 0, 0, 0, 1], species: [0, 1], edges: { src: [0, 1], dst: [1, 0] } };
 * const { pos } = atomicGraphFeeds({ atoms: 3, edges: 4, graphs: 1, species: 2 }, [molecule]);
 * pos; // => [0, 0, 0, 0, 0, 1, 0, 0, 0]
 * ```
 */
export function atomicGraphFeeds(size: AtomicGraphSize, systems: readonly AtomicSystem[]): AtomicGraphFeeds {
  const total = (count: (system: AtomicSystem) => number) =>
    systems.reduce((sum, system) => sum + count(system), 0);
  const room = (what: 'atoms' | 'edges' | 'graphs', needed: number) => {
    if (needed > size[what])
      throw new Error(
        `atomicGraph: ${needed} ${what} do not fit the capacity of ${size[what]}, ${needed - size[what]} too many; ` +
          'compile with a larger one',
      );
  };
  const count = total(({ species }) => species.length);
  room('graphs', systems.length);
  room('atoms', count);
  room(
    'edges',
    total(({ edges }) => edges.src.length),
  );
  const pos = new Float64Array(3 * size.atoms);
  const offset = new Float64Array(3 * size.edges);
  const [species, graphs, src, dst]: number[][] = [[], [], [], []];
  systems.forEach((system, graph) => {
    check(system, graph, size.species);
    const first = species.length;
    pos.set(Array.from(system.pos), 3 * first);
    offset.set(latticeVectors(system), 3 * src.length);
    for (let i = 0; i < system.species.length; i++) {
      species.push(system.species[i]);
      graphs.push(graph);
    }
    for (let i = 0; i < system.edges.src.length; i++) {
      src.push(first + system.edges.src[i]);
      dst.push(first + system.edges.dst[i]);
    }
  });
  return {
    pos,
    species: packIndexMap(species, size.atoms, size.species, 'species'),
    edge_src: packIndexMap(src, size.edges, size.atoms, 'edge_src'),
    edge_dst: packIndexMap(dst, size.edges, size.atoms, 'edge_dst'),
    edge_offset: offset,
    graphs: packIndexMap(graphs, size.atoms, size.graphs, 'graphs'),
  };
}

/** S @ cell of each edge; zeros where there are no shifts. */
function latticeVectors({ edges: { src, shift }, cell }: AtomicSystem): Float64Array {
  const out = new Float64Array(3 * src.length);
  if (!shift || !cell) return out;
  for (let e = 0; e < out.length; e += 3)
    for (let k = 0; k < 3; k++)
      out[e + k] = shift[e] * cell[k] + shift[e + 1] * cell[3 + k] + shift[e + 2] * cell[6 + k];
  return out;
}

function check({ pos, species, edges, cell }: AtomicSystem, graph: number, known: number): void {
  const fail = (what: string): never => {
    throw new Error(`atomicGraph: system ${graph}: ${what}`);
  };
  const atoms = species.length;
  if (pos.length !== 3 * atoms) fail(`${pos.length} coordinates for ${atoms} atoms`);
  for (let i = 0; i < pos.length; i++)
    if (!Number.isFinite(pos[i]))
      fail(`atom ${Math.floor(i / 3)} has ${'xyz'[i % 3]} = ${pos[i]}; positions must be finite`);
  for (let i = 0; i < atoms; i++)
    if (!Number.isInteger(species[i]) || species[i] < 0 || species[i] >= known)
      fail(`atom ${i} has species ${species[i]}, but there are only ${known} (0 to ${known - 1})`);
  if (cell && (cell.length !== 9 || !Array.from(cell).every(Number.isFinite)))
    fail(`the cell must be nine finite numbers, got [${Array.from(cell).join(', ')}]`);
  const { src, dst, shift } = edges;
  if (src.length !== dst.length) fail(`${src.length} edge sources, but ${dst.length} destinations`);
  if (shift && shift.length !== 3 * src.length)
    fail(`${src.length} edges need ${3 * src.length} shifts, got ${shift.length}`);
  for (let e = 0; e < src.length; e++) {
    for (const node of [src[e], dst[e]])
      if (!Number.isInteger(node) || node < 0 || node >= atoms)
        fail(`edge ${e} (${src[e]} to ${dst[e]}) names atom ${node}, but there are only ${atoms}`);
    for (let k = 3 * e; shift && k < 3 * e + 3; k++) {
      if (!Number.isInteger(shift[k])) fail(`edge ${e} has the shift ${shift[k]}; shifts are whole numbers`);
      if (shift[k] !== 0 && !cell) fail(`edge ${e} has a shift, but there is no cell`);
    }
  }
}
