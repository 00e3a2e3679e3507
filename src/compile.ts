import type { GpuContext } from './gpu/device.ts';
import { Executable } from './gpu/execute.ts';
import type { StateStore } from './gpu/state-store.ts';
import { fuse } from './graph/fuse.ts';
import { stateOp } from './graph/leaf.ts';
import { isLayout, type Plan, plan, type Update } from './graph/memory.ts';
import { type Node, shapeOf, topologicalOrder } from './graph/node.ts';
import { type OptimizationChoice, type Optimizations, optimizationsOf } from './graph/optimizations.ts';
import { printGraph } from './graph/print.ts';
import { simplify } from './graph/simplify.ts';
import { type StripSize, strips } from './graph/strips.ts';
import { accumulate } from './ops/accumulate.ts';
import { sumContractions } from './ops/contract-sum.ts';
import { fuseMessages } from './ops/edge-product.ts';
import { fused } from './ops/fused.ts';
import { filled, uniformOf } from './ops/map.ts';
import { pointwiseSums } from './ops/pointwise-sums.ts';
import { rowsOf, rowsOp, stack, stackOp } from './ops/rows.ts';
import { pointwiseProducts } from './ops/scaled-products.ts';
import { concatOp, sliceOp } from './ops/slice.ts';

/** What a program computes: values to read, and new values of its states. */
export interface Program {
  /** Values that can be read after a run, by name. */
  readonly outputs: Readonly<Record<string, Node>>;
  /** New values of states, written when everything else has run. */
  readonly updates?: readonly Update[];
}

/** How `compile` makes a program. */
export interface CompileOptions {
  /** Where states live; programs that share a store share parameters. By default a store of its own. */
  readonly states?: StateStore;
  /** Rules to leave out, by name, `{ pointwise: false }`, or `false` for all of them. By default all are on. */
  readonly optimizations?: OptimizationChoice;
  /** How large strips are, and how much is stored between them (the rule `strips`); chosen by the number of rows. */
  readonly strips?: StripSize;
  /** Use the shaders' default slots instead of generated code: slow, for comparison. */
  readonly plain?: boolean;
}

/** Zero everywhere, or without entries: a sum over no rows is zero. */
const isZero = (node: Node) => node.rows * node.cols === 0 || uniformOf(node) === 0;

const concatenation = {
  isConcat: (node: Node) => node.op === concatOp,
  isStack: (node: Node) => node.op === stackOp,
};

/**
 * Simplifies, fuses and plans a program: everything that happens to it before a GPU is needed. `compile` does
 * this itself; on its own it shows what would run.
 *
 * @param options `maxInputs`: storage buffers that one kernel may read, default 7, what every device allows
 * @throws Error if an update is not of a state, its new value has another shape, or a state has two; if an
 * optimization is named that is not there.
 * @example
 * ```ts
 * import { add, input, prepare, scale } from 'clebsch';
 * const x = input('x', 4, 4);
 * const program = { outputs: { y: scale(add(x, x), 3) } };
 * prepare(program).plan.steps.length; // => 1
 * prepare(program, { optimizations: false }).plan.steps.length; // => 2
 * ```
 */
