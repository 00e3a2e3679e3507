import type { Node } from './node.ts';

/** Values that stand in one buffer because a dispatch reads, or writes, several of them. Roots are as the memory plan has them. */
export class Pools {
  private readonly steps: readonly { readonly reads: readonly Node[]; readonly writes: Node }[];
  private parent: ReadonlyMap<Node, Node> = new Map();
  private readonly numbers: (root: Node) => number;
  private readonly fixed: (root: Node) => boolean;

  /** `fixed` roots have a buffer of their own, which nothing can join. */
  constructor(
    steps: Pools['steps'],
    options: { numbers: (root: Node) => number; fixed: (root: Node) => boolean },
  ) {
    this.steps = steps;
    this.numbers = options.numbers;
    this.fixed = options.fixed;
  }

  /** The root that stands for all that share a buffer with this one. */
  of(root: Node): Node {
    const next = this.parent.get(root);
    return next ? this.of(next) : root;
  }

  /** Puts each list of roots into one buffer, or changes nothing: no dispatch may write a buffer that it reads. */
  unite(lists: readonly (readonly Node[])[]): boolean {
    const before = this.parent;
    const parent = new Map(before);
    this.parent = parent;
    for (const [first, ...others] of lists)
      for (const other of others) {
        const [a, b] = [this.of(first), this.of(other)];
        if (a !== b && !this.join(a, b, parent)) {
          this.parent = before;
          return false;
        }
      }
    return true;
  }

  private join(a: Node, b: Node, parent: Map<Node, Node>): boolean {
    if (this.fixed(a) || this.fixed(b)) return false;
    const either = (root: Node) => root === a || root === b;
    for (const { reads, writes } of this.steps)
      if (either(this.of(writes)) && reads.some((read) => either(this.of(read)))) return false;
    parent.set(b, a);
    return true;
  }

  /** Where each of some roots stands in the buffer that it shares, and how large that is. */
  layout(roots: Iterable<Node>, alignment: number) {
    const offsets = new Map<Node, number>();
    const sizes = new Map<Node, number>();
    for (const root of roots) {
      const pool = this.of(root);
      const start = Math.ceil((sizes.get(pool) ?? 0) / alignment) * alignment;
      offsets.set(root, start);
      sizes.set(pool, start + this.numbers(root));
    }
    return { offsets, sizes };
  }
}

/** Programs with more numbers than this in all their values are left as they are: there a dispatch costs little, and memory much. */
const MOST_NUMBERS = 1 << 24;

export interface BatchOptions {
  /** The buffer's root of a value. */
  readonly rootOf: (node: Node) => Node;
  /** Whether a step writes over the value that is its root. */
  readonly overwrites: (node: Node) => boolean;
  /** Most values that one kernel may read. */
  readonly maxInputs: number;
}

/**
 * Puts steps into dispatches: those that need nothing of each other, and whose ops can share a kernel, together.
 * A step that can be shared waits until nothing else is ready, so that others may join it.
 *
 * @returns all steps in an order in which they can run, those of a dispatch together
 */
export function batches(steps: readonly Node[], pools: Pools, options: BatchOptions): Node[][] {
  const numbers = steps.reduce((sum, { rows, cols }) => sum + rows * cols, 0);
  if (numbers > MOST_NUMBERS) return steps.map((node) => [node]);
  const { after, waiting } = dependencies(steps, options);
  const position = new Map(steps.map((node, at) => [node, at]));
  const height = new Map<Node, number>();
  for (const node of [...steps].reverse())
    height.set(node, 1 + Math.max(0, ...after.get(node)!.map((next) => height.get(next)!)));
  const sooner = (a: Node, b: Node) => height.get(b)! - height.get(a)! || position.get(a)! - position.get(b)!;
  const keys = new Map(steps.map((node) => [node, keyOf(node)]));
  const ready = new Set(steps.filter((node) => waiting.get(node) === 0));
  const groups: Node[][] = [];
  while (ready.size > 0) {
    const alone = [...ready].filter((node) => keys.get(node) === null);
    const [first] =
      alone.length > 0 ? alone.sort((a, b) => position.get(a)! - position.get(b)!) : [...ready].sort(sooner);
    const group = [first];
    if (keys.get(first) !== null)
      for (const other of [...ready].sort(sooner))
        if (other !== first && keys.get(other) === keys.get(first) && join(group, other, pools, options))
          group.push(other);
    groups.push(group.sort((a, b) => position.get(a)! - position.get(b)!));
    for (const node of group) {
      ready.delete(node);
      for (const next of after.get(node)!) {
        const left = waiting.get(next)! - 1;
        waiting.set(next, left);
        if (left === 0) ready.add(next);
      }
    }
  }
  return groups;
}

const keyOf = (node: Node): string | null => node.op.batch?.key(node) ?? null;

/** Makes room for a step in a dispatch: all inputs of one role, and all results, in one buffer each. */
function join(
  group: readonly Node[],
  node: Node,
  pools: Pools,
  { rootOf, maxInputs }: BatchOptions,
): boolean {
  if (node.op.batch!.fits?.([...group, node], maxInputs) === false) return false;
  const [first] = group;
  const roles = node.op.batch!.roles(first);
  const lists = node.op
    .batch!.roles(node)
    .map((inputs, role) => [
      rootOf(first.inputs[roles[role][0]]),
      ...inputs.map((input) => rootOf(node.inputs[input])),
    ]);
  return pools.unite([[rootOf(first), rootOf(node)], ...lists]);
}

/** Which steps must come after each, and for how many each waits, given an order in which they can run. */
function dependencies(steps: readonly Node[], { rootOf, overwrites }: BatchOptions) {
  const after = new Map<Node, Node[]>(steps.map((node) => [node, []]));
  const waiting = new Map<Node, number>();
  const writers = new Map<Node, Node[]>();
  const readers = new Map<Node, Node[]>();
  const add = (map: Map<Node, Node[]>, root: Node, node: Node) => {
    const list = map.get(root);
    if (list) list.push(node);
    else map.set(root, [node]);
  };
  for (const node of steps) {
    const root = rootOf(node);
    const earlier = new Set<Node>();
    for (const input of node.inputs)
      for (const writer of writers.get(rootOf(input)) ?? []) earlier.add(writer);
    for (const reader of readers.get(root) ?? []) earlier.add(reader);
    if (overwrites(node)) for (const writer of writers.get(root) ?? []) earlier.add(writer);
    for (const input of node.inputs) add(readers, rootOf(input), node);
    add(writers, root, node);
    for (const one of earlier) after.get(one)!.push(node);
    waiting.set(node, earlier.size);
  }
  return { after, waiting };
}
