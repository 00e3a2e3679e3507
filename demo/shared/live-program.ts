import {
  compile,
  type Feeds,
  type GpuContext,
  type Kernel,
  type Node,
  prepare,
  reference,
  StateStore,
  state,
} from '../../src/index.ts';

/** What a page asks of the engine again and again, with other inputs each time. */
export interface LiveNodes {
  /** Values that the page reads. */
  readonly outputs: Readonly<Record<string, Node>>;
  /** Values that are only drawn: they stay on the GPU. */
  readonly drawn?: Readonly<Record<string, Node>>;
}

/** A program that runs on the GPU, or where there is none in f64 on the host. */
export interface LiveProgram {
  /** Computes with these inputs; outputs by name, row-major. */
  compute(feeds: Feeds): Promise<Readonly<Record<string, ArrayLike<number>>>>;
  /** Where a value of `drawn` stands: on the GPU, or in memory as the last `compute` left it. */
  drawn(name: string): GPUBuffer | Float32Array;
  /** The kernels that run, in order. */
  readonly kernels: readonly Kernel[];
  dispose(): void;
}

/** Compiles the nodes for the device, or makes the same program of their definitions. */
export async function liveProgram(gpu: GpuContext | null, nodes: LiveNodes): Promise<LiveProgram> {
  const { outputs, drawn = {} } = nodes;
  if (!gpu) return onHost(outputs, drawn);
  const states = new StateStore(gpu.device);
  const updates = Object.entries(drawn).map(([name, next]) => ({
    state: state(`drawn ${name}`, next.rows, next.cols, new Float64Array(next.rows * next.cols)),
    next,
  }));
  const program = { outputs, updates };
  const executable = await compile(gpu, program, { states });
  return {
    compute(feeds) {
      executable.write(feeds);
      return executable.runAndRead();
    },
    drawn: (name) => {
      const update = updates.find(({ next }) => next === drawn[name]);
      if (!update) throw new Error(`nothing is drawn under the name "${name}"`);
      return states.bufferOf(update.state);
    },
    kernels: prepare(program).plan.steps.map((node) => node.op.kernel!(node)),
    dispose() {
      executable.dispose();
      states.dispose();
    },
  };
}

function onHost(outputs: Readonly<Record<string, Node>>, drawn: Readonly<Record<string, Node>>): LiveProgram {
  const names = [...Object.keys(outputs), ...Object.keys(drawn)];
  const nodes = [...Object.values(outputs), ...Object.values(drawn)];
  const pictures = new Map(
    Object.entries(drawn).map(([name, { rows, cols }]) => [name, new Float32Array(rows * cols)]),
  );
  return {
    async compute(feeds) {
      const values = reference(nodes, feeds);
      names.forEach((name, i) => {
        pictures.get(name)?.set(values[i]);
      });
      return Object.fromEntries(Object.keys(outputs).map((name, i) => [name, values[i]]));
    },
    drawn: (name) => {
      const picture = pictures.get(name);
      if (!picture) throw new Error(`nothing is drawn under the name "${name}"`);
      return picture;
    },
    kernels: prepare({ outputs: { ...outputs, ...drawn } }).plan.steps.map((node) => node.op.kernel!(node)),
    dispose() {},
  };
}
