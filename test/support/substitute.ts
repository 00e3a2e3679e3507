import { type Node, topologicalOrder, withInputs } from '../../src/graph/node.ts';

/** The same graph with another node in place of a leaf. */
export function substituteLeaves(outputs: readonly Node[], leaf: Node, replacement: Node): Node[] {
  const rebuilt = new Map<Node, Node>([[leaf, replacement]]);
  for (const node of topologicalOrder(outputs))
    if (!rebuilt.has(node))
      rebuilt.set(
        node,
        withInputs(
          node,
          node.inputs.map((input) => rebuilt.get(input)!),
        ),
      );
  return outputs.map((output) => rebuilt.get(output)!);
}