export function prepare(
  program: Program,
  options: CompileOptions & { maxInputs?: number } = {},
): PreparedProgram {
  const optimizations = optimizationsOf(options.optimizations);
  const names = Object.keys(program.outputs);
  const updates = program.updates ?? [];
  for (const { state, next } of updates)
    if (state.op !== stateOp || state.rows !== next.rows || state.cols !== next.cols)
      throw new Error(`update: a ${state.op.name} of ${shapeOf(state)} cannot become ${shapeOf(next)}`);
  const twice = updates.find(({ state }, i) => updates.findIndex((u) => u.state === state) < i);
  if (twice) throw new Error(`update: the state "${twice.state.attrs.name}" is given two new values`);
  const roots = [...Object.values(program.outputs), ...updates.map((u) => u.next)];
  const simple = simplify(roots, (rows, cols) => filled(rows, cols, 0), isZero);
  const maxInputs = options.maxInputs ?? 7;
  const joined = optimizations.messages ? fuseMessages(simple) : simple;
  const added = optimizations.reductions ? pointwiseSums(joined) : joined;
  const gated = optimizations.gates ? pointwiseProducts(added) : added;
  const copy = (node: Node) =>
    fused([node], node.rows, node.cols, [
      {
        start: 0,
        end: node.cols,
        expression: { kind: 'argument', index: 0 },
        views: [{ input: 0, row: true, column: true, offset: 0 }],
      },
    ]);
  // What the memory plan refuses is left as it was, and planned again.
  const refused = new Set<Node>();
  for (;;) {
    const prepared = finish(optimizations.sums ? sumContractions(gated, refused) : gated);
    if (prepared.plan.refused.length === 0) return prepared;
    for (const node of prepared.plan.refused) refused.add(node.attrs.of);
  }

  function finish(summed: readonly Node[]): PreparedProgram {
    const chains = optimizations.pointwise
      ? fuse(summed, { fused, maxInputs, keep: (node) => isLayout(node, concatenation) })
      : summed;
    checkNames(chains);
    const { outputs: final, after } = optimizations.strips
      ? strips(chains, { ...options.strips, fused, rowsOf, stack, accumulate })
      : { outputs: chains, after: undefined };
    // An output that is a state, or a part of one, is its value before the step: it is copied before that is gone.
    const written = new Set(updates.map((u) => u.state));
    const ofState = (node: Node): boolean =>
      node.op === sliceOp || node.op === rowsOp ? ofState(node.inputs[0]) : written.has(node);
    const outputs = final.slice(0, names.length).map((node) => (ofState(node) ? copy(node) : node));
    // States are leaves: simplification keeps them, so the update still names the same node.
    const next = updates.map(({ state }, i) => ({ state, next: final[names.length + i] }));
    const planned = plan(outputs, next, {
      ...concatenation,
      isSlice: (node) => node.op === sliceOp,
      isRows: (node) => node.op === rowsOp,
      copy,
      prologue: optimizations.prologue,
      after,
      batches: optimizations.batches,
      maxInputs,
    });
    return {
      plan: planned,
      optimizations,
      outputs: Object.fromEntries(names.map((name, i) => [name, outputs[i]])),
      print: () => printGraph({ ...Object.fromEntries(names.map((name, i) => [name, outputs[i]])) }),
    };
  }
}

/** A program after `prepare`. */
export interface PreparedProgram {
  /** What runs, in which order, and where values stand. */
  readonly plan: Plan;
  /** Which rules it was prepared with. */
  readonly optimizations: Optimizations;
  /** The outputs as they are after simplification and fusion. */
  readonly outputs: Readonly<Record<string, Node>>;
  /** `printGraph` of the outputs. */
  print(): string;
}

/**
 * Compiles a program for a device: pipelines in parallel, buffers and bind groups once. Shapes are fixed from
 * here on; run the result many times.
 *
 * @throws LimitError if a value is larger than the device allows.
 * @throws ShaderError if a kernel does not compile.
 * @throws Error if an update does not fit its state, a state of `options.states` has another size, or the GPU
 * is out of memory.
 * @example
 * ```ts gpu
 * import { compile, input, requestDevice, scale } from 'clebsch';
 * const program = await compile(await requestDevice(), { outputs: { y: scale(input('x', 1, 3), 2) } });
 * program.write({ x: [1, 2, 3] });
 * const { y } = await program.runAndRead();
 * y; // => [2, 4, 6]
 * ```
 */
export async function compile(
  context: GpuContext,
  program: Program,
  options: CompileOptions = {},
): Promise<Executable> {
  const maxInputs = context.device.limits.maxStorageBuffersPerShaderStage - 1;
  return Executable.create(context, prepare(program, { ...options, maxInputs }), options);
}

/** Leaves are fed by name, so no two may share one; equal ones have become a single node by now. */
function checkNames(nodes: readonly Node[]): void {
  const known = new Map<string, Node>();
  for (const node of topologicalOrder(nodes)) {
    const name: string | undefined = node.inputs.length === 0 ? node.attrs?.name : undefined;
    if (name === undefined) continue;
    const other = known.get(name);
    if (other)
      throw new Error(
        `two different leaves are named "${name}": ${other.op.name} ${shapeOf(other)} and ${node.op.name} ${shapeOf(node)}` +
          `${node.op === stateOp ? ' (states are equal only to themselves)' : ''}; give one another name`,
      );
    known.set(name, node);
  }
}
