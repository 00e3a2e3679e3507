import { indexOp } from './index-map.ts';
import { constantOp, inputOp, stateOp } from './leaf.ts';
import { type Node, shapeOf, topologicalOrder } from './node.ts';

/**
 * A program as text, one node a line, in the order in which it would run:
 *
 *     %2 = tensorProduct[z 3 paths](%0, %1) : 69x576
 */
export function printGraph(outputs: Readonly<Record<string, Node>>): string {
  const names = new Map<Node, string>();
  const lines: string[] = [];
  for (const node of topologicalOrder(Object.values(outputs))) {
    const leaf = node.op === inputOp || node.op === stateOp || node.op === indexOp || node.op === constantOp;
    const name = `%${names.size}`;
    names.set(node, name);
    const attrs = node.op.print?.(node.attrs) ?? '';
    const call = leaf
      ? `${node.op.name} ${attrs}`
      : `${node.op.name}${attrs && `[${attrs}]`}(${node.inputs.map((i) => names.get(i)).join(', ')})`;
    lines.push(`${name} = ${call} : ${shapeOf(node)}`);
  }
  for (const [name, node] of Object.entries(outputs)) lines.push(`return ${name} = ${names.get(node)}`);
  return lines.join('\n');
}
