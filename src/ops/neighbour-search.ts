import { neighbourShaders } from '../../shaders/neighbours.ts';
import * as e from '../graph/expression.ts';
import { apply, type Kernel, type Node, type Op } from '../graph/node.ts';
import { BIN, GRAPH_COLUMN, LOST, neighbourBinsExamples } from './neighbour-bins.ts';
import { FRAME, isPeriodic, type NeighbourAttrs } from './neighbour-frame.ts';
import { bucketsOf } from './pack-indices.ts';
import { MOST_SUM, runningSum } from './running-sum.ts';

/** Invocations of a workgroup. */
const LANES = 64;
/**
 * A shift of lattice vectors is stored as three times ten bits, x highest, so that the order of numbers is the
 * order of shifts.
 */
export const SHIFT_ZERO = 512;

/** Numbers of neighbours, 1 x nodes of u32, from positions, frames, bins and the map of points over buckets. */
export const neighbourCountsOp: Op<NeighbourAttrs> = {
  name: 'neighbourCounts',
  shape: ([pos]) => ({ rows: 1, cols: pos.rows, dtype: 'u32' }),
  reference([pos, frames, bins], { cols, attrs }) {
    const out = new Float64Array(cols);
    for (const { src } of pairsOf(pos, frames, bins, attrs)) out[src]++;
    return out.map((count, i) => (bins[BIN * i + GRAPH_COLUMN] === LOST ? MOST_SUM : count));
  },
  gradient: () => [null, null, null, null],
  kernel: (node) => searchKernel(node, 0),
  print: ({ radius, pbc }) => `${radius} ${pbc}`,
  examples: () => neighbourCountsExamples(),
};

interface EdgesAttrs extends NeighbourAttrs {
  readonly capacity: number;
}

/**
 * Edges in the order of (src, dst, shift), capacity x 3 of u32: src, dst, shift. The last input says where those of
 * each point start. The rows that are not in use point nowhere; where there are more edges than rows, all of them.
 */
export const neighbourEdgesOp: Op<EdgesAttrs> = {
  name: 'neighbourEdges',
  shape: (_, { capacity }) => ({ rows: capacity, cols: 3, dtype: 'u32' }),
  reference([pos, frames, bins, , starts], { attrs }) {
    const { capacity } = attrs;
    const none = [2 ** 32 - 1, 2 ** 32 - 1, shiftCode([0, 0, 0])];
    const out = Float64Array.from({ length: 3 * capacity }, (_, at) => none[at % 3]);
    if (starts[starts.length - 1] > capacity) return out;
    pairsOf(pos, frames, bins, attrs)
      .map(({ src, dst, shift }) => [src, dst, shiftCode(shift)])
      .sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2])
      .forEach((edge, row) => {
        out.set(edge, 3 * row);
      });
    return out;
  },
  gradient: () => [null, null, null, null, null],
  kernel: (node) => searchKernel(node, 1, node.attrs.capacity),
  print: ({ radius, pbc, capacity }) => `${radius} ${pbc} ${capacity}`,
  examples: () => neighbourEdgesExamples().map(({ edges }) => edges),
};

/** One text for both modes: what one counts the other writes. */
function searchKernel(
  { inputs, attrs }: { inputs: readonly Node[]; attrs: NeighbourAttrs },
  mode: 0 | 1,
  capacity = 0,
): Kernel {
  const [pos, , , { attrs: buckets }] = inputs;
  const workgroups = Math.max(1, Math.ceil(pos.rows / LANES));
  return {
    shader: 'neighbour-search',
    text: neighbourShaders['neighbour-search'],
    params: {
      NODES: `${pos.rows}u`,
      BUCKETS: `${buckets.segments}u`,
      RADIUS: e.literal(attrs.radius),
    },
    bindings: { positions: 0, frames: 1, bins: 2, buckets: 3, starts: mode === 1 ? 4 : 3, result: 'result' },
    tables: { settings: Uint32Array.of(mode, capacity) },
    workgroups,
  };
}

export function shiftCode(shift: readonly number[]): number {
  return shift.reduce((code, s) => code * 1024 + s + SHIFT_ZERO, 0);
}

interface Pair {
  readonly src: number;
  readonly dst: number;
  readonly shift: readonly number[];
}

/** The definition: all pairs of points of a graph, in all images that can be near, not ordered by shift. */
function pairsOf(pos: Float64Array, frames: Float64Array, bins: Float64Array, attrs: NeighbourAttrs): Pair[] {
  const n = pos.length / 3;
  const periodic = isPeriodic(attrs);
  const pairs: Pair[] = [];
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const graph = bins[BIN * i + GRAPH_COLUMN];
      if (graph >= LOST || graph !== bins[BIN * j + GRAPH_COLUMN]) continue;
      const frame = frames.subarray(FRAME * graph, FRAME * graph + FRAME);
      // Along axis k the points are `apart` lattice vectors from each other, and the radius is at most `reach`
      // long.
      const ranges = [0, 1, 2].map((k) => {
        if (!periodic[k]) return [0];
        const column = frame.subarray(9 + 3 * k, 12 + 3 * k);
        const apart = column.reduce((sum, v, d) => sum + v * (pos[3 * j + d] - pos[3 * i + d]), 0);
        const reach = attrs.radius * Math.hypot(...column);
        const from = Math.floor(-apart - reach);
        return Array.from({ length: Math.ceil(-apart + reach) - from + 1 }, (_, s) => from + s);
      });
      for (const x of ranges[0])
        for (const y of ranges[1])
          for (const z of ranges[2]) {
            if (i === j && x === 0 && y === 0 && z === 0) continue;
            const distance = Math.hypot(
              ...[0, 1, 2].map(
                (d) => pos[3 * j + d] - pos[3 * i + d] + x * frame[d] + y * frame[3 + d] + z * frame[6 + d],
              ),
            );
            if (distance < attrs.radius) pairs.push({ src: i, dst: j, shift: [x, y, z] });
          }
    }
  return pairs;
}

/** Counts of the examples of bins. */
export function neighbourCountsExamples(): Node[] {
  return neighbourBinsExamples().map((bins) =>
    apply<NeighbourAttrs>(neighbourCountsOp, [...bins.inputs.slice(0, 2), bins, bucketsOf(bins)], bins.attrs),
  );
}

/** Edges of these examples, with room for them and without. */
export function neighbourEdgesExamples(): { edges: Node<EdgesAttrs>; starts: Node }[] {
  return neighbourCountsExamples().flatMap((counts) =>
    [400, 5].map((capacity) => {
      const starts = runningSum(counts);
      const edges = apply(neighbourEdgesOp, [...counts.inputs, starts], { ...counts.attrs, capacity });
      return { edges, starts };
    }),
  );
}
