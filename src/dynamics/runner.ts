import { compile, type Program } from '../compile.ts';
import type { GpuContext } from '../gpu/device.ts';
import type { Executable } from '../gpu/execute.ts';
import { StateStore } from '../gpu/state-store.ts';
import { type Feeds, reference } from '../graph/reference.ts';
import type { VelocityVerlet } from './velocity-verlet.ts';

type Values = Readonly<Record<string, ArrayLike<number>>>;

/** Runs the two programs of `velocityVerlet` over one set of states. */
export interface Runner {
  /** Numbers for inputs and states; those that neither program reads are passed over. */
  feed(feeds: Feeds): void;
  /** Computes the forces at the present positions. */
  start(): Promise<Values>;
  /** Runs so many steps (in one submit on a GPU) and gives the outputs of the last. */
  step(times: number): Promise<Values>;
  /** Frees what it holds. */
  dispose(): void;
}

/** On a GPU, in f32. */
export async function runOnGpu(gpu: GpuContext, programs: VelocityVerlet): Promise<Runner> {
  const states = new StateStore(gpu.device);
  const made: Executable[] = [];
  const dispose = () => {
    for (const program of made) program.dispose();
    states.dispose();
  };
  try {
    for (const program of [programs.start, programs.step]) made.push(await compile(gpu, program, { states }));
  } catch (error) {
    dispose();
    throw error;
  }
  const [start, step] = made;
  return {
    feed(feeds) {
      for (const [name, values] of Object.entries(feeds)) {
        if (states.names.includes(name)) states.write(name, values);
        for (const program of made) if (program.inputs.has(name)) program.write({ [name]: values });
      }
    },
    start: () => start.runAndRead(),
    step: (times) => step.runAndRead({ times }),
    dispose,
  };
}

/** On the host, in f64: the slow twin. */
export function runOnHost(programs: VelocityVerlet): Runner {
  const numbers: Record<string, ArrayLike<number>> = {};
  const run = ({ outputs, updates = [] }: Program) => {
    const names = Object.keys(outputs);
    const values = reference([...Object.values(outputs), ...updates.map(({ next }) => next)], numbers);
    updates.forEach(({ state }, i) => {
      numbers[state.attrs.name] = values[names.length + i];
    });
    return Object.fromEntries(names.map((name, i) => [name, values[i]]));
  };
  return {
    feed: (feeds) => Object.assign(numbers, feeds),
    start: async () => run(programs.start),
    async step(times) {
      let values: Values = {};
      for (let i = 0; i < times; i++) values = run(programs.step);
      return values;
    },
    dispose() {},
  };
}
