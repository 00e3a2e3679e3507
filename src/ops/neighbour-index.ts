import { neighbourShaders } from '../../shaders/neighbours.ts';
import { type IndexAttrs, type IndexNode, indexMapLength, NOWHERE } from '../graph/index-map.ts';
import { apply, type Node, type Op } from '../graph/node.ts';
import { neighbourEdgesExamples } from './neighbour-search.ts';

interface EndAttrs extends IndexAttrs {
  /** Which end of the edges the map is of. */
  readonly end: 'src' | 'dst';
}

/**
 * The index map of one end of edges, from edges in the order of (src, dst, shift), each with its way back, and from
 * where those of each point start (`neighbourEdgesOp`).
 */
export const neighbourIndexOp: Op<EndAttrs> = {
  name: 'neighbourIndex',
  shape: (_, { capacity, segments }) => ({ rows: 1, cols: indexMapLength(capacity, segments), dtype: 'u32' }),
  reference([edges], { attrs: { end, capacity, segments } }) {
    const keys = Array.from({ length: capacity }, (_, row) => edges[3 * row + (end === 'src' ? 0 : 1)]);
    const rows = keys.flatMap((key, row) => (key === NOWHERE ? [] : [row])).sort((a, b) => keys[a] - keys[b]);
    const starts = Array.from({ length: segments + 1 }, (_, s) => rows.filter((row) => keys[row] < s).length);
    return Float64Array.from([...keys, ...rows, ...new Array(capacity - rows.length).fill(0), ...starts]);
  },
  gradient: () => [null, null],
  kernel({ attrs: { end, capacity, segments }, cols }) {
    return {
      shader: 'neighbour-index',
      text: neighbourShaders['neighbour-index'],
      params: { NODES: `${segments}u`, CAPACITY: `${capacity}u`, BY_DST: `${end === 'dst'}` },
      bindings: { edges: 0, starts: 1, result: 'result' },
      workgroups: Math.ceil(cols / 64),
    };
  },
  print: ({ name, capacity, segments }) => `${name} ${capacity}->${segments}`,
  examples: () =>
    neighbourEdgesExamples().flatMap(({ edges, starts }) =>
      (['src', 'dst'] as const).map((end) => neighbourIndex(edges, starts, end)),
    ),
};

/** The index map of one end of the edges of `neighbourEdgesOp`. */
export function neighbourIndex(edges: Node, starts: Node, end: 'src' | 'dst'): IndexNode {
  return apply(neighbourIndexOp, [edges, starts], {
    name: `neighbours, ${end}`,
    end,
    capacity: edges.rows,
    segments: starts.cols - 1,
  });
}
