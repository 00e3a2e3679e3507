import { neighbourShaders } from '../../shaders/neighbours.ts';
import { apply, type Node, type Op, shapeOf } from '../graph/node.ts';
import { neighbourBinsExamples } from './neighbour-bins.ts';
import { bucketsOf } from './pack-indices.ts';
import { runningSum } from './running-sum.ts';

interface BitsAttrs {
  /** Column of the source. */
  readonly column: number;
  /** How many numbers stand in it, from the highest bits on. */
  readonly fields: number;
  /** Bits of each of them, at most 31. */
  readonly width: number;
  /** What is taken off each. */
  readonly offset: number;
}

/**
 * Numbers to compute with from a column of u32: rows x fields of f32. They are exact up to 2^24; a larger one
 * becomes the next one that f32 has, so that no count gets smaller.
 */
export const unpackBitsOp: Op<BitsAttrs> = {
  name: 'unpackBits',
  shape([x], { column, fields }) {
    if (x.dtype !== 'u32' || column >= x.cols)
      throw new Error(`unpackBits: it reads column ${column} of u32, got ${shapeOf(x)} of ${x.dtype}`);
    return { rows: x.rows, cols: fields };
  },
  reference([x], { inputs: [{ cols }], rows, attrs: { column, fields, width, offset } }) {
    return Float64Array.from({ length: rows * fields }, (_, at) => {
      const number = x[Math.floor(at / fields) * cols + column];
      const field = Math.floor(number / 2 ** (width * (fields - 1 - (at % fields)))) % 2 ** width;
      const value = Math.abs(field - offset);
      const unit = 2 ** Math.max(0, Math.floor(Math.log2(Math.max(1, value))) - 23);
      return Math.sign(field - offset) * Math.ceil(value / unit) * unit;
    });
  },
  gradient: () => [null],
  kernel: ({ inputs: [{ cols }], rows, attrs: { column, fields, width, offset } }) => ({
    shader: 'unpack-bits',
    text: neighbourShaders['unpack-bits'],
    params: {
      ROWS: `${rows}u`,
      SOURCE_COLS: `${cols}u`,
      COLUMN: `${column}u`,
      FIELDS: `${fields}u`,
      WIDTH: `${width}u`,
      OFFSET: `${offset}u`,
    },
    bindings: { source: 0, result: 'result' },
    workgroups: Math.ceil((rows * fields) / 64),
  }),
  print: ({ column, fields, width }) => `${fields} of ${width} bits in ${column}`,
  examples() {
    const [, bins] = neighbourBinsExamples();
    const sums = runningSum(bucketsOf(bins));
    return [
      unpackBits(bins, { column: 6, fields: 3, width: 10, offset: 512 }),
      unpackBits(sums, { column: sums.cols - 1, fields: 1, width: 31, offset: 0 }),
      unpackBits(sums, { column: 1, fields: 1, width: 31, offset: 0 }),
    ];
  },
};

/** Numbers to compute with from a column of u32. */
export function unpackBits(x: Node, attrs: BitsAttrs): Node {
  return apply(unpackBitsOp, [x], attrs);
}
