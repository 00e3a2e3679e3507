import { type Node, shapeOf, topologicalOrder } from './node.ts';

/** The two nodes that reverse mode itself has to make. */
export interface Algebra {
  /** Sum of values of one shape. */
  sum(nodes: readonly Node[]): Node;
  filled(rows: number, cols: number, value: number): Node;
}

/**
 * Reverse-mode differentiation, graph to graph: the gradient of a scalar by each node of `wrt`, as nodes of the
 * same op set. Because the rules make nodes again, calling it on its own result gives second derivatives
 * (training on forces), and so on to any order.
 *
 * `output` is 1 x 1; with `cotangent` (of its shape) it may be any value: the result is then the
 * vector-Jacobian product. A node on which the output does not depend gets zeros.
 */
export function reverse(
  algebra: Algebra,
  output: Node,
  wrt: readonly Node[],
  cotangent: Node = algebra.filled(1, 1, 1),
): Node[] {
  if (output.rows !== cotangent.rows || output.cols !== cotangent.cols)
    throw new Error(
      `gradient: the output is ${shapeOf(output)}, its cotangent ${shapeOf(cotangent)}; ` +
        'differentiate a 1x1 value (sum it first) or pass a cotangent of its shape',
    );
  const order = topologicalOrder([output]);
  // Only nodes through which a wanted one reaches the output take part.
  const active = new Set<Node>(wrt);
  for (const node of order) if (node.inputs.some((input) => active.has(input))) active.add(node);
  const contributions = new Map<Node, Node[]>([[output, [cotangent]]]);
  const total = (node: Node): Node | undefined => {
    const parts = contributions.get(node);
    return parts && (parts.length === 1 ? parts[0] : algebra.sum(parts));
  };
  for (const node of [...order].reverse()) {
    if (!active.has(node) || !node.inputs.some((input) => active.has(input))) continue;
    const cotangentOfNode = total(node);
    if (!cotangentOfNode) continue;
    contributions.set(node, [cotangentOfNode]);
    const rules = node.op.gradient(node, cotangentOfNode);
    node.inputs.forEach((input, i) => {
      const rule = rules[i];
      if (!active.has(input) || !rule) return;
      const contribution = rule();
      if (contribution.rows !== input.rows || contribution.cols !== input.cols)
        throw new Error(
          `${node.op.name}: its gradient rule gave ${shapeOf(contribution)} for input ${i}, which is ${shapeOf(input)}`,
        );
      const parts = contributions.get(input);
      if (parts) parts.push(contribution);
      else contributions.set(input, [contribution]);
    });
  }
  return wrt.map((node) => total(node) ?? algebra.filled(node.rows, node.cols, 0));
}
