import { type Node, topologicalOrder, withInputs } from './node.ts';

/**
 * Rebuilds a graph from its leaves on: `rule` is given each node over its rebuilt inputs, with the node as it was, and
 * says what stands in its place.
 */
export function rewrite(outputs: readonly Node[], rule: (next: Node, was: Node) => Node): Node[] {
  const rebuilt = new Map<Node, Node>();
  const now = (node: Node) => rebuilt.get(node)!;
  for (const node of topologicalOrder(outputs))
    rebuilt.set(node, rule(withInputs(node, node.inputs.map(now)), node));
  return outputs.map(now);
}

/** How often each value is read: by the nodes that the outputs need, and as an output. */
export function readersOf(outputs: readonly Node[]): ReadonlyMap<Node, number> {
  const readers = new Map<Node, number>();
  for (const node of [...topologicalOrder(outputs).flatMap(({ inputs }) => inputs), ...outputs])
    readers.set(node, (readers.get(node) ?? 0) + 1);
  return readers;
}
