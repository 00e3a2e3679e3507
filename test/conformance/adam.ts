// Training trajectories: the loss before each step and after the last, and the parameters at the end.
import { compile } from '../../src/compile.ts';
import type { Node } from '../../src/graph/node.ts';
import { type Feeds, reference } from '../../src/graph/reference.ts';
import { adam } from '../../src/nn/optimizer.ts';
import type { Parameters, Weights } from '../../src/nn/parameters.ts';
import { gradient } from '../../src/ops/index.ts';
import type { CaseGpu } from './case.ts';
import { BOUNDS, type Kind, type Measure } from './measure.ts';

export interface AdamRecord {
  readonly optimizer: {
    readonly name: string;
    readonly lr: number;
    readonly beta1: number;
    readonly beta2: number;
    readonly eps: number;
    readonly weight_decay: number;
    readonly amsgrad: boolean;
  };
  readonly steps: number;
  readonly loss: readonly number[];
  readonly final_parameters: Readonly<Record<string, { readonly sum: number; readonly sumsq: number }>>;
  readonly float32_run?: { readonly max_relative_loss_deviation: number };
}

export interface Trained {
  readonly parameters: Parameters;
  /** The packed row at the start. */
  readonly initial: Float64Array;
  readonly feeds: Feeds;
  loss(weights: Weights): Node;
}

interface Trajectory {
  readonly losses: readonly number[];
  /** The packed row after the last step. */
  readonly final: ArrayLike<number>;
}

/**
 * Compares a trajectory in f64 and on the GPU. Losses are scaled by the largest one. In f32 each step amplifies rounding
 * errors, for e3nn too: the bound on the GPU grows with the deviation of e3nn's own float32 run.
 */
export async function compareAdam(
  record: AdamRecord,
  trained: Trained,
  measure: Measure,
  gpu: CaseGpu | null,
): Promise<void> {
  const { name, lr, beta1, beta2, eps, weight_decay: decay, amsgrad } = record.optimizer;
  if (name !== 'Adam' || decay !== 0 || amsgrad)
    throw new Error(`no runner for ${name} with weight decay ${decay}`);
  const optimizer = adam(trained.initial, { learningRate: lr, beta1, beta2, epsilon: eps });
  const loss = trained.loss(trained.parameters.weights(optimizer.parameters));
  const updates = optimizer.step(gradient(loss, [optimizer.parameters])[0]);
  const length = trained.initial.length;

  const onGpu = async (context: CaseGpu): Promise<Trajectory> => {
    const executable = await compile(context, { outputs: { loss }, updates }, context);
    try {
      executable.write(trained.feeds);
      const losses: number[] = [];
      for (let step = 0; step < record.steps; step++) losses.push((await executable.runAndRead()).loss[0]);
      const final = (await executable.states.read(optimizer.states.values)).subarray(0, length);
      losses.push((await executable.runAndRead()).loss[0]);
      return { losses, final };
    } finally {
      executable.dispose();
      executable.states.dispose();
    }
  };
  const inF64 = async (): Promise<Trajectory> => {
    const losses: number[] = [];
    let states: Record<string, ArrayLike<number>> = {};
    for (let step = 0; step < record.steps; step++) {
      const [value, ...next] = reference([loss, ...updates.map((u) => u.next)], {
        ...trained.feeds,
        ...states,
      });
      losses.push(value[0]);
      states = Object.fromEntries(updates.map(({ state }, i) => [state.attrs.name, next[i]]));
      await new Promise((done) => setTimeout(done)); // the GPU's trajectory goes on meanwhile
    }
    losses.push(reference([loss], { ...trained.feeds, ...states })[0][0]);
    return { losses, final: Array.from(states[optimizer.states.values]).slice(0, length) };
  };

  const compareTrajectory = (kind: Kind, { losses, final }: Trajectory, bound: number) => {
    measure.compare(kind, 'adam.loss', losses, record.loss, { bound });
    const arrays = trained.parameters.unpack(final);
    for (const [array, { sum, sumsq }] of Object.entries(record.final_parameters)) {
      const values = arrays[array]?.data ?? new Float64Array(0);
      const squares = values.reduce((total, v) => total + v * v, 0);
      measure.compare(kind, `adam.final_parameters.${array}.sumsq`, squares, sumsq, { bound });
      const scale = Math.sqrt(sumsq * values.length) || 1;
      const total = values.reduce((all, v) => all + v, 0);
      measure.compare(kind, `adam.final_parameters.${array}.sum`, total, sum, { bound, scale });
    }
  };
  const deviation = record.float32_run?.max_relative_loss_deviation ?? 0;
  const [single, exact] = await Promise.all([gpu && onGpu(gpu), inF64()]);
  compareTrajectory('adamReference', exact, BOUNDS.adamReference);
  if (single) compareTrajectory('adamGpu', single, Math.max(BOUNDS.adamGpu, 20 * deviation));
}
