import { isLeaf } from './leaf.ts';
import { type Node, shapeOf, topologicalOrder } from './node.ts';

/**
 * A program as text, one node a line, each after its inputs: its name, op, attributes, inputs and shape
 * (rows x cols). The outputs follow by name.
 *
 * @example
 * ```ts
 * import { input, printGraph, sum } from 'clebsch';
 * const lines = printGraph({ total: sum(input('x', 69, 36), 'rows') }).split('\n');
 * lines; // => ["%0 = input x : 69x36", "%1 = sum[rows](%0) : 1x36", "return total = %1"]
 * ```
 */
export function printGraph(outputs: Readonly<Record<string, Node>>): string {
  const names = new Map<Node, string>();
  const lines: string[] = [];
  for (const node of topologicalOrder(Object.values(outputs))) {
    const name = `%${names.size}`;
    names.set(node, name);
    const attrs = node.op.print?.(node.attrs) ?? '';
    const call = isLeaf(node)
      ? `${node.op.name} ${attrs}`
      : `${node.op.name}${attrs && `[${attrs}]`}(${node.inputs.map((i) => names.get(i)).join(', ')})`;
    lines.push(`${name} = ${call} : ${shapeOf(node)}`);
  }
  for (const [name, node] of Object.entries(outputs)) lines.push(`return ${name} = ${names.get(node)}`);
  return lines.join('\n');
}
