import { neighbourShaders } from '../../shaders/neighbours.ts';
import * as e from '../graph/expression.ts';
import { index, NOWHERE } from '../graph/index-map.ts';
import { constant, input } from '../graph/leaf.ts';
import { apply, type Kernel, type Node, type Op, shapeOf } from '../graph/node.ts';
import { FRAME, isPeriodic, type NeighbourAttrs, neighbourFrameOp } from './neighbour-frame.ts';

/** Columns of a row: bin 3, graph, lattice vectors outside of the cell 3, bucket. */
export const BIN = 8;
export const GRAPH_COLUMN = 3;
export const BUCKET_COLUMN = 7;
/**
 * Graph of a point whose position or cell is not finite, or too far away to be told from its neighbours in 32 bits.
 */
export const LOST = 0xfffffffe;
/** Most lattice vectors that a point may lie outside of the cell: shifts of edges have ten bits. */
const MOST_WRAPS = 200;

/** Buckets for the bins of so many points: a power of two. */
export const bucketsFor = (nodes: number) => 2 ** Math.ceil(Math.log2(Math.max(1, nodes)));

/**
 * The bin of each point: nodes x 8 of u32, from positions (nodes x 3), frames (graphs x 25) and, with several
 * graphs, an index map of points over graphs. Bins that hold points are found by a hash: empty space costs nothing,
 * and nothing has to know how far it goes.
 */
export const neighbourBinsOp: Op<NeighbourAttrs> = {
  name: 'neighbourBins',
  shape([pos, frames, graphs]) {
    if (pos.cols !== 3) throw new Error(`neighbourList: positions are nodes x 3, got ${shapeOf(pos)}`);
    if (!graphs && frames.rows !== 1)
      throw new Error(`neighbourList: ${frames.rows} cells, but without \`graphs\` all points are one graph`);
    if (graphs && (graphs.attrs.capacity !== pos.rows || graphs.attrs.segments !== frames.rows))
      throw new Error(
        `neighbourList: the index map "${graphs.attrs.name}" is of ${graphs.attrs.capacity} points over ${graphs.attrs.segments} graphs, ` +
          `but there are ${pos.rows} points and ${frames.rows} cells`,
      );
    return { rows: pos.rows, cols: BIN, dtype: 'u32' };
  },
  reference([pos, frames, graphs], { inputs: [, { rows: graphCount }], rows, attrs }) {
    const out = new Uint32Array(rows * BIN);
    const periodic = isPeriodic(attrs);
    for (let i = 0; i < rows; i++) {
      const graph = graphs ? graphs[i] : 0;
      const point = pos.subarray(3 * i, 3 * i + 3);
      const row = out.subarray(BIN * i, BIN * i + BIN);
      row[BUCKET_COLUMN] = NOWHERE;
      row[GRAPH_COLUMN] = NOWHERE;
      if (!(graph < graphCount)) continue;
      row[GRAPH_COLUMN] = LOST;
      const frame = frames.subarray(FRAME * graph, FRAME * graph + FRAME);
      const along = [0, 1, 2].map((k) => point.reduce((sum, p, d) => sum + p * frame[9 + 3 * k + d], 0));
      const near = point.every((p) => Math.abs(p) <= frame[24]);
      if (!near || along.some((a, k) => periodic[k] && !(Math.abs(a) <= MOST_WRAPS))) continue;
      along.forEach((a, k) => {
        const count = frame[18 + k];
        row[k] = periodic[k] ? Math.min(Math.floor((a - Math.floor(a)) * count), count - 1) : Math.floor(a);
        row[4 + k] = periodic[k] ? Math.floor(a) : 0;
      });
      row[BUCKET_COLUMN] = bucketOf(graph, row, bucketsFor(rows));
      row[GRAPH_COLUMN] = graph;
    }
    return Float64Array.from(out);
  },
  gradient: ({ inputs }) => inputs.map(() => null),
  kernel({ inputs: [, frames, graphs], rows }): Kernel {
    return {
      shader: 'neighbour-bins',
      text: neighbourShaders['neighbour-bins'],
      params: {
        NODES: `${rows}u`,
        GRAPHS: `${frames.rows}u`,
        BATCHED: `${graphs !== undefined}`,
        BUCKETS: `${bucketsFor(rows)}u`,
        MOST_WRAPS: e.literal(MOST_WRAPS),
      },
      bindings: { positions: 0, frames: 1, graphs: 2, result: 'result' },
      tables: graphs ? {} : { graphs: new Uint32Array(1) },
      workgroups: Math.ceil(rows / 64),
    };
  },
  print: ({ radius, pbc }) => `${radius} ${pbc}`,
  examples: () => neighbourBinsExamples(),
};

/** Points of one graph, periodic and not, and of three graphs with cells of their own. */
export function neighbourBinsExamples(): Node[] {
  const bins = (pbc: string, points: number, cells: number[], ...graphs: Node[]) => {
    const attrs = { radius: 1.3, pbc };
    const frame = apply(neighbourFrameOp, [constant(cells, cells.length / 9)], attrs);
    return apply(neighbourBinsOp, [input('x', points, 3), frame, ...graphs], attrs);
  };
  const cell = [3, 0, 0.1, 0.4, -4.2, 0, 0, 0.7, 1.1];
  return [
    bins('xyz', 7, cell),
    bins('', 70, cell),
    bins('z', 9, [...cell, 2, 0, 0, 1, 2, 0, 1, 1, 3, ...cell], index('graphs', 9, 3)),
  ];
}

/** Teschner et al. 2003, with the finaliser of MurmurHash3. */
function bucketOf(graph: number, bin: Uint32Array, buckets: number): number {
  let h =
    Math.imul(bin[0], 73856093) ^
    Math.imul(bin[1], 19349663) ^
    Math.imul(bin[2], 83492791) ^
    Math.imul(graph, 2654435761);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) % buckets;
}
