import { constantOp } from './leaf.ts';
import { type Node, withInputs } from './node.ts';
import { rewrite } from './rewrite.ts';

/**
 * Rebuilds a graph with equal nodes made one, each op's own simplifications applied, and products with zero
 * dropped. `zeros` makes a value of zeros; it is an op, and this room knows none.
 */
export function simplify(
  outputs: readonly Node[],
  zeros: (rows: number, cols: number) => Node,
  isZero: (node: Node) => boolean,
): Node[] {
  const known = new Map<string, Node>();
  const ids = new Map<unknown, number>();
  const identity = (value: unknown): string => {
    if (value === null || typeof value !== 'object') return String(value);
    let id = ids.get(value);
    if (id === undefined) {
      id = ids.size;
      ids.set(value, id);
    }
    return `#${id}`;
  };
  const keyOf = (node: Node): string => {
    const { attrs, op } = node;
    const text =
      op === constantOp && attrs.data.length <= 16
        ? attrs.data.join(' ')
        : (op.key?.(attrs) ??
          (attrs && Object.getPrototypeOf(attrs) === Object.prototype
            ? Object.entries(attrs)
                .map(([name, value]) => `${name}:${identity(value)}`)
                .join(',')
            : identity(attrs)));
    return `${op.name}(${node.inputs.map((i) => i.id).join(',')})${node.rows}x${node.cols}[${text}]`;
  };
  const chosen = new Set<Node>();
  /** The one node that stands for all that equal it, over inputs of which the same is true: rules make new ones. */
  const unique = (node: Node): Node => {
    if (chosen.has(node)) return node;
    const next = withInputs(node, node.inputs.map(unique));
    const key = keyOf(next);
    const same = known.get(key) ?? next;
    known.set(key, same);
    chosen.add(same);
    return same;
  };
  return rewrite(outputs, (node) => {
    let simpler = node;
    for (let next = simpler.op.simplify?.(simpler); next; next = simpler.op.simplify?.(simpler))
      simpler = next;
    const zeroInputs = simpler.inputs.filter(isZero).length;
    if (
      (simpler.op.linear === 'each' && zeroInputs > 0) ||
      (simpler.op.linear === 'jointly' && zeroInputs === simpler.inputs.length)
    )
      simpler = isZero(simpler) ? simpler : zeros(simpler.rows, simpler.cols);
    return unique(simpler);
  });
}
