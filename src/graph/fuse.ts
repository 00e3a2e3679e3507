import { argument, type Expression, sizeOf, substitute } from './expression.ts';
import { uniformValue } from './leaf.ts';
import type { Node, Piece, View } from './node.ts';
import { readersOf, rewrite } from './rewrite.ts';

export interface FuseOptions {
  /** Makes the op that computes pieces; ops live in a room of their own. */
  readonly fused: (inputs: readonly Node[], rows: number, cols: number, pieces: readonly Piece[]) => Node;
  /** Most values that one kernel may read: one less than the storage buffers that a shader stage may bind. */
  readonly maxInputs: number;
  /** Values that must stand in a buffer of their own and may not be computed inside a consumer. */
  readonly keep: (node: Node) => boolean;
}

/** A value read by several consumers is computed again in each only while its expression is this cheap. */
const CHEAP = 4;
/** Longest chain of pieces and of calls in one kernel; beyond, compilation costs more than the saved pass. */
const MAX_PIECES = 40;
const MAX_CALLS = 400;

/**
 * Fuses chains of pointwise ops: the expression of a producer is written into its consumer, so that the value in
 * between is never stored. Works on the table of pieces that each pointwise op gives.
 */
export function fuse(outputs: readonly Node[], options: FuseOptions): Node[] {
  const readers = readersOf(outputs);
  /** The producers that may be inlined, by their rebuilt node. */
  const inlinable = new Map<Node, readonly Piece[]>();
  return rewrite(outputs, (over, node) => {
    let next = over;
    const own = next.op.pointwise?.(next);
    if (own && !options.keep(node)) {
      const merged = inline(next, own, inlinable, options.maxInputs);
      if (merged) next = options.fused(merged.inputs, next.rows, next.cols, merged.pieces);
      const pieces = merged?.pieces ?? own;
      const calls = pieces.reduce((sum, p) => sum + (p.over ? MAX_CALLS : sizeOf(p.expression)), 0);
      if (readers.get(node) === 1 || calls <= CHEAP) inlinable.set(next, pieces);
    }
    // A number known when tracing is written into the expression.
    const value = uniformValue(next);
    if (value !== null)
      inlinable.set(next, [{ start: 0, end: next.cols, expression: { kind: 'number', value }, views: [] }]);
    return next;
  });
}

/** The pieces of `node` with every inlinable input written in; null where there is nothing to inline. */
function inline(
  node: Node,
  own: readonly Piece[],
  inlinable: ReadonlyMap<Node, readonly Piece[]>,
  maxInputs: number,
): { inputs: Node[]; pieces: Piece[] } | null {
  let state: { inputs: Node[]; pieces: readonly Piece[] } = { inputs: [...node.inputs], pieces: own };
  let changed = false;
  for (const input of new Set(node.inputs)) {
    const producer = inlinable.get(input);
    if (!producer || !combines(state, input, producer)) continue;
    const next = inlineOne(state, input, producer);
    const calls = next.pieces.reduce((sum, p) => sum + sizeOf(p.expression), 0);
    if (next.inputs.length > maxInputs || next.pieces.length > MAX_PIECES || calls > MAX_CALLS) continue;
    state = next;
    changed = true;
  }
  return changed ? { inputs: state.inputs, pieces: [...state.pieces] } : null;
}

/** A sum over columns goes where it is only copied; into a sum goes what has one expression for all its columns. */
function combines(
  { inputs, pieces }: { inputs: readonly Node[]; pieces: readonly Piece[] },
  target: Node,
  producer: readonly Piece[],
): boolean {
  return pieces.every((piece) =>
    piece.views.every((view) => {
      if (inputs[view.input] !== target) return true;
      const [from, to] = [
        view.offset + (piece.over ? 0 : piece.start),
        view.offset + (piece.over ?? piece.end),
      ];
      const read = producer.filter((p) =>
        view.column ? p.start < to && p.end > from : p.start === view.offset,
      );
      if (piece.over && view.column && read.length > 1) return false;
      return !read.some((p) => p.over) || (!piece.over && piece.expression.kind === 'argument');
    }),
  );
}

function inlineOne(
  { inputs, pieces }: { inputs: Node[]; pieces: readonly Piece[] },
  target: Node,
  producer: readonly Piece[],
): { inputs: Node[]; pieces: Piece[] } {
  // The producer's inputs join; the target itself is dropped at the end when nothing reads it any more.
  const joined = [...inputs];
  const slotOf = (node: Node) => {
    const at = joined.indexOf(node);
    return at >= 0 ? at : joined.push(node) - 1;
  };
  const producerSlots = target.inputs.map(slotOf);
  const result: Piece[] = [];
  for (const piece of pieces) {
    const readsTarget = (view: View) => inputs[view.input] === target;
    // Where the producer changes its expression the consumer's piece is cut.
    const cuts = new Set([piece.start, piece.end]);
    for (const view of piece.views)
      if (readsTarget(view) && view.column)
        for (const { start } of producer) {
          const at = start - view.offset;
          if (at > piece.start && at < piece.end) cuts.add(at);
        }
    const bounds = [...cuts].sort((a, b) => a - b);
    for (let i = 0; i + 1 < bounds.length; i++) {
      const [start, end] = [bounds[i], bounds[i + 1]];
      const views: View[] = [];
      const viewOf = (view: View) => {
        const at = views.findIndex(
          (v) =>
            v.input === view.input &&
            v.row === view.row &&
            v.column === view.column &&
            v.offset === view.offset,
        );
        return argument(at >= 0 ? at : views.push(view) - 1);
      };
      let { over } = piece;
      const args = piece.views.map((view): Expression => {
        if (!readsTarget(view)) return viewOf(view);
        const column = view.column && !piece.over ? start + view.offset : view.offset;
        const source = producer.find((p) => p.start <= column && column < p.end)!;
        over ??= source.over;
        return substitute(
          source.expression,
          source.views.map((inner) =>
            viewOf({
              input: producerSlots[inner.input],
              row: inner.row && view.row,
              column: inner.column && (view.column || source.over !== undefined),
              offset: inner.column && !source.over ? inner.offset + view.offset : inner.offset,
            }),
          ),
        );
      });
      const expression = substitute(piece.expression, args);
      result.push({ start, end, expression, views, ...(over && { over }) });
    }
  }
  const used = [...new Set(result.flatMap((p) => p.views.map((v) => v.input)))].sort((a, b) => a - b);
  return {
    inputs: used.map((i) => joined[i]),
    pieces: result.map((p) => ({
      ...p,
      views: p.views.map((v) => ({ ...v, input: used.indexOf(v.input) })),
    })),
  };
}
