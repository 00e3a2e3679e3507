import { type Found, searchCells } from './cell-list.ts';
import { latticeOf } from './lattice.ts';

/** Edges between points that are close to each other. */
export interface EdgeList {
  /** Node that each edge starts from; the edges are ordered by (src, dst). */
  readonly src: Uint32Array;
  /** Node that each edge points to. */
  readonly dst: Uint32Array;
}

/** Edges between points that repeat in space. */
export interface PeriodicEdgeList extends EdgeList {
  /**
   * Lattice vectors that each edge crosses, edges x 3: the edge is pos[dst] - pos[src] + shift @ cell. Edges
   * between the same two nodes are ordered by it. All zeros without a cell.
   */
  readonly shift: Int32Array;
}

/** What counts as an edge. */
export interface RadiusGraphOptions {
  /** Graph of each point: edges never join two graphs. By default all points are one graph. */
  readonly batch?: ArrayLike<number>;
  /** Whether a distance equal to the radius counts (torch_cluster's rule); by default it does not (e3nn's). */
  readonly inclusive?: boolean;
  /**
   * Three lattice vectors, one a row (9 numbers, in the unit of the positions): any independent ones, of either
   * handedness. With `batch` all graphs have this cell; for different ones make each graph on its own and join them
   * (`joinGraphs`).
   */
  readonly cell?: ArrayLike<number>;
  /** Along which lattice vectors the points repeat; by default along all three when there is a cell. */
  readonly pbc?: boolean | readonly [boolean, boolean, boolean];
  /** More edges than this are an error instead of an exhausted memory (20 bytes an edge); default 2^27. */
  readonly maxEdges?: number;
}

/**
 * Edges between points closer than a radius: all (i, j, S) with |pos_j - pos_i + S @ cell| < radius, S whole
 * numbers, zero along axes that are not periodic, without i = j at S = 0 (e3nn `radius_graph`, which leaves out
 * pairs of points at one place; here they are edges). Points may lie outside of the cell. The radius may be larger
 * than the cell: then two points are joined several times, and a point with its own images. Every edge has its way
 * back, (j, i, -S). Cell lists: the time is linear in the number of points at a given density.
 *
 * @param pos n points, row-major n x 3
 * @param radius in the unit of the positions; Infinity joins all, where nothing is periodic
 * @throws Error if the length is no multiple of 3, a coordinate is not finite (it says which), the radius is not
 * positive, `batch` has another length than there are points, the cell is not 9 finite numbers, its periodic
 * vectors are not independent, `pbc` is given without a cell, or there are more than `maxEdges` edges.
 *
 * @example
 * ```ts
 * import { radiusGraph } from 'clebsch';
 * Array.from(radiusGraph([0, 0, 0, 0, 0, 1, 0, 0, 2], 1.5).src); // => [0, 1, 1, 2]
 * // A chain that repeats every 2: each point has a neighbour on both sides.
 * const cell = [9, 0, 0, 0, 9, 0, 0, 0, 2];
 * const chain = radiusGraph([0, 0, 0, 0, 0, 1], 1.5, { cell, pbc: [false, false, true] });
 * Array.from(chain.dst); // => [1, 1, 0, 0]
 * Array.from(chain.shift); // => [0, 0, -1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
 * ```
 */
export function radiusGraph(
  pos: ArrayLike<number>,
  radius: number,
  options: RadiusGraphOptions = {},
): PeriodicEdgeList {
  const { src, dst, shift } = countedRadiusGraph(pos, radius, options);
  return { src, dst, shift };
}

/** `radiusGraph`, and how many distances it computed. */
export function countedRadiusGraph(
  pos: ArrayLike<number>,
  radius: number,
  { batch, inclusive = false, cell, pbc = cell !== undefined, maxEdges = 2 ** 27 }: RadiusGraphOptions = {},
): Found {
  if (pos.length % 3 !== 0)
    throw new Error(`radiusGraph: ${pos.length} numbers, but points come in threes (x, y, z)`);
  if (!(radius > 0)) throw new Error(`radiusGraph: the radius is ${radius}, but must be positive`);
  const n = pos.length / 3;
  if (batch && batch.length !== n)
    throw new Error(`radiusGraph: ${n} points, but ${batch.length} graph numbers`);
  for (let i = 0; i < pos.length; i++)
    if (!Number.isFinite(pos[i]))
      throw new Error(
        `radiusGraph: point ${Math.floor(i / 3)} has ${'xyz'[i % 3]} = ${pos[i]}; positions must be finite`,
      );
  if (cell && cell.length !== 9)
    throw new Error(`radiusGraph: a cell is 3 x 3, 9 numbers (rows = lattice vectors), not ${cell.length}`);
  const bad = Array.from(cell ?? []).findIndex((v) => !Number.isFinite(v));
  if (bad >= 0)
    throw new Error(
      `radiusGraph: lattice vector ${Math.floor(bad / 3)} has ${'xyz'[bad % 3]} = ${cell?.[bad]}; the cell must be finite`,
    );
  const periodic = typeof pbc === 'boolean' ? [pbc, pbc, pbc] : pbc;
  if (!cell && periodic.some(Boolean))
    throw new Error('radiusGraph: periodic boundaries (pbc) need a cell, but none is given');
  if (periodic.some(Boolean) && !Number.isFinite(radius))
    throw new Error(`radiusGraph: the radius is ${radius}, but a periodic system has edges of any length`);
  const vectors = cell ?? new Float64Array(9);
  return searchCells({
    pos,
    radius,
    inclusive,
    batch,
    cell: vectors,
    lattice: latticeOf(vectors, periodic),
    maxEdges,
  });
}
