import { type IndexNode, indexOp, packIndexMap } from '../../src/graph/index-map.ts';
import { inputOp } from '../../src/graph/leaf.ts';
import { type Node, topologicalOrder } from '../../src/graph/node.ts';
import { Random } from '../../src/o3/random.ts';

/** Random numbers for every leaf of a graph, the same for the same seed; one row of each index map points nowhere. */
export function randomFeeds(nodes: readonly Node[], seed = 1): Record<string, Float64Array | Uint32Array> {
  const random = new Random(seed);
  const feeds: Record<string, Float64Array | Uint32Array> = {};
  for (const node of topologicalOrder(nodes)) {
    if (node.op === inputOp) feeds[node.attrs.name] = random.normals(node.rows * node.cols).map(Math.fround);
    if (node.op === indexOp) {
      const { name, capacity, segments } = (node as IndexNode).attrs;
      const indices = Array.from({ length: Math.max(0, capacity - 1) }, () => random.integer(segments));
      feeds[name] = packIndexMap(indices, capacity, segments);
    }
  }
  return feeds;
}

/** The largest difference, relative to the largest expected entry (or 1 when that is smaller than `floor`). */
export function scaledError(actual: ArrayLike<number>, expected: ArrayLike<number>, floor = 1e-3): number {
  let largest = floor;
  let error = actual.length === expected.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]));
    const difference = Math.abs(actual[i] - expected[i]);
    error = Math.max(error, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
  }
  return error / largest;
}
