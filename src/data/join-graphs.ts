import type { EdgeList, PeriodicEdgeList } from './radius-graph.ts';

/** Several graphs as one: `joinGraphs`. */
export interface JoinedGraphs extends PeriodicEdgeList {
  /** Graph of each node, by position in the list. */
  readonly batch: Uint32Array;
}

/**
 * Joins graphs to one batch: nodes are counted on from graph to graph, edges stand in the same order, shifts keep
 * their meaning (in the cell of the edge's graph, `batch[src]`).
 *
 * @param graphs edges of each graph, with its number of nodes; without `shift` nothing is crossed
 * @throws Error if an edge points to a node that its graph does not have; it says which.
 * @example
 * ```ts
 * import { joinGraphs, radiusGraph } from 'clebsch';
 * const pair = { nodes: 2, ...radiusGraph([0, 0, 0, 0, 0, 1], 1.5) };
 * const both = joinGraphs([pair, pair]);
 * Array.from(both.src); // => [0, 1, 2, 3]
 * Array.from(both.batch); // => [0, 0, 1, 1]
 * ```
 */
export function joinGraphs(
  graphs: readonly (EdgeList & { readonly nodes: number; readonly shift?: Int32Array })[],
): JoinedGraphs {
  const edges = graphs.reduce((sum, { src }) => sum + src.length, 0);
  const src = new Uint32Array(edges);
  const dst = new Uint32Array(edges);
  const shift = new Int32Array(3 * edges);
  const batch = new Uint32Array(graphs.reduce((sum, { nodes }) => sum + nodes, 0));
  let [edge, node] = [0, 0];
  graphs.forEach((graph, g) => {
    for (let e = 0; e < graph.src.length; e++) {
      const beyond = Math.max(graph.src[e], graph.dst[e]);
      if (!(beyond < graph.nodes))
        throw new Error(
          `joinGraphs: edge ${e} of graph ${g} points to node ${beyond}, but it has only ${graph.nodes} (from 0)`,
        );
      src[edge + e] = node + graph.src[e];
      dst[edge + e] = node + graph.dst[e];
    }
    if (graph.shift) shift.set(graph.shift, 3 * edge);
    batch.fill(g, node, node + graph.nodes);
    edge += graph.src.length;
    node += graph.nodes;
  });
  return { src, dst, shift, batch };
}
