import { batches, Pools } from './batches.ts';
import { isLeaf, stateOp } from './leaf.ts';
import { type Node, topologicalOrder } from './node.ts';
import { startsOf } from './starts.ts';

/** Storage bindings start at multiples of 256 bytes (WebGPU's default limit): 64 numbers. */
export const ALIGNMENT = 64;

/** Where a value stands: in which buffer, from which number on. */
export interface Place {
  /** Position in `Plan.buffers`. */
  readonly buffer: number;
  /** In numbers of 4 bytes. */
  readonly offset: number;
}

/** A GPU buffer of a program. */
export interface PlannedBuffer {
  /** Numbers (of 4 bytes) that it holds. */
  readonly size: number;
  /** The leaf whose buffer it is; null for values computed by the program. */
  readonly leaf: Node | null;
}

/** In which order a program runs, and where its values stand. */
export interface Plan {
  /** Nodes to run, in order; leaves, views and empty values are not among them. */
  readonly steps: readonly Node[];
  /** The same nodes by the dispatches that compute them: most have one. */
  readonly dispatches: readonly (readonly Node[])[];
  /** Steps that cannot run as they are: their inputs cannot share the buffers that their kernel needs. */
  readonly refused: readonly Node[];
  /** The first so many dispatches depend on inputs only: they need to run again only when one was written. */
  readonly prologue: number;
  /** Place of every value that has numbers. */
  readonly places: ReadonlyMap<Node, Place>;
  readonly buffers: readonly PlannedBuffer[];
}

/** A new value of a state, written into the state's own buffer when everything else has run. */
export interface Update {
  /** A leaf made by `state`. */
  readonly state: Node;
  /** What it becomes; of the state's shape. */
  readonly next: Node;
}

export interface PlanOptions {
  /** An op with a kernel whose value equals its input. */
  readonly copy: (node: Node) => Node;
  readonly isSlice: (node: Node) => boolean;
  readonly isConcat: (node: Node) => boolean;
  /** Keep what depends on inputs only from run to run, where a program updates states (default true). */
  readonly prologue?: boolean;
  /** Rows of a value, and values below each other: always read, and computed, where they stand. */
  readonly isRows?: (node: Node) => boolean;
  readonly isStack?: (node: Node) => boolean;
  /** What must have run before a node besides its inputs; null outside of loops over strips. */
  readonly after?: (node: Node) => readonly Node[] | null;
  /** Compute several values in a dispatch where ops allow it (default true). */
  readonly batches?: boolean;
  /** Most values that one kernel may read; default 7, what every device allows. */
  readonly maxInputs?: number;
}

/** Whether a slice, or rows, can be read where the source stands. */
function isView(node: Node, options: PlanOptions): boolean {
  if (options.isRows?.(node)) return true;
  return options.isSlice(node) && node.rows === 1 && node.cols > 0 && node.attrs.start % ALIGNMENT === 0;
}

/** Where a view starts in its source, in numbers. */
const startOf = (node: Node, options: PlanOptions): number =>
  node.attrs.start * (options.isRows?.(node) ? node.cols : 1);

type LayoutOptions = Pick<PlanOptions, 'isConcat' | 'isStack'>;

/** Whether the inputs of a concatenation, or a stack, can be computed where they will stand. */
export function isLayout(node: Node, options: LayoutOptions): boolean {
  if (options.isStack?.(node)) return true;
  return (
    options.isConcat(node) && node.rows === 1 && node.attrs.offsets.every((o: number) => o % ALIGNMENT === 0)
  );
}

/** Where the inputs of a layout start in it, in numbers. */
const offsetsOf = (node: Node, options: LayoutOptions): readonly number[] =>
  options.isStack?.(node) ? startsOf(node.inputs.map(sizeOf)) : node.attrs.offsets;

/**
 * Decides in which order a program runs and where its values stand. A buffer is used again, whole, when the last
 * reader of its value has run: WebGPU tracks usage by buffer, so parts of one cannot be read and written
 * in one dispatch. Slices of packed rows are views, packed rows are computed in place.
 */
