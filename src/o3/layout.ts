/** Where the numbers of a feature stand in the columns of a matrix. */
import type { Irrep } from './irrep.ts';
import { Irreps, type IrrepsLike } from './irreps.ts';

/** One irreps block in memory: component k of copy u stands at column `offset + k * stride + u`. */
export interface LayoutBlock {
  readonly ir: Irrep;
  /** Copies that the irreps have. */
  readonly mul: number;
  /** Copies that memory holds; those beyond `mul` are zero. */
  readonly padded: number;
  readonly offset: number;
  readonly stride: number;
}

/**
 * The memory layout inside programs: blocks in order, and within a block component by component ("ir_mul"), so that
 * neighbouring columns are neighbouring copies. With `align` 4, every block is filled up with zero copies to a
 * multiple of four, so that kernels may load four numbers at once. Outside, arrays are e3nn's
 * ("mul_ir", copy by copy, no padding): `pack` and `unpack` convert.
 *
 * @example
 * ```ts
 * import { Layout } from 'clebsch';
 * const layout = Layout.of('2x1o'); // x x y y z z
 * layout.pack([1, 2, 3, 4, 5, 6]); // => [1, 4, 2, 5, 3, 6]
 * layout.unpack([1, 4, 2, 5, 3, 6]); // => [1, 2, 3, 4, 5, 6]
 * ```
 */
export class Layout {
  readonly irreps: Irreps;
  readonly blocks: readonly LayoutBlock[];
  /** Columns of a matrix in this layout. */
  readonly cols: number;

  private constructor(irreps: Irreps, blocks: readonly LayoutBlock[], cols: number) {
    this.irreps = irreps;
    this.blocks = blocks;
    this.cols = cols;
  }

  /**
   * The layout of irreps without padding, or padded to multiples of `align`.
   *
   * @throws Error if the irreps cannot be read.
   * @example
   * ```ts
   * import { Layout } from 'clebsch';
   * Layout.of('2x0e+2x1o').pack([10, 20, 1, 2, 3, 4, 5, 6]); // => [10, 20, 1, 4, 2, 5, 3, 6]
   * ```
   */
  static of(irreps: IrrepsLike, align: 1 | 4 = 1): Layout {
    const parsed = Irreps.parse(irreps);
    let cols = 0;
    const blocks = parsed.blocks.map(({ mul, ir }) => {
      const padded = Math.ceil(mul / align) * align;
      const block = { ir, mul, padded, offset: cols, stride: padded };
      cols += padded * ir.dim;
      return block;
    });
    return new Layout(parsed, blocks, cols);
  }

  /**
   * The layout for hidden features: padded to multiples of four if every block has at least three copies. Padding
   * is zero in every value and every cotangent, so it never changes a result.
   *
   * @example
   * ```ts
   * import { Layout } from 'clebsch';
   * [Layout.forFeatures('3x0e').cols, Layout.forFeatures('2x0e').cols]; // => [4, 2]
   * ```
   */
  static forFeatures(irreps: IrrepsLike): Layout {
    const muls = Irreps.parse(irreps)
      .blocks.map((b) => b.mul)
      .filter((mul) => mul > 0);
    return Layout.of(irreps, muls.every((mul) => mul >= 3) ? 4 : 1);
  }

  /**
   * Several layouts side by side, as `concat` puts the values.
   *
   * @example
   * ```ts
   * import { Layout } from 'clebsch';
   * Layout.concat([Layout.of('0e'), Layout.of('1o')]).irreps.toString(); // => "1x0e+1x1o"
   * ```
   */
  static concat(layouts: readonly Layout[]): Layout {
    let cols = 0;
    const blocks: LayoutBlock[] = [];
    let irreps = Irreps.parse('');
    for (const layout of layouts) {
      for (const b of layout.blocks) blocks.push({ ...b, offset: b.offset + cols });
      cols += layout.cols;
      irreps = irreps.add(layout.irreps);
    }
    return new Layout(irreps, blocks, cols);
  }

  /** Whether memory holds more columns than the irreps have. */
  get isPadded(): boolean {
    return this.cols !== this.irreps.dim;
  }

  /** Column in memory of each of e3nn's columns. */
  columns(): Int32Array {
    const columns = new Int32Array(this.irreps.dim);
    let at = 0;
    for (const { ir, mul, offset, stride } of this.blocks)
      for (let u = 0; u < mul; u++) for (let k = 0; k < ir.dim; k++) columns[at++] = offset + k * stride + u;
    return columns;
  }

  /**
   * Rows in e3nn's layout (rows x irreps.dim) to this one (rows x cols).
   *
   * @throws Error if the numbers are no whole number of rows.
   */
  pack(values: ArrayLike<number>): Float64Array {
    return repack(
      values,
      this.irreps.dim,
      this.cols,
      (from, to, columns) => {
        for (let c = 0; c < columns.length; c++) to[columns[c]] = from[c];
      },
      this.columns(),
    );
  }

  /**
   * Rows in this layout (rows x cols) to e3nn's (rows x irreps.dim).
   *
   * @throws Error if the numbers are no whole number of rows.
   */
  unpack(values: ArrayLike<number>): Float64Array {
    return repack(
      values,
      this.cols,
      this.irreps.dim,
      (from, to, columns) => {
        for (let c = 0; c < columns.length; c++) to[c] = from[columns[c]];
      },
      this.columns(),
    );
  }
}

function repack(
  values: ArrayLike<number>,
  colsIn: number,
  colsOut: number,
  move: (from: Float64Array, to: Float64Array, columns: Int32Array) => void,
  columns: Int32Array,
): Float64Array {
  if (colsIn === 0) return new Float64Array(0);
  const rows = values.length / colsIn;
  if (!Number.isInteger(rows))
    throw new Error(`layout: ${values.length} numbers are no whole number of rows of ${colsIn}`);
  const source = Float64Array.from(values);
  const out = new Float64Array(rows * colsOut);
  for (let r = 0; r < rows; r++)
    move(
      source.subarray(r * colsIn, (r + 1) * colsIn),
      out.subarray(r * colsOut, (r + 1) * colsOut),
      columns,
    );
  return out;
}
