import { neighbourShaders } from '../../shaders/neighbours.ts';
import { apply, type Node, type Op, shapeOf } from '../graph/node.ts';
import { neighbourBinsExamples } from './neighbour-bins.ts';
import { bucketsOf } from './pack-indices.ts';

/** Sums stop here instead of becoming small again. */
export const MOST_SUM = 2 ** 31 - 1;

/** Entry i is the sum of the entries before i: 1 x (n + 1) of u32 from 1 x n of u32. */
export const runningSumOp: Op<null> = {
  name: 'runningSum',
  shape([x]) {
    if (x.dtype !== 'u32' || x.rows !== 1)
      throw new Error(`runningSum: it takes one row of u32, got ${shapeOf(x)} of ${x.dtype}`);
    return { rows: 1, cols: x.cols + 1, dtype: 'u32' };
  },
  reference([x]) {
    const out = new Float64Array(x.length + 1);
    for (let i = 0; i < x.length; i++) out[i + 1] = Math.min(out[i] + x[i], MOST_SUM);
    return out;
  },
  gradient: () => [null],
  kernel: ({ inputs: [{ cols }] }) => ({
    shader: 'running-sum',
    text: neighbourShaders['running-sum'],
    params: { SIZE: `${cols}u` },
    bindings: { source: 0, result: 'result' },
    workgroups: 1,
  }),
  examples: () => neighbourBinsExamples().map((bins) => runningSum(bucketsOf(bins))),
};

/** Where each of several things starts when they stand one after the other. */
export function runningSum(x: Node): Node {
  return apply<null>(runningSumOp, [x], null);
}
