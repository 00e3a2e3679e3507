/** Edges between points that are close to each other. */
export interface EdgeList {
  /** Node that each edge starts from; the edges are ordered by (src, dst). */
  readonly src: Uint32Array;
  /** Node that each edge points to. */
  readonly dst: Uint32Array;
}

/** What counts as an edge. */
export interface RadiusGraphOptions {
  /** Graph of each point: edges never join two graphs. By default all points are one graph. */
  readonly batch?: ArrayLike<number>;
  /** Whether a distance equal to the radius counts (torch_cluster's rule); by default it does not (e3nn's). */
  readonly inclusive?: boolean;
}

/**
 * Edges between points closer than a radius: all ordered pairs i != j with |pos_i - pos_j| < radius (e3nn
 * `radius_graph`, which leaves out pairs of points at one place; here they are edges). Every pair is looked at:
 * n^2 distances.
 *
 * @param pos n points, row-major n x 3
 * @param radius in the unit of the positions
 * @throws Error if the length is no multiple of 3, a coordinate is not finite (it says which), the radius is not
 * positive, or `batch` has another length than there are points.
 *
 * @example
 * ```ts
 * import { radiusGraph } from 'clebsch';
 * Array.from(radiusGraph([0, 0, 0, 0, 0, 1, 0, 0, 2], 1.5).src); // => [0, 1, 1, 2]
 * ```
 */
export function radiusGraph(
  pos: ArrayLike<number>,
  radius: number,
  options: RadiusGraphOptions = {},
): EdgeList {
  if (pos.length % 3 !== 0)
    throw new Error(`radiusGraph: ${pos.length} numbers, but points come in threes (x, y, z)`);
  if (!(radius > 0)) throw new Error(`radiusGraph: the radius is ${radius}, but must be positive`);
  const n = pos.length / 3;
  const { batch, inclusive = false } = options;
  if (batch && batch.length !== n)
    throw new Error(`radiusGraph: ${n} points, but ${batch.length} graph numbers`);
  for (let i = 0; i < pos.length; i++)
    if (!Number.isFinite(pos[i]))
      throw new Error(
        `radiusGraph: point ${Math.floor(i / 3)} has ${'xyz'[i % 3]} = ${pos[i]}; positions must be finite`,
      );
  const src: number[] = [];
  const dst: number[] = [];
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      if (i === j || (batch && batch[i] !== batch[j])) continue;
      const d = Math.hypot(
        pos[3 * i] - pos[3 * j],
        pos[3 * i + 1] - pos[3 * j + 1],
        pos[3 * i + 2] - pos[3 * j + 2],
      );
      if (inclusive ? d <= radius : d < radius) {
        src.push(i);
        dst.push(j);
      }
    }
  return { src: Uint32Array.from(src), dst: Uint32Array.from(dst) };
}
