import { input } from '../graph/leaf.ts';
import { type Node, shapeOf } from '../graph/node.ts';
import type { IrrepsLike } from '../o3/irreps.ts';
import { Layout } from '../o3/layout.ts';

/** A value of a program together with what its columns mean: one geometric tensor a row. */
export interface GeometricTensor {
  readonly node: Node;
  readonly layout: Layout;
}

/** Pairs a value with a layout; throws when its columns are not those of the irreps. */
export function tensor(node: Node, layout: Layout): GeometricTensor {
  if (node.cols !== layout.cols)
    throw new Error(`a value of irreps ${layout.irreps} has ${layout.cols} columns, got ${shapeOf(node)}`);
  return { node, layout };
}

/** A leaf for `rows` features of the given irreps; feed it `layout.pack(e3nn's array)`. */
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
