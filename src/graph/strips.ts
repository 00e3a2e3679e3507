import { isLeaf } from './leaf.ts';
import { type ByRows, type Node, type Piece, type RowRange, topologicalOrder, withInputs } from './node.ts';

/** How values are cut into strips. */
export interface StripSize {
  /** Rows of a strip; a multiple of 64, so that strips of stored values start where a buffer can be bound. */
  readonly rows?: number;
  /** Numbers that may be stored instead of being computed again; 2^26 (256 MiB) by default. */
  readonly stored?: number;
}

export interface StripOptions extends StripSize {
  /** Makers of ops, which live in a room of their own: of pieces, rows, values below each other, sums in place. */
  readonly fused: (inputs: readonly Node[], rows: number, cols: number, pieces: readonly Piece[]) => Node;
  readonly rowsOf: (x: Node, range: RowRange) => Node;
  readonly stack: (parts: readonly Node[]) => Node;
  readonly accumulate: (sum: Node, part: Node) => Node;
}

/** The graph in strips: the outputs, and what must have run before a node besides its inputs; null outside of loops. */
export interface Strips {
  readonly outputs: readonly Node[];
  readonly after: (node: Node) => readonly Node[] | null;
}

/**
 * Values with very many rows (edges) are computed strip by strip where all that is wanted of them are sums over rows: what
 * lies between then takes the room of a strip. A loop over strips computes everything that the same whole values
 * allow. What a later loop needs again it computes again, unless that takes many products a number and there is room to
 * store it.
 *
 * Throws an error if the rows of a strip are no multiple of 64.
 */
export function strips(outputs: readonly Node[], options: StripOptions): Strips {
  const { rows = 64 } = options;
  if (!(rows > 0 && rows % 64 === 0))
    throw new Error(`strips: the rows of a strip must be a multiple of 64, not ${rows}`);
  const order = topologicalOrder(outputs);
  const known = rowwise(order, options);
  if (known.size === 0) return { outputs, after: () => null };
  const plan = schedule(order, outputs, known, options);
  return build(order, outputs, plan, options);
}

/** Rows of a strip, where nothing else is asked for: at least so many, and at most so many strips. */
const LEAST_ROWS = 8192;
const MOST_STRIPS = 64;
/** 256 MiB. */
const STORED = 2 ** 26;

/** Strips of nearly equal size. */
function rowsOfStrip(rows: number, { rows: asked }: StripOptions): number {
  if (asked) return asked;
  const count = Math.min(MOST_STRIPS, Math.ceil(rows / LEAST_ROWS));
  return 64 * Math.ceil(rows / count / 64);
}

/** A node that runs in strips: how, and how many rows it runs over. */
interface Rowwise extends ByRows {
  readonly over: number;
}

/** The nodes that can run in strips, of those numbers of rows for which it pays: where a computed value is summed. */
function rowwise(order: readonly Node[], options: StripOptions): Map<Node, Rowwise> {
  const found = new Map<Node, Rowwise>();
  const paying = new Set<number>();
  for (const node of order) {
    const how = howOf(node, options);
    if (!how) continue;
    const over = how.sums ? node.inputs[how.inputs[0]].rows : node.rows;
    if (over < 2 * (options.rows ?? LEAST_ROWS)) continue;
    found.set(node, { ...how, over });
    if (how.sums && how.inputs.some((i) => found.has(node.inputs[i]))) paying.add(over);
  }
  for (const [node, { over }] of found) if (!paying.has(over)) found.delete(node);
  return found;
}

function howOf(node: Node, options: StripOptions): ByRows | null {
  if (isLeaf(node)) return null;
  const pieces = node.op.pointwise?.(node);
  if (!pieces) return node.op.byRows?.(node) ?? null;
  const byRow = new Set(pieces.flatMap((p) => p.views.filter((v) => v.row).map((v) => v.input)));
  return {
    inputs: [...byRow],
    sums: false,
    part: (inputs, { count }) => options.fused(inputs, count, node.cols, pieces),
  };
}

/** One pass over all strips: which nodes it computes, in order. */
interface Loop {
  readonly level: number;
  readonly over: number;
  readonly nodes: readonly Node[];
}

interface Schedule {
  readonly known: ReadonlyMap<Node, Rowwise>;
  /** How many loops must have ended before a node can run. */
  readonly levelOf: ReadonlyMap<Node, number>;
  /** In which loop the whole of a value is stored. */
  readonly storedIn: ReadonlyMap<Node, number>;
  readonly loops: readonly Loop[];
}