export function plan(outputs: readonly Node[], updates: readonly Update[], options: PlanOptions): Plan {
  const { order, overwritten, rebuilt, looped } = lower(outputs, updates, options);
  const home = new Map<Node, { root: Node; offset: number }>();
  const homeOf = (node: Node) => home.get(node) ?? { root: node, offset: 0 };
  // Later nodes first, so that a value laid out inside another's layout finds its final home.
  for (const node of [...order].reverse())
    if (isLayout(node, options)) {
      const { root, offset } = homeOf(node);
      const offsets = offsetsOf(node, options);
      node.inputs.forEach((input, i) => {
        home.set(input, { root, offset: offset + offsets[i] });
      });
    }
  for (const node of order) {
    const target = overwritten.get(node);
    if (target) home.set(node, homeOf(target));
    else if (isView(node, options)) {
      const { root, offset } = homeOf(node.inputs[0]);
      home.set(node, { root, offset: offset + startOf(node, options) });
    }
  }
  const computed = order.filter(
    (node) => !isLeaf(node) && !isView(node, options) && !isLayout(node, options) && sizeOf(node) > 0,
  );
  // Without updates every run is of new inputs, and there is nothing to keep.
  const fixed =
    updates.length > 0 && options.prologue !== false ? fixedBy(order, overwritten, looped) : new Set<Node>();
  const rootOf = (node: Node) => homeOf(node).root;
  const pools = new Pools(
    computed.map((node) => ({ reads: node.inputs.map(rootOf), writes: rootOf(node) })),
    { numbers: sizeOf, fixed: (root) => isLeaf(root) || isLayout(root, options) },
  );
  const refused = computed.filter(
    (node) =>
      node.op.batch?.needed &&
      !pools.unite(node.op.batch.roles(node).map((inputs) => inputs.map((i) => rootOf(node.inputs[i])))),
  );
  const inDispatches = (nodes: readonly Node[]) =>
    // A loop over strips keeps its order: it is there to save memory.
    options.batches === false || looped.size > 0
      ? nodes.map((node) => [node])
      : batches(nodes, pools, {
          rootOf,
          overwrites: (node) => overwritten.has(node),
          maxInputs: options.maxInputs ?? 7,
        });
  const first = inDispatches(computed.filter((node) => fixed.has(node)));
  const dispatches = [...first, ...inDispatches(computed.filter((node) => !fixed.has(node)))];
  const { offsets, sizes } = pools.layout(new Set(computed.map(rootOf)), ALIGNMENT);
  const standsIn = (node: Node) => pools.of(rootOf(node));
  const lastUse = new Map<Node, number>();
  const used = (node: Node, at: number) => {
    const root = standsIn(node);
    lastUse.set(root, Math.max(at, lastUse.get(root) ?? 0));
  };
  dispatches.forEach((nodes, at) => {
    for (const node of nodes) {
      used(node, at);
      // What the prologue leaves for the other steps outlives them: the next run reads it again.
      for (const input of node.inputs)
        used(input, at >= first.length && fixed.has(input) ? Number.POSITIVE_INFINITY : at);
    }
  });
  for (const output of outputs) lastUse.set(standsIn(rebuilt.get(output)!), Number.POSITIVE_INFINITY);
  const numbers = (root: Node) => sizes.get(root) ?? sizeOf(root);
  const { buffers, bufferOf } = assign(order, dispatches, standsIn, numbers, lastUse, options);
  const places = new Map<Node, Place>();
  for (const node of order) {
    const { root, offset } = homeOf(node);
    const buffer = bufferOf.get(pools.of(root));
    if (buffer !== undefined) places.set(node, { buffer, offset: offset + (offsets.get(root) ?? 0) });
  }
  // Callers ask for the nodes that they gave.
  for (const [node, next] of rebuilt) {
    const place = places.get(next);
    if (place) places.set(node, place);
  }
  return { steps: dispatches.flat(), dispatches, refused, prologue: first.length, places, buffers };
}

/**
 * Values that are the same in every run until an input is written: no state behind them, and nothing overwrites them. What a
 * loop over strips computes is not among them, for it is kept nowhere.
 */
function fixedBy(
  order: readonly Node[],
  overwritten: ReadonlyMap<Node, Node>,
  looped: ReadonlySet<Node>,
): Set<Node> {
  const lost = new Set(overwritten.values());
  const fixed = new Set<Node>();
  for (const node of order) {
    const changes =
      node.op === stateOp ||
      node.op.overwrites ||
      overwritten.has(node) ||
      lost.has(node) ||
      looped.has(node);
    if (!changes && node.inputs.every((input) => fixed.has(input))) fixed.add(node);
  }
  return fixed;
}

/**
 * Makes explicit the copies that a layout or an update in place needs, and the order: whatever reads a state reads
 * its value from before the step, so it runs before the state is written.
 */
