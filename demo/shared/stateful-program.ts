import {
  compile,
  type Executable,
  type Feeds,
  type GpuContext,
  type Node,
  type Program,
  reference,
  StateStore,
} from '../../src/index.ts';

/** A program that runs again and again: on the GPU, or, where there is none, by the f64 interpreter. */
export interface StatefulProgram {
  /** Whether a GPU runs it. */
  readonly onGpu: boolean;
  /** Dispatches of one run; 0 without a GPU. */
  readonly dispatches: number;
  /** Replaces numbers of inputs, index maps and states by name. */
  write(feeds: Feeds): void;
  /** Runs it and gives its outputs as they are after the last run. */
  run(times?: number): Promise<Record<string, ArrayLike<number>>>;
  /** All states, to go on from later, on another device too. */
  snapshot(): Promise<Record<string, ArrayLike<number>>>;
  /** The WGSL of each dispatch; none without a GPU. */
  shaders(): readonly { readonly label: string; readonly code: string }[];
  /** Frees what it holds on the GPU. */
  dispose(): void;
}

/** States that several programs share: a training step and a prediction, say. */
export interface SharedStates {
  readonly onGpu: StateStore | null;
  readonly numbers: Record<string, ArrayLike<number>>;
}

export function sharedStates(gpu: GpuContext | null): SharedStates {
  return { onGpu: gpu && new StateStore(gpu.device), numbers: {} };
}

/** Compiles a program for the GPU, or makes it ready for the interpreter where `gpu` is null. */
export async function statefulProgram(
  gpu: GpuContext | null,
  program: Program,
  states: SharedStates = sharedStates(gpu),
): Promise<StatefulProgram> {
  if (!gpu) return interpreted(program, states.numbers);
  const shared = states.onGpu ?? undefined;
  return compiled(await compile(gpu, program, { states: shared }));
}

/** Whether an error came from the loss of the GPU, which may be told a moment later. */
export function lostSoon(gpu: GpuContext | null): Promise<boolean> {
  if (!gpu) return Promise.resolve(false);
  return Promise.race([
    gpu.lost.then(() => true),
    new Promise<boolean>((later) => setTimeout(later, 500, false)),
  ]);
}

function compiled(executable: Executable): StatefulProgram {
  const { states } = executable;
  return {
    onGpu: true,
    dispatches: executable.dispatches,
    write: (feeds) => executable.write(feeds),
    run: (times = 1) => executable.runAndRead({ times }),
    snapshot: () => states.readAll(),
    shaders: () => executable.shaders(),
    dispose() {
      executable.dispose();
      states.dispose();
    },
  };
}

function interpreted(program: Program, states: Record<string, ArrayLike<number>>): StatefulProgram {
  const names = Object.keys(program.outputs);
  const updates = program.updates ?? [];
  const nodes: Node[] = [...Object.values(program.outputs), ...updates.map(({ next }) => next)];
  for (const { state } of updates) states[state.attrs.name] ??= state.attrs.initial;
  const feeds: Record<string, ArrayLike<number>> = {};
  return {
    onGpu: false,
    dispatches: 0,
    write(numbers) {
      for (const [name, values] of Object.entries(numbers)) (name in states ? states : feeds)[name] = values;
    },
    async run(times = 1) {
      let values: Float64Array[] = [];
      for (let i = 0; i < times; i++) {
        values = reference(nodes, { ...feeds, ...states });
        updates.forEach(({ state }, u) => {
          states[state.attrs.name] = values[names.length + u];
        });
      }
      return Object.fromEntries(names.map((name, i) => [name, values[i]]));
    },
    snapshot: async () => ({ ...states }),
    shaders: () => [],
    dispose() {},
  };
}
