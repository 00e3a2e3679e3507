import { indexOp } from './index-map.ts';
import { constantOp, inputOp, stateOp } from './leaf.ts';
import { type Node, topologicalOrder } from './node.ts';

/** Storage bindings start at multiples of 256 bytes (WebGPU's default limit): 64 numbers. */
export const ALIGNMENT = 64;

/** Where a value stands: in which buffer, from which number on. */
export interface Place {
  readonly buffer: number;
  readonly offset: number;
}

export interface PlannedBuffer {
  /** Numbers (of 4 bytes) that it holds. */
  readonly size: number;
  /** The leaf whose buffer it is; null for values computed by the program. */
  readonly leaf: Node | null;
}

export interface Plan {
  /** Nodes to run, in order; leaves, views and empty values are not among them. */
  readonly steps: readonly Node[];
  readonly places: ReadonlyMap<Node, Place>;
  readonly buffers: readonly PlannedBuffer[];
}

/** A new value of a state, written into the state's own buffer when everything else has run. */
export interface Update {
  readonly state: Node;
  readonly next: Node;
}

export interface PlanOptions {
  /** An op with a kernel whose value equals its input. */
  readonly copy: (node: Node) => Node;
  readonly isSlice: (node: Node) => boolean;
  readonly isConcat: (node: Node) => boolean;
}

/** Whether a slice can be read where its source stands. */
function isView(node: Node, options: PlanOptions): boolean {
  return options.isSlice(node) && node.rows === 1 && node.attrs.start % ALIGNMENT === 0;
}

/** Whether the inputs of a concatenation can be computed where they will stand. */
export function isLayout(node: Node, options: Pick<PlanOptions, 'isConcat'>): boolean {
  return (
    options.isConcat(node) && node.rows === 1 && node.attrs.offsets.every((o: number) => o % ALIGNMENT === 0)
  );
}

/**
 * Decides in which order a program runs and where its values stand. A buffer is used again, whole, when the last
 * reader of its value has run: WebGPU tracks usage by buffer, so parts of one cannot be read and written
 * in one dispatch. Slices of packed rows are views, packed rows are computed in place.
 */
export function plan(outputs: readonly Node[], updates: readonly Update[], options: PlanOptions): Plan {
  const { roots, overwritten, rebuilt } = lower(outputs, updates, options);
  const order = topologicalOrder(roots);
  const home = new Map<Node, { root: Node; offset: number }>();
  const homeOf = (node: Node) => home.get(node) ?? { root: node, offset: 0 };
  // Later nodes first, so that a value laid out inside another's layout finds its final home.
  for (const node of [...order].reverse())
    if (isLayout(node, options)) {
      const { root, offset } = homeOf(node);
      node.inputs.forEach((input, i) => {
        home.set(input, { root, offset: offset + node.attrs.offsets[i] });
      });
    }
  for (const node of order) {
    const target = overwritten.get(node);
    if (target) home.set(node, homeOf(target));
    else if (isView(node, options)) {
      const { root, offset } = homeOf(node.inputs[0]);
      home.set(node, { root, offset: offset + node.attrs.start });
    }
  }
  const steps = order.filter(
    (node) =>
      !isLeaf(node) && !isView(node, options) && !isLayout(node, options) && node.rows * node.cols > 0,
  );
  const lastUse = new Map<Node, number>();
  steps.forEach((node, at) => {
    lastUse.set(homeOf(node).root, at);
    for (const input of node.inputs) lastUse.set(homeOf(input).root, at);
  });
  for (const output of outputs) lastUse.set(homeOf(rebuilt.get(output)!).root, Number.POSITIVE_INFINITY);
  const { buffers, bufferOf } = assign(order, steps, (node) => homeOf(node).root, lastUse, options);
  const places = new Map<Node, Place>();
  for (const node of order) {
    const { root, offset } = homeOf(node);
    const buffer = bufferOf.get(root);
    if (buffer !== undefined) places.set(node, { buffer, offset });
  }
  // Callers ask for the nodes that they gave.
  for (const [node, next] of rebuilt) {
    const place = places.get(next);
    if (place) places.set(node, place);
  }
  return { steps, places, buffers };
}

