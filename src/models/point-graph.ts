import type { EdgeList } from '../data/radius-graph.ts';
import type { IndexNode } from '../graph/index-map.ts';
import { index, packIndexMap } from '../graph/index-map.ts';
import { input } from '../graph/leaf.ts';
import type { Node } from '../graph/node.ts';
import type { Edges } from '../nn/convolution.ts';

/** Points in space, in several graphs at once: the leaves that a model of points reads. */
export interface PointGraph {
  /** nodes x 3, in the unit of the model's radius. */
  readonly pos: Node;
  /** Index maps of capacity edges over nodes. */
  readonly edges: Edges;
  /** Graph of each node: an index map of capacity nodes over graphs. */
  readonly graphs: IndexNode;
}

/** How many there may be of each: shapes are fixed when a program is compiled. */
export interface PointGraphSize {
  readonly nodes: number;
  readonly edges: number;
  readonly graphs: number;
}

/**
 * The leaves of a batch of graphs: "pos", "edge_src", "edge_dst" and "graphs", which `pointGraphFeeds` fills.
 *
 * @example
 * ```ts
 * import { pointGraph } from 'clebsch';
 * const { pos } = pointGraph({ nodes: 8, edges: 24, graphs: 2 });
 * [pos.rows, pos.cols]; // => [8, 3]
 * ```
 */
export function pointGraph({ nodes, edges, graphs }: PointGraphSize): PointGraph {
  return {
    pos: input('pos', nodes, 3),
    edges: { src: index('edge_src', edges, nodes), dst: index('edge_dst', edges, nodes) },
    graphs: index('graphs', nodes, graphs),
  };
}

/**
 * Numbers for the leaves of `pointGraph`: positions (row-major, nodes x 3), edges and the graph of each node. There may
 * be fewer edges than `size.edges`; the rest point nowhere.
 *
 * @throws Error when a position is not finite, an index is out of range, or something does not fit `size`.
 * @example
 * ```ts
 * import { pointGraphFeeds, radiusGraph } from 'clebsch';
 * const pos = [0, 0, 0, 0, 0, 1];
 * const size = { nodes: 2, edges: 2, graphs: 1 };
 * const feeds = pointGraphFeeds(size, pos, radiusGraph(pos, 1.5), [0, 0]);
 * Array.from(feeds.edge_dst.slice(0, 2)); // => [1, 0]
 * ```
 */
export function pointGraphFeeds(
  size: PointGraphSize,
  pos: ArrayLike<number>,
  { src, dst }: EdgeList,
  batch: ArrayLike<number>,
): { pos: Float64Array; edge_src: Uint32Array; edge_dst: Uint32Array; graphs: Uint32Array } {
  if (pos.length !== 3 * size.nodes || batch.length !== size.nodes)
    throw new Error(
      `pointGraph: made for ${size.nodes} nodes, got ${pos.length} coordinates and ${batch.length} graph numbers`,
    );
  const values = Float64Array.from(pos);
  const bad = values.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0)
    throw new Error(
      `pointGraph: node ${Math.floor(bad / 3)} has ${'xyz'[bad % 3]} = ${values[bad]}; positions must be finite`,
    );
  return {
    pos: values,
    edge_src: packIndexMap(src, size.edges, size.nodes, 'edge_src'),
    edge_dst: packIndexMap(dst, size.edges, size.nodes, 'edge_dst'),
    graphs: packIndexMap(batch, size.nodes, size.graphs, 'graphs'),
  };
}
