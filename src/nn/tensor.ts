import type { IndexNode } from '../graph/index-map.ts';
import { input } from '../graph/leaf.ts';
import { type Node, shapeOf } from '../graph/node.ts';
import type { Irreps, IrrepsLike } from '../o3/irreps.ts';
import { Layout } from '../o3/layout.ts';
import { place, slice } from '../ops/slice.ts';

/** A value of a program together with what its columns mean: one feature of these irreps a row. */
export interface GeometricTensor {
  /** rows x layout.cols. */
  readonly node: Node;
  /** Which column is which component of which irrep. */
  readonly layout: Layout;
}

/**
 * Pairs a value, rows x layout.cols, with a layout.
 *
 * @throws Error if the value has another number of columns.
 * @example
 * ```ts
 * import { filled, Layout, tensor } from 'clebsch';
 * const ones = tensor(filled(4, 1, 1), Layout.of('0e'));
 * ones.layout.irreps.toString(); // => "1x0e"
 * ```
 */
export function tensor(node: Node, layout: Layout): GeometricTensor {
  if (node.cols !== layout.cols)
    throw new Error(`a value of irreps ${layout.irreps} has ${layout.cols} columns, got ${shapeOf(node)}`);
  return { node, layout };
}

/**
 * A leaf for `rows` features of the given irreps: rows x layout.cols. Feed it an array in e3nn's order after
 * `layout.pack`.
 *
 * @param irreps irreps, stored without padding, or a layout
 * @throws Error if the irreps cannot be read.
 * @example
 * ```ts
 * import { reference, tensorInput } from 'clebsch';
 * const x = tensorInput('x', 1, '2x1o'); // two vectors, stored as x x y y z z
 * reference([x.node], { x: x.layout.pack([1, 2, 3, 4, 5, 6]) }); // => [[1, 4, 2, 5, 3, 6]]
 * ```
 */
export function tensorInput(name: string, rows: number, irreps: IrrepsLike | Layout): GeometricTensor {
  const layout = irreps instanceof Layout ? irreps : Layout.of(irreps);
  return { node: input(name, rows, layout.cols), layout };
}

/** Throws if x has other irreps than the layer was made for. */
export function expectIrreps(layer: string, x: GeometricTensor, irreps: Irreps): void {
  if (!x.layout.irreps.equals(irreps))
    throw new Error(`${layer} was made for irreps ${irreps}, but its input has ${x.layout.irreps}`);
}

/** Throws if a map does not say for each row of x which sample it belongs to. */
export function expectSamples(layer: string, x: GeometricTensor, { attrs }: IndexNode): void {
  if (attrs.capacity !== x.node.rows)
    throw new Error(
      `${layer}: index "${attrs.name}" has ${attrs.capacity} rows, but the features have ${x.node.rows}`,
    );
}

/**
 * The value of x as a layer wants it: in the given memory layout. One that is stored otherwise (padded, say) is moved.
 *
 * @param layer what messages call the layer
 * @throws Error if x has other irreps than the layout.
 */
export function inLayout(layer: string, x: GeometricTensor, layout: Layout): Node {
  expectIrreps(layer, x, layout.irreps);
  const same = layout.blocks.every(({ offset, stride }, i) => {
    const own = x.layout.blocks[i];
    return own.offset === offset && own.stride === stride;
  });
  if (same && x.layout.cols === layout.cols) return x.node;
  const parts: Node[] = [];
  const offsets: number[] = [];
  for (const [i, { ir, mul, offset, stride }] of layout.blocks.entries()) {
    const own = x.layout.blocks[i];
    for (let k = 0; k < ir.dim && mul > 0; k++) {
      parts.push(slice(x.node, own.offset + k * own.stride, mul));
      offsets.push(offset + k * stride);
    }
  }
  return parts.length > 0 ? place(parts, offsets, layout.cols) : x.node;
}
