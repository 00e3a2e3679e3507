import type { IndexNode } from '../graph/index-map.ts';
import { constant } from '../graph/leaf.ts';
import { apply, type Node } from '../graph/node.ts';
import { gather } from './gather.ts';
import { add, multiply } from './map.ts';
import { neighbourBinsOp } from './neighbour-bins.ts';
import { neighbourFrameOp } from './neighbour-frame.ts';
import { neighbourIndex } from './neighbour-index.ts';
import { neighbourCountsOp, neighbourEdgesOp, SHIFT_ZERO } from './neighbour-search.ts';
import { bucketsOf } from './pack-indices.ts';
import { MOST_SUM, runningSum } from './running-sum.ts';
import { slice } from './slice.ts';
import { broadcast } from './sum.ts';
import { unpackBits } from './unpack-bits.ts';

/** What counts as a neighbour. */
export interface NeighbourListOptions {
  /** In the unit of the positions. */
  readonly radius: number;
  /** Rows for edges: as many as there may ever be. */
  readonly capacity: number;
  /** Lattice vectors as rows, in one row of 9; with `graphs` one row for each graph. */
  readonly cell?: Node;
  /** Along which lattice vectors the points repeat; by default along all three when there is a cell. */
  readonly pbc?: boolean | readonly [boolean, boolean, boolean];
  /**
   * Graph of each point, as an index map of nodes over graphs; points that point nowhere have no edges. By default
   * all are one graph.
   */
  readonly graphs?: IndexNode;
}

/** Neighbours found by a program. */
export interface Neighbours {
  /** Index maps of capacity edges over nodes, ordered by (src, dst, shift). */
  readonly edges: { readonly src: IndexNode; readonly dst: IndexNode };
  /**
   * What periodic images add to each edge, capacity x 3: the edge is pos[dst] - pos[src] + shift. It has a gradient
   * by the cell, but none by the positions.
   */
  readonly shift: Node;
  /** Lattice vectors that each edge crosses, capacity x 3 of whole numbers; no gradient. */
  readonly images: Node;
  /** Edges that there are, 1 x 1; what `checkNeighbourCount` is for. */
  readonly count: Node;
}

/**
 * Edges between points closer than a radius, found by the program itself from positions that may change from run to
 * run: the same edges in the same order as `radiusGraph`, except that pairs whose distance equals the radius to
 * 32-bit rounding may be in or out; where a smooth cutoff makes their messages vanish nobody can tell. Cell lists
 * without atomics: linear in the number of points, the same bits every time. The list itself has no gradient; edge
 * vectors get theirs by the positions as they are gathered.
 *
 * When there are more edges than `capacity`, all rows point nowhere: the list is empty, not truncated, and `count`
 * says how many there are. Make `count` an output and give it to `checkNeighbourCount`.
 *
 * A strongly skewed cell makes the search look at more images than a compact one of the same lattice.
 *
 * @param pos nodes x 3
 * @throws Error if a shape does not fit, the radius is not positive or `pbc` is given without a cell.
 * @example
 * ```ts
 * import { gather, input, neighbourList, reference, segmentSum, subtract, add } from 'clebsch';
 * const pos = input('pos', 2, 3);
 * const options = { radius: 1.5, capacity: 8, cell: input('cell', 1, 9), pbc: [false, false, true] as const };
 * const { edges, shift, count } = neighbourList(pos, options);
 * const vectors = add(subtract(gather(pos, edges.dst), gather(pos, edges.src)), shift);
 * const sums = segmentSum(vectors, edges.src);
 * // A chain with distances 0.5 and 1.5, of which only the shorter one is within the radius.
 * const feeds = { pos: [0, 0, 0, 0, 0, 0.5], cell: [9, 0, 0, 0, 9, 0, 0, 0, 2] };
 * reference([count, sums], feeds); // => [[2], [0, 0, 0.5, 0, 0, -0.5]]
 * ```
 */
export function neighbourList(
  pos: Node,
  { radius, capacity, cell, pbc = cell !== undefined, graphs }: NeighbourListOptions,
): Neighbours {
  if (!(radius > 0 && Number.isFinite(radius)))
    throw new Error(`neighbourList: the radius is ${radius}, but must be positive and finite`);
  if (!Number.isInteger(capacity) || capacity < 0)
    throw new Error(`neighbourList: the capacity is ${capacity}, but must be a whole number of edges`);
  const periodic = typeof pbc === 'boolean' ? [pbc, pbc, pbc] : pbc;
  if (!cell && periodic.some(Boolean))
    throw new Error('neighbourList: periodic boundaries (pbc) need a cell, but none is given');
  const attrs = { radius, pbc: ['x', 'y', 'z'].filter((_, k) => periodic[k]).join('') };
  const cells = cell ?? broadcast(constant([1, 0, 0, 0, 1, 0, 0, 0, 1]), graphs?.attrs.segments ?? 1, 9);
  const frames = apply(neighbourFrameOp, [cells], attrs);
  const bins = apply(neighbourBinsOp, graphs ? [pos, frames, graphs] : [pos, frames], attrs);
  const found = [pos, frames, bins, bucketsOf(bins)];
  const starts = runningSum(apply(neighbourCountsOp, found, attrs));
  const list = apply(neighbourEdgesOp, [...found, starts], { ...attrs, capacity });
  const edges = { src: neighbourIndex(list, starts, 'src'), dst: neighbourIndex(list, starts, 'dst') };
  const images = unpackBits(list, { column: 2, fields: 3, width: 10, offset: SHIFT_ZERO });
  const cellOfEdge = () =>
    graphs ? gather(gather(cells, graphs), edges.src) : broadcast(cells, capacity, 9);
  return {
    edges,
    shift: cell ? product(images, cellOfEdge()) : images,
    images,
    count: unpackBits(starts, { column: pos.rows, fields: 1, width: 31, offset: 0 }),
  };
}

/** images @ cell, edge by edge. */
function product(images: Node, cell: Node): Node {
  return [0, 1, 2]
    .map((k) => multiply(broadcast(slice(images, k, 1), images.rows, 3), slice(cell, 3 * k, 3)))
    .reduce(add);
}

/**
 * Throws when a neighbour list did not fit: give it every `count` that is read, or the largest of several runs.
 *
 * @param count as read from the output; above 2^24 it is rounded up
 * @throws Error if it is more than the capacity, with both numbers, or if the neighbours could not be counted at
 * all.
 * @example
 * ```ts
 * import { checkNeighbourCount } from 'clebsch';
 * checkNeighbourCount(400, 512); // => 400
 * ```
 */
export function checkNeighbourCount(count: number, capacity: number): number {
  if (!(count < MOST_SUM))
    throw new Error(
      'neighbourList: the neighbours cannot be counted; a position or the cell is not finite, a point is farther from the ' +
        'origin than 2,000 radii (less in a skewed cell) or than 200 lattice vectors (wrap or centre the positions), ' +
        'the cell has no volume or less than a thousandth of what its edges allow, or the radius reaches over more than ' +
        '100 images of it on one side',
    );
  if (count > capacity)
    throw new Error(
      `neighbourList: there are ${count} edges, but the capacity is ${capacity}, so the list was left empty; ` +
        `compile with a capacity of ${count} or more (${Math.ceil(1.2 * count)}, say, when points move)`,
    );
  return count;
}
