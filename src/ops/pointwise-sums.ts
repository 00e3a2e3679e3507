import { type Node, topologicalOrder, withInputs } from '../graph/node.ts';
import { fused } from './fused.ts';
import { sumOp } from './sum.ts';

/** Sums of more numbers are left to a kernel of their own, whose invocations share each of them. */
const MOST_COLUMNS = 2048;
const MOST_NUMBERS = 1 << 17;

/** Writes short sums over columns as pointwise ops, which take in what they add up. */
export function pointwiseSums(outputs: readonly Node[]): Node[] {
  const rebuilt = new Map<Node, Node>();
  for (const node of topologicalOrder(outputs)) {
    const inputs = node.inputs.map((input) => rebuilt.get(input)!);
    const [x] = inputs;
    const short =
      node.op === sumOp &&
      node.attrs.axis === 'cols' &&
      x.cols > 0 &&
      x.cols <= MOST_COLUMNS &&
      x.rows * x.cols <= MOST_NUMBERS;
    const pieces = () => [
      {
        start: 0,
        end: 1,
        over: x.cols,
        expression: { kind: 'argument', index: 0 } as const,
        views: [{ input: 0, row: true, column: true, offset: 0 }],
      },
    ];
    rebuilt.set(node, short ? fused([x], node.rows, 1, pieces()) : withInputs(node, inputs));
  }
  return outputs.map((output) => rebuilt.get(output)!);
}
