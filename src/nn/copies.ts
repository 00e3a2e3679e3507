/** One number for each copy of each irrep, in e3nn's order, without padding: norms, gates, weights of a normalisation. */
import { constant } from '../graph/leaf.ts';
import type { Node } from '../graph/node.ts';
import { Irrep } from '../o3/irrep.ts';
import type { Irreps } from '../o3/irreps.ts';
import type { Layout, LayoutBlock } from '../o3/layout.ts';
import type { ProductSpec } from '../ops/product-form.ts';
import { concat, place, slice } from '../ops/slice.ts';
import { tensorProduct, tensorProductOpenY } from '../ops/tensor-product.ts';
import type { Parameter } from './parameters.ts';
import { type GeometricTensor, tensor } from './tensor.ts';

export const EVEN_SCALAR = Irrep.of(0, 1);

/**
 * The form  sum over copies and components of x_ui s_u z_ui,  x and z features in the layout, s one number a copy.
 * Padding is on no path, so it is never read, and zero where it is computed.
 */
function perCopy(layout: Layout): ProductSpec {
  let copy = 0;
  const paths = layout.blocks
    .filter(({ mul }) => mul > 0)
    .map(({ ir, mul, offset, stride }) => {
      const block = { offset, stride, mul, l: ir.l };
      const y = { offset: copy, stride: mul, mul, l: 0 };
      copy += mul;
      // C_i0k = delta_ik / sqrt(2l + 1)
      return { mode: 'uuu', x: block, y, z: block, w: null, coefficient: Math.sqrt(ir.dim) } as const;
    });
  return { paths, cols: { x: layout.cols, y: copy, w: 0, z: layout.cols } };
}

/** The squared norm of each copy: rows x irreps.numIrreps. */
export function squaredNorms({ node, layout }: GeometricTensor): Node {
  const spec = perCopy(layout);
  return spec.cols.y === 0 ? slice(node, 0, 0) : tensorProductOpenY(spec, node, node);
}

/** Each copy times a number of its own; `factors` is rows x irreps.numIrreps. */
export function timesCopies({ node, layout }: GeometricTensor, factors: Node): GeometricTensor {
  const spec = perCopy(layout);
  return spec.cols.y === 0 ? { node, layout } : tensor(tensorProduct(spec, node, factors), layout);
}

/** One number a copy as the same number for each of its components, 0 in padding: 1 x n to 1 x layout.cols. */
export function overComponents(factors: Node, layout: Layout): Node {
  const ones = constant(layout.pack(new Float64Array(layout.irreps.dim).fill(1)), 1, layout.cols);
  return timesCopies({ node: ones, layout }, factors).node;
}

/** A number a copy that its irrep gives, as a row of constants. */
export function constantOverCopies(irreps: Irreps, of: (ir: Irrep) => number): Node {
  return constant(
    irreps.blocks.flatMap(({ mul, ir }) => new Array<number>(mul).fill(of(ir))),
    1,
    irreps.numIrreps,
  );
}

const scalarBlocks = (layout: Layout): LayoutBlock[] =>
  layout.blocks.filter(({ ir, mul }) => mul > 0 && ir.equals(EVEN_SCALAR));

/** The 0e scalars among features, without padding: rows x (number of 0e). */
export function evenScalars({ node, layout }: GeometricTensor): Node {
  const parts = scalarBlocks(layout).map(({ offset, mul }) => slice(node, offset, mul));
  return parts.length > 0 ? concat(parts) : slice(node, 0, 0);
}

/** Numbers for the 0e scalars where they stand among features, zeros elsewhere: rows x layout.cols. There must be some. */
export function placeEvenScalars(scalars: Node, layout: Layout): Node {
  const blocks = scalarBlocks(layout);
  let start = 0;
  const parts = blocks.map(({ mul }) => {
    const part = slice(scalars, start, mul);
    start += mul;
    return part;
  });
  return place(
    parts,
    blocks.map(({ offset }) => offset),
    layout.cols,
  );
}

/** A parameter of one number a copy, or a 0e: in memory as outside. */
export function rowParameter(name: string, length: number, initial: 'ones' | 'zeros'): Parameter {
  return { name, shape: [length], packedLength: length, positions: null, initial };
}
