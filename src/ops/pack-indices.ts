import { neighbourShaders } from '../../shaders/neighbours.ts';
import { type IndexAttrs, type IndexNode, indexMapLength, NOWHERE } from '../graph/index-map.ts';
import { apply, type Node, type Op, shapeOf } from '../graph/node.ts';
import { BUCKET_COLUMN, bucketsFor, neighbourBinsExamples } from './neighbour-bins.ts';

interface PackAttrs extends IndexAttrs {
  /** Which column of the source holds the indices. */
  readonly column: number;
}

/** What `packIndexMap` does, on the GPU: an index map from a column of u32. Rows with no segment are NOWHERE. */
export const packIndicesOp: Op<PackAttrs> = {
  name: 'packIndices',
  shape([source], { name, capacity, segments, column }) {
    if (source.dtype !== 'u32' || source.rows !== capacity || column >= source.cols)
      throw new Error(
        `packIndices: "${name}" takes column ${column} of ${capacity} rows of u32, got ${shapeOf(source)} of ${source.dtype}`,
      );
    return { rows: 1, cols: indexMapLength(capacity, segments), dtype: 'u32' };
  },
  reference([source], { inputs: [{ cols }], attrs: { capacity, segments, column } }) {
    const keys = Array.from({ length: capacity }, (_, row) => {
      const key = source[row * cols + column];
      return key < segments ? key : NOWHERE;
    });
    const sorted = keys
      .flatMap((key, row) => (key < segments ? [row] : []))
      .sort((a, b) => keys[a] - keys[b]);
    const starts = Array.from({ length: segments + 1 }, () => 0);
    for (const row of sorted) starts[keys[row] + 1]++;
    for (let s = 0; s < segments; s++) starts[s + 1] += starts[s];
    const padding = new Array(capacity - sorted.length).fill(0);
    return Float64Array.from([...keys, ...sorted, ...padding, ...starts]);
  },
  gradient: () => [null],
  kernel({ inputs: [{ rows, cols }], attrs: { column, segments } }) {
    return {
      shader: 'pack-indices',
      text: neighbourShaders['pack-indices'],
      params: { ROWS: `${rows}u`, COLS: `${cols}u`, COLUMN: `${column}u`, SEGMENTS: `${segments}u` },
      bindings: { source: 0, result: 'result' },
      workgroups: 1,
    };
  },
  print: ({ name, capacity, segments }) => `${name} ${capacity}->${segments}`,
  examples: () => neighbourBinsExamples().map((bins) => bucketsOf(bins)),
};

/** An index map over `segments` from one column of whole numbers. */
export function packIndices(source: Node, column: number, name: string, segments: number): IndexNode {
  return apply(packIndicesOp, [source], { name, column, capacity: source.rows, segments });
}

/** The points of each bucket of `neighbourBins`. */
export function bucketsOf(bins: Node): IndexNode {
  return packIndices(bins, BUCKET_COLUMN, 'buckets', bucketsFor(bins.rows));
}
