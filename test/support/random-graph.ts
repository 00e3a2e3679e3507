import fc from 'fast-check';
import * as e from '../../src/graph/expression.ts';
import { index } from '../../src/graph/index-map.ts';
import { constant, input, state } from '../../src/graph/leaf.ts';
import type { Node } from '../../src/graph/node.ts';
import { printGraph } from '../../src/graph/print.ts';
import { Random } from '../../src/o3/random.ts';
import { contract } from '../../src/ops/contract.ts';
import { gather, segmentSum } from '../../src/ops/gather.ts';
import { filled, map } from '../../src/ops/map.ts';
import { optimizerStep } from '../../src/ops/optimizer-step.ts';
import { place, slice } from '../../src/ops/slice.ts';
import { broadcast, sum } from '../../src/ops/sum.ts';

/** One op of a random graph: small numbers that say which op it is and which earlier values it reads. */
interface Choice {
  readonly op: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

export const pointwiseOps = ['unary', 'binary', 'slice', 'place', 'layout', 'broadcast', 'filled'] as const;
export const allOps = [...pointwiseOps, 'sum', 'contract', 'optimizerStep'] as const;
/** With sums and picks by index maps: what a graph network is made of. */
export const graphOps = [...allOps, 'gather', 'segmentSum'] as const;
type OpName = (typeof graphOps)[number];

/** Random graphs: every value made on the way, leaves first. Matrices have `rows` rows. */
export function graphs(ops: readonly OpName[], maxLength = 14, rows = 3): fc.Arbitrary<Node[]> {
  const choice = fc.record({ op: fc.nat({ max: ops.length - 1 }), a: fc.nat(), b: fc.nat(), c: fc.nat() });
  return fc.array(choice, { minLength: 1, maxLength }).map((choices) => {
    const pool = leaves(rows);
    for (const one of choices) pool.push(makers[ops[one.op]](pool, one));
    // What a failing test shows.
    return Object.assign(pool, { [fc.toStringMethod]: () => printGraph({ last: pool[pool.length - 1] }) });
  });
}

function leaves(rows: number): Node[] {
  return [
    input('x', rows, 5),
    input('y', rows, 8),
    input('row', 1, 8),
    input('column', rows, 1),
    input('scalar', 1, 1),
    input('packed', 1, 200),
    state('state', 1, 128, new Random(5).normals(128)),
    constant([0.5, -1, 2, 0.25, 1, 3, -0.5, 0], 1, 8),
  ];
}

const [a, b] = [e.argument(0), e.argument(1)];
const unary = [
  e.sin(a),
  e.mul(e.number(0.5), a),
  e.add(a, e.number(1)),
  e.select(a, a, e.number(0)),
  e.sub(e.number(0), a),
  e.mul(e.tanh(a), e.cos(a)),
];
const binary = [e.add(a, b), e.sub(a, b), e.tanh(e.mul(a, b)), e.max(a, b), e.mul(e.sin(a), e.number(0.5))];

const pick = <T>(list: readonly T[], number: number): T => list[number % list.length];

/** Values of one row, and where they can stand when each starts at a multiple of `step`. */
function sideBySide(parts: readonly Node[], gap: number, step: number): Node {
  let end = 0;
  const offsets = parts.map((x, i) => {
    const offset = Math.ceil((end + (i % 2) * gap) / step) * step;
    end = offset + x.cols;
    return offset;
  });
  return place(parts, offsets, end + gap);
}

const makers: Record<OpName, (pool: readonly Node[], choice: Choice) => Node> = {
  unary: (pool, { a, b }) => map(pick(unary, b), pick(pool, a)),
  binary(pool, { a, b, c }) {
    const x = pick(pool, a);
    const fits = (y: Node) => (y.rows === x.rows || y.rows === 1) && (y.cols === x.cols || y.cols === 1);
    return map(pick(binary, c), x, broadcast(pick(pool.filter(fits), b), x.rows, x.cols));
  },
  slice(pool, { a, b, c }) {
    const x = pick(pool, a);
    // Now and then from a place where a buffer may be bound.
    const start = x.cols > 64 && b % 2 ? 64 * (1 + ((b >> 1) % Math.floor(x.cols / 64))) : b % x.cols;
    const last = start >= x.cols ? 0 : start;
    return slice(x, last, 1 + (c % (x.cols - last)));
  },
  place(pool, { a, b, c }) {
    const x = pick(
      pool.filter((y) => y.cols < 40),
      a,
    );
    const others = pool.filter((y) => y.rows === x.rows && y.cols < 40);
    return sideBySide([pick(others, b), x, pick(others, c)].slice(c % 2), c % 3, 1);
  },
  layout(pool, { a, b, c }) {
    const rows = pool.filter((y) => y.rows === 1 && y.cols < 300);
    return sideBySide([pick(rows, a), pick(rows, b), pick(rows, c)].slice(c % 2), c % 70, 64);
  },
  broadcast(pool, { a, b, c }) {
    const x = pick(pool, a);
    return broadcast(x, x.rows === 1 ? 1 + (b % 3) : x.rows, x.cols === 1 ? 1 + (c % 5) : x.cols);
  },
  filled: (_, { a, b, c }) => filled(1 + (a % 3), 1 + (b % 8), (c % 3) - 1),
  sum: (pool, { a, b }) => sum(pick(pool, a), pick(['rows', 'cols', 'all'] as const, b)),
  contract(pool, { a, b }) {
    const x = pick(
      pool.filter((y) => y.cols < 40),
      a,
    );
    const mulOut = 1 + (b % 6);
    const block = { a: 0, aStride: x.cols, o: 0, oStride: mulOut, w: 0, mulIn: x.cols, mulOut, dim: 1 };
    return contract(
      {
        blocks: [{ ...block, coefficient: 0.3 }],
        aCols: x.cols,
        wCols: x.cols * mulOut,
        oCols: mulOut,
        perSample: false,
      },
      x,
      input(`w${x.cols * mulOut}`, 1, x.cols * mulOut),
    );
  },
  gather(pool, { a }) {
    const x = pick(pool, a);
    const { rows } = pool[0];
    return gather(x, index(`from ${x.rows}`, rows, x.rows));
  },
  segmentSum(pool, { a, b }) {
    const x = pick(pool, a);
    const segments = 1 + (b % 6);
    return segmentSum(x, index(`${x.rows} to ${segments}`, x.rows, segments));
  },
  optimizerStep(pool, { a, b }) {
    const rows = pool.filter((y) => y.rows === 1);
    const x = pick(rows, a);
    const gradient = pick(
      rows.filter((y) => y.cols === x.cols),
      b,
    );
    return optimizerStep([e.sub(e.argument(0), e.mul(e.number(0.1), e.argument(1)))], x, gradient);
  },
};
