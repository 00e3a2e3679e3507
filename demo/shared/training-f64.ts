import {
  adam,
  gradient,
  type Node,
  Parameters,
  Random,
  reference,
  type StepResult,
  type TracedLoss,
  type Weights,
} from '../../src/index.ts';
import type { Predictions, Shader, StartTraining, Training, TrainingOptions } from './training.ts';

/** Where there is no GPU: each op's own definition in f64, the interpreter that the kernels are tested against. Slow. */
export const trainInF64: StartTraining = async (options) => new ReferenceTraining(options);

class ReferenceTraining implements Training {
  readonly parameters: Parameters;
  readonly dispatches = 0;
  readonly bytes = 0;
  steps = 0;
  private readonly options: TrainingOptions;
  private readonly optimizer: ReturnType<typeof adam>;
  private readonly nodes: readonly Node[];
  private readonly changing: readonly string[];
  private readonly outputs: readonly string[];
  private states: Record<string, ArrayLike<number>> = {};

  constructor(options: TrainingOptions) {
    this.options = options;
    this.parameters = new Parameters(options.module);
    this.optimizer = (options.optimizer ?? adam)(this.parameters.initial(new Random(options.seed ?? 0)));
    const traced = options.loss(this.parameters.weights(this.optimizer.parameters));
    const { loss, outputs = {}, updates = [] }: TracedLoss = 'loss' in traced ? traced : { loss: traced };
    const [slope] = gradient(loss, [this.optimizer.parameters]);
    const all = [...this.optimizer.step(slope), ...updates];
    this.outputs = ['loss', ...Object.keys(outputs)];
    this.changing = all.map(({ state }) => state.attrs.name as string);
    this.nodes = [loss, ...Object.values(outputs), ...all.map(({ next }) => next)];
  }

  async step(times = 1): Promise<StepResult> {
    let values: ArrayLike<number>[] = [];
    for (let i = 0; i < times; i++) {
      const { feeds = {} } = this.options;
      const fed = typeof feeds === 'function' ? feeds(this.steps) : feeds;
      values = reference(this.nodes, { ...fed, ...this.states });
      const next = values.slice(this.outputs.length);
      this.states = {
        ...this.states,
        ...Object.fromEntries(this.changing.map((name, k) => [name, next[k]])),
      };
      this.steps++;
      // A step may take long; what else waits in this thread has its turn.
      await new Promise((later) => setTimeout(later));
    }
    const outputs = this.outputs.map((name, k) => [name, Float32Array.from(values[k])] as const);
    return { step: this.steps, loss: values[0][0], outputs: Object.fromEntries(outputs.slice(1)) };
  }

  async setLearningRate(value: number): Promise<void> {
    this.states = { ...this.states, [this.optimizer.states.learningRate]: [value] };
  }

  async packedParameters(): Promise<ArrayLike<number>> {
    const [row] = reference([this.optimizer.parameters], this.states);
    return row;
  }

  evaluator(outputs: (weights: Weights) => Readonly<Record<string, Node>>): Predictions {
    const traced = outputs(this.parameters.weights(this.optimizer.parameters));
    const names = Object.keys(traced);
    return {
      run: async (feeds) => {
        const values = reference(Object.values(traced), { ...feeds, ...this.states });
        return Object.fromEntries(names.map((name, i) => [name, values[i]]));
      },
      dispose: () => {},
    };
  }

  shaders(): Shader[] {
    return [];
  }

  dispose(): void {}
}
