import { apply, type Node, type Op } from './node.ts';

/**
 * An index map says for each of `capacity` rows (edges, say) which of `segments` rows (nodes) it belongs to,
 * and holds the way back, so that a sum over each segment runs in a fixed order without atomics:
 *
 *     [ index of each row | rows sorted by index | where each segment starts, and the end ]
 *       capacity            capacity               segments + 1
 *
 * all in one array of u32 (a matrix of one row). Rows beyond the count in use carry `NOWHERE`: a gather
 * reads zeros there and no segment contains them.
 */
export const NOWHERE = 0xffffffff;

interface IndexAttrs {
  readonly name: string;
  readonly capacity: number;
  readonly segments: number;
}

export type IndexNode = Node<IndexAttrs>;

export const indexOp: Op<IndexAttrs> = {
  name: 'index',
  shape: (_, { capacity, segments }) => ({ rows: 1, cols: indexMapLength(capacity, segments), dtype: 'u32' }),
  reference: () => {
    throw new Error('index: a leaf is fed, not computed');
  },
  gradient: () => [],
  kernel: null,
  examples: () => [],
  print: ({ name, capacity, segments }) => `${name} ${capacity}->${segments}`,
};

/** A leaf for an index map: `capacity` rows, each in one of `segments` segments or nowhere. */
export function index(name: string, capacity: number, segments: number): IndexNode {
  return apply(indexOp, [], { name, capacity, segments });
}

/** Length of the packed array. */
export function indexMapLength(capacity: number, segments: number): number {
  return 2 * capacity + segments + 1;
}

/**
 * Packs indices for an index map; rows of one segment keep their order (a stable counting sort).
 * Throws when an index is out of range, and says which.
 *
 * @example
 * Array.from(packIndexMap([1, 0, 1], 3, 2)) // => [1, 0, 1, 1, 0, 2, 0, 1, 3]
 */
export function packIndexMap(
  indices: ArrayLike<number>,
  capacity: number,
  segments: number,
  name = 'index',
): Uint32Array {
  const count = indices.length;
  if (count > capacity)
    throw new Error(
      `${name}: ${count} rows do not fit the capacity of ${capacity}; compile with a larger one`,
    );
  const packed = new Uint32Array(indexMapLength(capacity, segments));
  packed.fill(NOWHERE, count, capacity);
  const starts = packed.subarray(2 * capacity);
  for (let i = 0; i < count; i++) {
    const segment = indices[i];
    if (!Number.isInteger(segment) || segment < 0 || segment >= segments)
      throw new Error(
        `${name}: row ${i} points to ${segment}, but there are only ${segments} (0 to ${segments - 1})`,
      );
    packed[i] = segment;
    starts[segment + 1]++;
  }
  for (let s = 0; s < segments; s++) starts[s + 1] += starts[s];
  const next = starts.slice(0, segments);
  for (let i = 0; i < count; i++) packed[capacity + next[packed[i]]++] = i;
  return packed;
}
