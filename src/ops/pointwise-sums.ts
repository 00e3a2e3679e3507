import type { Node } from '../graph/node.ts';
import { rewrite } from '../graph/rewrite.ts';
import { fused } from './fused.ts';
import { sumOp } from './sum.ts';

/** Sums of more numbers are left to a kernel of their own, whose invocations share each of them. */
const MOST_COLUMNS = 2048;
const MOST_NUMBERS = 1 << 17;

/** Writes short sums over columns as pointwise ops, which take in what they add up. */
export function pointwiseSums(outputs: readonly Node[]): Node[] {
  return rewrite(outputs, (node) => {
    const [x] = node.inputs;
    const short =
      node.op === sumOp &&
      node.attrs.axis === 'cols' &&
      x.cols > 0 &&
      x.cols <= MOST_COLUMNS &&
      x.rows * x.cols <= MOST_NUMBERS;
    if (!short) return node;
    return fused([x], node.rows, 1, [
      {
        start: 0,
        end: 1,
        over: x.cols,
        expression: { kind: 'argument', index: 0 },
        views: [{ input: 0, row: true, column: true, offset: 0 }],
      },
    ]);
  });
}
