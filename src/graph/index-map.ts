import { apply, type Node, type Op } from './node.ts';

/**
 * The index that rows beyond the count in use carry: a `gather` reads zeros there, and no sum over segments
 * contains them.
 *
 * @example
 * ```ts
 * import { NOWHERE, packIndexMap } from 'clebsch';
 * packIndexMap([0], 2, 1)[1] === NOWHERE; // => true
 * ```
 */
export const NOWHERE = 0xffffffff;

/** What makes a value an index map: a leaf that is fed, or an op that computes one. */
export interface IndexAttrs {
  readonly name: string;
  readonly capacity: number;
  readonly segments: number;
}

/** An index map, fed (`index`) or computed (`neighbourList`): 1 x `indexMapLength(capacity, segments)` of u32. */
export interface IndexNode extends Node {
  readonly attrs: IndexAttrs;
}

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

/**
 * A leaf for an index map: it says for each of `capacity` rows (edges, say) which of `segments` rows (nodes) it
 * belongs to, if any. Feed it what `packIndexMap` gives. A program is compiled for a capacity; how many rows
 * are in use may change from run to run.
 *
 * @param name unique in a program among inputs, states and index maps
 * @example
 * ```ts
 * import { gather, index, input, packIndexMap, reference } from 'clebsch';
 * const src = index('src', 3, 2); // three edges, two nodes
 * const x = gather(input('x', 2, 1), src);
 * reference([x], { x: [10, 20], src: packIndexMap([1, 0, 1], 3, 2) }); // => [[20, 10, 20]]
 * ```
 */
export function index(name: string, capacity: number, segments: number): IndexNode {
  return apply(indexOp, [], { name, capacity, segments });
}

/**
 * Length of a packed index map: 2 capacity + segments + 1.
 *
 * @example
 * ```ts
 * import { indexMapLength } from 'clebsch';
 * indexMapLength(3, 2); // => 9
 * ```
 */
export function indexMapLength(capacity: number, segments: number): number {
  return 2 * capacity + segments + 1;
}

/**
 * Packs indices for an index map. The array also holds the way back, so that a sum over each segment runs in a
 * fixed order without atomics:
 *
 * | index of each row | rows sorted by index | where each segment starts, and the end |
 * | --- | --- | --- |
 * | capacity | capacity | segments + 1 |
 *
 * Rows of one segment keep their order (a stable counting sort).
 *
 * @param indices at most `capacity` whole numbers from 0 to segments - 1; the other rows are `NOWHERE`
 * @param name what error messages call the map
 * @throws Error if there are more indices than `capacity`, or one is out of range; it says which.
 * @example
 * ```ts
 * import { packIndexMap } from 'clebsch';
 * packIndexMap([1, 0, 1], 3, 2); // => [1, 0, 1, 1, 0, 2, 0, 1, 3]
 * ```
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

/**
 * Checks numbers that are meant for an index map: whether every row lies in a segment or nowhere, and the way back lists
 * the rows of each segment. Throws an error that says what is wrong and where.
 */
export function checkIndexMap(
  { attrs: { name, capacity, segments } }: IndexNode,
  packed: ArrayLike<number>,
): void {
  let count = 0;
  for (let row = 0; row < capacity; row++) {
    const segment = packed[row];
    if (segment === NOWHERE) continue;
    count++;
    if (!(segment >= 0 && segment < segments))
      throw new Error(
        `${name}: row ${row} points to ${segment}, but there are only ${segments} (0 to ${segments - 1}); ` +
          'make index maps with packIndexMap',
      );
  }
  const start = 2 * capacity;
  if (packed[start] !== 0 || packed[start + segments] !== count)
    throw new Error(
      `${name}: the way back lists ${packed[start + segments]} rows, but ${count} have a segment; make index maps with packIndexMap`,
    );
  for (let s = 0; s < segments; s++)
    for (let i = packed[start + s]; i < packed[start + s + 1]; i++) {
      const row = packed[capacity + i];
      if (!(row < capacity) || packed[row] !== s)
        throw new Error(
          `${name}: the way back lists row ${row} in segment ${s}, but it points to ` +
            `${row < capacity ? packed[row] : 'nothing'}; make index maps with packIndexMap`,
        );
      // In order, so none is listed twice, and then none is left out.
      if (i > packed[start + s] && row <= packed[capacity + i - 1])
        throw new Error(
          `${name}: the way back lists row ${row} of segment ${s} after row ${packed[capacity + i - 1]}; ` +
            'make index maps with packIndexMap',
        );
    }
}
