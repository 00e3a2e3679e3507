import { compile, type Program } from '../compile.ts';
import type { GpuContext } from '../gpu/device.ts';
import type { GpuFeeds } from '../gpu/execute.ts';
import type { StateStore } from '../gpu/state-store.ts';
import { isLeaf } from '../graph/leaf.ts';
import { type Node, shapeOf, topologicalOrder } from '../graph/node.ts';

/** Where a number that is not finite first appeared. */
export interface NonFinitePlace {
  /** Name of the op. */
  readonly op: string;
  /** Whether the op computes the loss (or another output), its gradient, or the new values of states. */
  readonly part: 'outputs' | 'gradient' | 'updates';
  /** The op with its attributes and shape, as in printed programs. */
  readonly node: string;
  readonly row: number;
  readonly column: number;
  readonly value: number;
  /** Largest absolute value of each input of the op. */
  readonly inputs: readonly { readonly node: string; readonly largest: number }[];
}

/**
 * The loss, or a state, is no longer finite. The trainer has gone back to the state before the step.
 *
 * @example
 * ```ts gpu
 * import {
 *   add, expression as e, fullyConnectedNet, input, map, NonFiniteError, requestDevice, sum, Trainer,
 * } from 'clebsch';
 * const inverse = map(e.power(e.argument(0), -1), input('x', 1, 1));
 * const trainer = await Trainer.create({
 *   gpu: await requestDevice(),
 *   module: fullyConnectedNet([1, 1], 'silu'),
 *   loss: (weights) => add(sum(weights.get('layer0.weight'), 'all'), inverse),
 *   feeds: { x: [0] },
 * });
 * const error = await trainer.step().catch((error) => error);
 * [error instanceof NonFiniteError, error.step, error.place.op]; // => [true, 0, "map"]
 * trainer.dispose();
 * ```
 */
export class NonFiniteError extends Error {
  override name = 'NonFiniteError';
  /** The step, from 0, in which it happened; the trainer stands before it. */
  readonly step: number;
  /** Where it appeared first; null if the step, taken again, was finite. */
  readonly place: NonFinitePlace | null;

  constructor(step: number, what: string, place: NonFinitePlace | null) {
    const remedy = 'lower the learning rate, clip the gradient (clipNorm), or look at the batch of this step';
    super(
      place
        ? `${what} at step ${step}: the first number that is not finite is ${place.value} in row ${place.row}, column ${place.column} of ` +
            `${place.node}, which computes the ${place.part}` +
            `${place.inputs.length > 0 ? `, from ${place.inputs.map((i) => `${i.node} (up to ${i.largest.toPrecision(3)})`).join(' and ')}` : ''}; ` +
            `${remedy}. The trainer stands before that step`
        : `${what} at step ${step}, but not when the step was taken again; ${remedy}`,
    );
    this.step = step;
    this.place = place;
  }
}

/** Numbers that one search program may hold: what is looked at is read back, and a buffer each stays alive. */
const NUMBERS_AT_ONCE = 1 << 24;

/**
 * Computes a program value by value, in order, until one is not finite; null if all are. Runs without updates, so the
 * states stay as they are. Slow: it is for finding out what went wrong.
 */
export async function findNonFinite(
  gpu: GpuContext,
  program: Program,
  states: StateStore,
  feeds: GpuFeeds,
): Promise<NonFinitePlace | null> {
  const outputs = Object.values(program.outputs);
  const updates = (program.updates ?? []).map(({ next }) => next);
  const forward = new Set(topologicalOrder(outputs));
  const order = topologicalOrder([...outputs, ...updates]).filter(
    (node) => !isLeaf(node) && node.dtype === 'f32' && node.rows * node.cols > 0,
  );
  const last = new Set(updates);
  const part = (node: Node) => (forward.has(node) ? 'outputs' : last.has(node) ? 'updates' : 'gradient');
  for (let start = 0; start < order.length; ) {
    const chunk: Node[] = [];
    for (let numbers = 0; start < order.length; start++) {
      numbers += order[start].rows * order[start].cols;
      if (chunk.length > 0 && numbers > NUMBERS_AT_ONCE) break;
      chunk.push(order[start]);
    }
    const found = await look(gpu, chunk, states, feeds);
    if (found) return { ...found.place, part: part(found.node) };
  }
  return null;
}

async function look(gpu: GpuContext, chunk: readonly Node[], states: StateStore, feeds: GpuFeeds) {
  const values = await runOnce(gpu, chunk, states, feeds);
  for (const [i, node] of chunk.entries()) {
    const at = values[i].findIndex((v) => !Number.isFinite(v));
    if (at < 0) continue;
    const given = node.inputs.filter((input) => input.dtype === 'f32');
    const inputs = await runOnce(gpu, given, states, feeds);
    const place = {
      op: node.op.name,
      node: text(node),
      row: Math.floor(at / node.cols),
      column: at % node.cols,
      value: values[i][at],
      inputs: given.map((input, k) => ({
        node: text(input),
        largest: inputs[k].reduce((most, v) => Math.max(most, Math.abs(v)), 0),
      })),
    };
    return { node, place };
  }
  return null;
}

async function runOnce(gpu: GpuContext, nodes: readonly Node[], states: StateStore, feeds: GpuFeeds) {
  if (nodes.length === 0) return [];
  const outputs = Object.fromEntries(nodes.map((node, i) => [`${i}`, node]));
  const program = await compile(gpu, { outputs }, { states, optimizations: false });
  try {
    program.write(
      Object.fromEntries(
        [...program.inputs].filter((name) => name in feeds).map((name) => [name, feeds[name]]),
      ),
    );
    const values = await program.runAndRead();
    return nodes.map((_, i) => values[`${i}`]);
  } finally {
    program.dispose();
  }
}

function text(node: Node): string {
  const attributes = node.op.print?.(node.attrs) ?? '';
  const short = attributes.length > 60 ? `${attributes.slice(0, 57)}...` : attributes;
  return `${node.op.name}${short ? ` (${short})` : ''} ${shapeOf(node)}`;
}
