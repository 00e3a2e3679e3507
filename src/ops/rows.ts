import { input } from '../graph/leaf.ts';
import { ALIGNMENT } from '../graph/memory.ts';
import { apply, type Node, type Op, type RowRange, shapeOf } from '../graph/node.ts';
import { startsOf } from '../graph/starts.ts';
import { filled } from './map.ts';

/**
 * Rows of a value, and values below each other. Neither has a kernel: rows are read where the value stands, and
 * values are computed where they will stand, so each must start where a buffer can be bound.
 */

function checkStart(name: string, numbers: number): void {
  if (numbers % ALIGNMENT !== 0)
    throw new Error(
      `${name}: rows must start at a multiple of ${ALIGNMENT} numbers, where a buffer can be bound; got ${numbers}`,
    );
}

/** Rows start .. start + count. Its adjoint is `stack`. */
export const rowsOp: Op<RowRange> = {
  name: 'rows',
  shape([x], { start, count }) {
    if (start < 0 || count < 0 || start + count > x.rows)
      throw new Error(`rows: ${start} to ${start + count} of a value that has ${x.rows} (${shapeOf(x)})`);
    checkStart('rows', start * x.cols);
    return { rows: count, cols: x.cols };
  },
  reference: ([x], { attrs: { start, count }, cols }) => x.slice(start * cols, (start + count) * cols),
  gradient: ({ inputs: [x], attrs: { start, count } }, cotangent) => [
    () => {
      const zeros = (rows: number) => (rows > 0 ? [filled(rows, x.cols, 0)] : []);
      return stack([...zeros(start), cotangent, ...zeros(x.rows - start - count)]);
    },
  ],
  kernel: null,
  linear: 'each',
  print: ({ start, count }) => `${start}:${start + count}`,
  examples: () => [rowsOf(input('x', 48, 4), { start: 16, count: 16 })],
};

/** The inputs below each other. Its adjoint is `rows`. */
export const stackOp: Op<null> = {
  name: 'stack',
  shape(inputs) {
    const [{ cols }] = inputs;
    let rows = 0;
    for (const x of inputs) {
      if (x.cols !== cols)
        throw new Error(
          `stack: values must have equally many columns, got ${inputs.map(shapeOf).join(' and ')}`,
        );
      checkStart('stack', rows * cols);
      rows += x.rows;
    }
    return { rows, cols };
  },
  reference(inputs, { rows, cols }) {
    const out = new Float64Array(rows * cols);
    const starts = startsOf(inputs.map((x) => x.length));
    inputs.forEach((x, i) => {
      out.set(x, starts[i]);
    });
    return out;
  },
  gradient({ inputs }, cotangent) {
    const starts = startsOf(inputs.map((x) => x.rows));
    return inputs.map((x, i) => () => rowsOf(cotangent, { start: starts[i], count: x.rows }));
  },
  kernel: null,
  linear: 'jointly',
  examples: () => [stack([input('x', 16, 4), input('y', 16, 4), input('z', 3, 4)])],
};

/** Rows start .. start + count of x; start * columns is a multiple of 64. Its adjoint is `stack`. */
export function rowsOf(x: Node, range: RowRange): Node {
  return range.start === 0 && range.count === x.rows ? x : apply(rowsOp, [x], range);
}

/** Values below each other, all but the last with a multiple of 64 numbers. Its adjoint is `rows`. */
export function stack(inputs: readonly Node[]): Node {
  return inputs.length === 1 ? inputs[0] : apply<null>(stackOp, inputs, null);
}