function schedule(
  order: readonly Node[],
  outputs: readonly Node[],
  known: ReadonlyMap<Node, Rowwise>,
  options: StripOptions,
): Schedule {
  const levelOf = new Map<Node, number>();
  const storedIn = new Map<Node, number>();
  /** Whether `node` needs only a strip of its input at a time. */
  const streams = (node: Node, input: number) =>
    known.get(node)?.inputs.includes(input) === true && known.get(node.inputs[input])?.sums === false;
  const whole = new Set(outputs);
  for (const node of order) {
    const levels = node.inputs.map((x, i) => levelOf.get(x)! + (known.has(x) && !streams(node, i) ? 1 : 0));
    levelOf.set(node, Math.max(0, ...levels));
    node.inputs.forEach((x, i) => {
      if (!streams(node, i)) whole.add(x);
    });
  }
  for (const [node, { sums }] of known) if (sums || whole.has(node)) storedIn.set(node, levelOf.get(node)!);
  /** The loops that compute a node: those with what is wanted of it, directly or through others. */
  const demand = () => {
    const wanted = new Map<Node, Set<number>>();
    for (const node of [...order].reverse()) {
      if (!known.has(node)) continue;
      const own = wanted.get(node) ?? new Set();
      wanted.set(node, own);
      const stored = storedIn.get(node);
      if (stored !== undefined) {
        own.clear();
        own.add(stored);
      }
      node.inputs.forEach((x, i) => {
        if (!streams(node, i)) return;
        const set = wanted.get(x) ?? new Set();
        for (const level of own) set.add(level);
        wanted.set(x, set);
      });
    }
    return wanted;
  };
  let room = options.stored ?? STORED;
  for (;;) {
    const wanted = demand();
    const again = [...known]
      .filter(([node, { products }]) => products && !storedIn.has(node) && wanted.get(node)!.size > 1)
      .filter(([{ rows, cols }]) => rows * cols <= room)
      .sort(([, a], [, b]) => b.products! - a.products!);
    if (again.length === 0) {
      const keys = new Map<string, { level: number; over: number; nodes: Node[] }>();
      for (const node of order)
        for (const level of wanted.get(node) ?? []) {
          const { over } = known.get(node)!;
          const key = `${level} ${over}`;
          const loop = keys.get(key) ?? { level, over, nodes: [] };
          keys.set(key, loop);
          loop.nodes.push(node);
        }
      return { known, levelOf, storedIn, loops: [...keys.values()] };
    }
    const [[node]] = again;
    room -= node.rows * node.cols;
    storedIn.set(node, Math.min(...wanted.get(node)!));
  }
}

function build(
  order: readonly Node[],
  outputs: readonly Node[],
  { known, levelOf, storedIn, loops }: Schedule,
  options: StripOptions,
): Strips {
  const after = new Map<Node, readonly Node[]>();
  /** Every value that somebody needs whole. */
  const rebuilt = new Map<Node, Node>();
  const run = ({ over, level, nodes }: Loop) => {
    const sums = new Map<Node, Node>();
    const parts = new Map<Node, Node[]>();
    const size = rowsOfStrip(over, options);
    let last: readonly Node[] = [];
    for (let start = 0; start < over; start += size) {
      const range = { start, count: Math.min(size, over - start) };
      const local = new Map<Node, Node>();
      const cut = (x: Node) => {
        const value = local.get(x) ?? options.rowsOf(rebuilt.get(x)!, range);
        local.set(x, value);
        return value;
      };
      const made = (value: Node) => {
        after.set(value, last);
        return value;
      };
      const ends: Node[] = [];
      for (const node of nodes) {
        const how = known.get(node)!;
        const inputs = node.inputs.map((x, i) => (how.inputs.includes(i) ? cut(x) : rebuilt.get(x)!));
        const before = sums.get(node);
        if (before && how.add) ends.push(made(how.add(before, inputs, range)));
        else {
          const part = made(how.part(inputs, range));
          if (how.sums) ends.push(before ? made(options.accumulate(before, part)) : part);
          else {
            local.set(node, part);
            if (storedIn.get(node) === level) {
              ends.push(part);
              parts.set(node, [...(parts.get(node) ?? []), part]);
            }
          }
        }
        if (how.sums) sums.set(node, ends[ends.length - 1]);
      }
      last = ends;
    }
    for (const [node, sum] of sums) rebuilt.set(node, sum);
    for (const [node, list] of parts) rebuilt.set(node, options.stack(list));
  };
  const levels = Math.max(...levelOf.values(), ...loops.map((loop) => loop.level));
  for (let level = 0; level <= levels; level++) {
    for (const node of order)
      if (!known.has(node) && levelOf.get(node) === level)
        rebuilt.set(
          node,
          withInputs(
            node,
            node.inputs.map((x) => rebuilt.get(x)!),
          ),
        );
    for (const loop of loops) if (loop.level === level) run(loop);
  }
  return { outputs: outputs.map((node) => rebuilt.get(node)!), after: (node) => after.get(node) ?? null };
}