function isLeaf(node: Node): boolean {
  return node.op === inputOp || node.op === stateOp || node.op === indexOp || node.op === constantOp;
}

/** Makes explicit the copies that a layout or an update in place needs. */
function lower(
  outputs: readonly Node[],
  updates: readonly Update[],
  options: PlanOptions,
): { roots: Node[]; overwritten: Map<Node, Node>; rebuilt: Map<Node, Node> } {
  const overwritten = new Map<Node, Node>();
  const rebuilt = new Map<Node, Node>();
  const placed = new Set<Node>();
  const updating = new Map(updates.map(({ state, next }) => [next, state]));
  const order = topologicalOrder([...outputs, ...updates.map((u) => u.next)]);
  const readers = new Map<Node, number>();
  for (const node of order)
    for (const input of node.inputs) readers.set(input, (readers.get(input) ?? 0) + 1);
  for (const node of order) {
    let inputs = node.inputs.map((input) => rebuilt.get(input)!);
    if (isLayout(node, options))
      // Only a freshly computed value can be computed elsewhere, and only one that nothing else reads: a dispatch
      // that writes one part of the buffer must not read another.
      inputs = inputs.map((input, i) => {
        const alone = readers.get(node.inputs[i]) === 1 && !placed.has(input);
        const free = alone && !isLeaf(input) && !isView(input, options) && !input.op.overwrites;
        const value = free ? input : options.copy(input);
        placed.add(value);
        return value;
      });
    if (node.op.overwrites && updating.get(node) !== node.inputs[0]) inputs[0] = options.copy(inputs[0]);
    // Built by hand: a copy must not be simplified away.
    const next = inputs.every((input, i) => input === node.inputs[i]) ? node : { ...node, inputs };
    if (node.op.overwrites) overwritten.set(next, next.inputs[0]);
    rebuilt.set(node, next);
  }
  const roots = outputs.map((output) => rebuilt.get(output)!);
  for (const { state, next } of updates) {
    const value = rebuilt.get(next)!;
    roots.push(value);
    if (overwritten.get(value) === state || value === state) continue;
    const assignment = options.copy(value);
    overwritten.set(assignment, state);
    roots.push(assignment);
  }
  return { roots, overwritten, rebuilt };
}

/** Gives every root a buffer: leaves their own, computed values one that is free. */
function assign(
  order: readonly Node[],
  steps: readonly Node[],
  rootOf: (node: Node) => Node,
  lastUse: ReadonlyMap<Node, number>,
  options: PlanOptions,
): { buffers: PlannedBuffer[]; bufferOf: Map<Node, number> } {
  const buffers: { size: number; leaf: Node | null }[] = [];
  const bufferOf = new Map<Node, number>();
  for (const node of order) {
    const root = rootOf(node);
    if (isLeaf(root) && !bufferOf.has(root))
      bufferOf.set(root, buffers.push({ size: sizeOf(root), leaf: root }) - 1);
  }
  const free: number[] = [];
  const expiring = new Map<number, Node[]>();
  steps.forEach((node, at) => {
    const root = rootOf(node);
    if (!bufferOf.has(root)) {
      const size = sizeOf(root);
      // The gaps of a layout are never written: they keep the zeros of a new buffer.
      const dedicated = isLayout(root, options);
      let best = -1;
      if (!dedicated)
        for (const candidate of free)
          if (buffers[candidate].size >= size && (best < 0 || buffers[candidate].size < buffers[best].size))
            best = candidate;
      if (best >= 0) free.splice(free.indexOf(best), 1);
      else best = buffers.push({ size, leaf: null }) - 1;
      bufferOf.set(root, best);
      const end = lastUse.get(root)!;
      if (!dedicated && Number.isFinite(end)) {
        const ending = expiring.get(end);
        if (ending) ending.push(root);
        else expiring.set(end, [root]);
      }
    }
    for (const done of expiring.get(at) ?? []) free.push(bufferOf.get(done)!);
  });
  return { buffers, bufferOf };
}

function sizeOf(node: Node): number {
  return node.rows * node.cols;
}
