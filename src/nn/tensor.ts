import { input } from '../graph/leaf.ts';
import { type Node, shapeOf } from '../graph/node.ts';
import type { IrrepsLike } from '../o3/irreps.ts';
import { Layout } from '../o3/layout.ts';

/** A value of a program together with what its columns mean: one feature of these irreps a row. */
export interface GeometricTensor {
  /** rows x layout.cols. */
  readonly node: Node;
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

/** Throws when a layer is given other irreps than it was made for. */
export function expectIrreps(layer: string, x: GeometricTensor, expected: Layout): void {
  if (!x.layout.irreps.equals(expected.irreps))
    throw new Error(`${layer} was made for irreps ${expected.irreps}, but its input has ${x.layout.irreps}`);
  if (x.layout.cols !== expected.cols)
    throw new Error(
      `${layer}: the input stands in ${x.layout.cols} columns (padded otherwise), expected ${expected.cols}`,
    );
}
