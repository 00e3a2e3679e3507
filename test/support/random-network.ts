import fc from 'fast-check';
import * as e from '../../src/graph/expression.ts';
import { input } from '../../src/graph/leaf.ts';
import type { Node } from '../../src/graph/node.ts';
import { contract } from '../../src/ops/contract.ts';
import { add, map, multiply } from '../../src/ops/map.ts';
import { slice } from '../../src/ops/slice.ts';
import { broadcast, sum } from '../../src/ops/sum.ts';

const packed = input('packed', 1, 4096);

/** A matrix product by weights that are part of one row, as a network's are. */
export function product(x: Node, mulOut: number, part = 0): Node {
  const block = { a: 0, aStride: x.cols, o: 0, oStride: mulOut, w: 0, mulIn: x.cols, mulOut, dim: 1 };
  const length = x.cols * mulOut;
  return contract(
    {
      blocks: [{ ...block, coefficient: 0.5 }],
      aCols: x.cols,
      wCols: length,
      oCols: mulOut,
      perSample: false,
    },
    x,
    slice(packed, 64 * (part % 8), length),
  );
}

const choice = fc.record({ op: fc.nat({ max: 4 }), a: fc.nat(), b: fc.nat(), part: fc.nat() });

/** Outputs of networks of such products, sums of two, pointwise values and sums over columns. */
export const networks: fc.Arbitrary<Record<string, Node>> = fc
  .array(choice, { minLength: 1, maxLength: 14 })
  .map((choices) => {
    const pool: Node[] = [input('x', 3, 8), input('y', 3, 8)];
    for (const { op, a, b, part } of choices) {
      const [p, q] = [pool[a % pool.length], pool[b % pool.length]];
      if (op === 0) pool.push(product(p, 8, part));
      else if (op === 1) pool.push(add(product(p, 8, part), product(q, 8, part + 1)));
      else if (op === 2) pool.push(map(e.tanh(e.mul(e.argument(0), e.argument(1))), p, q));
      else if (op === 3) pool.push(broadcast(sum(multiply(p, q), 'cols'), 3, 8));
      else pool.push(multiply(p, map(e.sin(e.argument(0)), q)));
    }
    return { last: pool[pool.length - 1], middle: pool[pool.length >> 1] };
  });
