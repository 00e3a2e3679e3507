import { checkIndexMap, indexOp } from './index-map.ts';
import { constantOp, isLeaf, stateOp } from './leaf.ts';
import { type Node, shapeOf, topologicalOrder } from './node.ts';

/** Numbers for the leaves, by name: row-major, `rows * cols` each; index maps as `packIndexMap` gives them. */
export type Feeds = Readonly<Record<string, ArrayLike<number>>>;

/**
 * Computes nodes in f64 with each op's own definition: the slow, obvious interpreter that the kernels are
 * compared with, and what runs where there is no GPU. Returns one array a node, row-major, rows * cols long.
 *
 * @param feeds numbers of inputs and index maps by name; a state that is not fed has its initial numbers
 * @throws Error if a feed is missing, has the wrong length or is no valid index map.
 * @example
 * ```ts
 * import { input, multiply, reference, sum } from 'clebsch';
 * const x = input('x', 2, 2);
 * reference([multiply(x, x), sum(x, 'all')], { x: [1, 2, 3, 4] }); // => [[1, 4, 9, 16], [10]]
 * ```
 */
export function reference(nodes: readonly Node[], feeds: Feeds = {}): Float64Array[] {
  const values = new Map<Node, Float64Array>();
  for (const node of topologicalOrder(nodes)) {
    const value = isLeaf(node)
      ? leafValue(node, feeds)
      : node.op.reference(
          node.inputs.map((input) => values.get(input)!),
          node,
        );
    if (value.length !== node.rows * node.cols)
      throw new Error(`${node.op.name}: ${value.length} numbers for a value of ${shapeOf(node)}`);
    values.set(node, value);
  }
  return nodes.map((node) => values.get(node)!);
}

function leafValue(node: Node, feeds: Feeds): Float64Array {
  if (node.op === constantOp) return node.attrs.data;
  const fed = feeds[node.attrs.name];
  if (fed === undefined) {
    if (node.op === stateOp) return node.attrs.initial;
    throw new Error(
      `reference: no numbers were given for ${node.op.name} "${node.attrs.name}" (${shapeOf(node)})`,
    );
  }
  if (fed.length !== node.rows * node.cols)
    throw new Error(
      `reference: "${node.attrs.name}" is ${shapeOf(node)}, ${node.rows * node.cols} numbers, but ${fed.length} were given`,
    );
  if (node.op === indexOp) checkIndexMap(node, fed);
  return Float64Array.from(fed);
}