function lower(
  outputs: readonly Node[],
  updates: readonly Update[],
  options: PlanOptions,
): { order: Node[]; overwritten: Map<Node, Node>; rebuilt: Map<Node, Node>; looped: Set<Node> } {
  const given = topologicalOrder([...outputs, ...updates.map((u) => u.next)]);
  const updating = inPlace(given, updates, options);
  const overwritten = new Map<Node, Node>();
  const rebuilt = new Map<Node, Node>();
  const readers = new Map<Node, number>();
  for (const node of given)
    for (const input of node.inputs) readers.set(input, (readers.get(input) ?? 0) + 1);
  const wanted = new Set([...outputs, ...updates.map((u) => u.next)]);
  const stacked = new Set<Node>();
  for (const node of given) {
    let inputs = node.inputs.map((input) => rebuilt.get(input)!);
    if (isLayout(node, options)) {
      // Only a freshly computed value can be computed elsewhere, and only one that nothing else reads: a dispatch
      // that writes one part of the buffer must not read another. Parts of a stack may be read by what is no part.
      const among = new Set(node.inputs.flatMap((input) => input.inputs.map((x) => behind(x, options))));
      const once = (input: Node) => node.inputs.indexOf(input) === node.inputs.lastIndexOf(input);
      const alone = (input: Node) =>
        options.isStack?.(node)
          ? once(input) && !among.has(input) && !stacked.has(input) && stacked.add(input)
          : readers.get(input) === 1;
      inputs = inputs.map((input, i) => {
        const fresh = !isLeaf(input) && !isView(input, options) && !input.op.overwrites;
        return fresh && alone(node.inputs[i]) ? input : options.copy(input);
      });
    }
    if (node.op.overwrites && !updating.has(node)) {
      // Nobody else sees a value that is read only here: it need not be kept.
      const [input] = node.inputs;
      const passing = readers.get(input) === 1 && !wanted.has(input) && !isLayout(input, options);
      if (!passing || isLeaf(input) || isView(input, options)) inputs[0] = options.copy(inputs[0]);
    }
    // Built by hand: a copy must not be simplified away.
    const next = inputs.every((input, i) => input === node.inputs[i]) ? node : { ...node, inputs };
    if (node.op.overwrites) overwritten.set(next, next.inputs[0]);
    rebuilt.set(node, next);
  }
  const roots = outputs.map((output) => rebuilt.get(output)!);
  const assignments: Node[] = [];
  for (const { state, next } of updates) {
    rebuilt.set(state, state);
    const value = rebuilt.get(next)!;
    roots.push(state, value);
    if (overwritten.get(value) === state || value === state) continue;
    // A state that becomes another one's value may find that one already written.
    const assignment = options.copy(stateBehind(value, options) ? options.copy(value) : value);
    overwritten.set(assignment, state);
    assignments.push(assignment);
  }
  // Assignments come last; before each update in place comes whatever else reads the state.
  const before = new Map<Node, Node[]>();
  for (const node of given) {
    const earlier = options.after?.(node);
    if (earlier)
      before.set(
        rebuilt.get(node)!,
        earlier.map((x) => rebuilt.get(x)!),
      );
  }
  const looped = new Set(before.keys());
  const all = topologicalOrder([...roots, ...assignments]);
  for (const [next, state] of updating) {
    const writer = rebuilt.get(next)!;
    before.set(writer, [
      ...(before.get(writer) ?? []),
      ...all.filter((node) => node !== writer && reads(node, state, options)),
    ]);
  }
  const early = assignments.map((assignment) => assignment.inputs[0]);
  const order = topologicalOrder([...roots, ...early, ...assignments], (node) => before.get(node) ?? []);
  return { order, overwritten, rebuilt, looped };
}

/** What a value is a view of. */
function behind(node: Node, options: PlanOptions): Node {
  return isView(node, options) ? behind(node.inputs[0], options) : node;
}

/** The state that a value is, or is a view of. */
function stateBehind(node: Node, options: PlanOptions): Node | null {
  const source = behind(node, options);
  return source.op === stateOp ? source : null;
}

function reads(node: Node, state: Node, options: PlanOptions): boolean {
  return !isView(node, options) && node.inputs.some((input) => stateBehind(input, options) === state);
}

/** The updates that can write over their state: nothing that needs its new value also reads the old one. */
function inPlace(order: readonly Node[], updates: readonly Update[], options: PlanOptions): Map<Node, Node> {
  const accepted = new Map<Node, Node>();
  const before = new Map<Node, Node[]>();
  const candidates = new Map(updates.map(({ state, next }) => [next, state]));
  for (const [next, state] of candidates) {
    if (!next.op.overwrites || next.inputs[0] !== state) continue;
    const others = order.filter((node) => node !== next && reads(node, state, options));
    const itself = next.inputs.slice(1).some((input) => stateBehind(input, options) === state);
    const earlier = (node: Node) => [...(before.get(node) ?? []), ...(options.after?.(node) ?? [])];
    if (itself || topologicalOrder(others, earlier).includes(next)) continue;
    accepted.set(next, state);
    before.set(next, others);
  }
  return accepted;
}

/** Gives every root a buffer: leaves their own, computed values one that is free. */
function assign(
  order: readonly Node[],
  dispatches: readonly (readonly Node[])[],
  rootOf: (node: Node) => Node,
  numbers: (root: Node) => number,
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
  // Empty values are never written, but kernels are bound to them: they share a buffer.
  const empty = order.map(rootOf).filter((root) => !isLeaf(root) && sizeOf(root) === 0);
  if (empty.length > 0) {
    const shared = buffers.push({ size: 0, leaf: null }) - 1;
    for (const root of empty) bufferOf.set(root, shared);
  }
  const free: number[] = [];
  const expiring = new Map<number, Node[]>();
  dispatches.forEach((nodes, at) => {
    for (const root of new Set(nodes.map(rootOf))) {
      if (bufferOf.has(root)) continue;
      const size = numbers(root);
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
