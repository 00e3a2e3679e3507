import { checkIndexMap, indexOp } from '../graph/index-map.ts';
import { constantOp, stateOp } from '../graph/leaf.ts';
import type { Plan, PlannedBuffer } from '../graph/memory.ts';
import { type Kernel, type Node, shapeOf } from '../graph/node.ts';
import type { Optimizations } from '../graph/optimizations.ts';
import { Allocation, watched } from './allocation.ts';
import type { GpuContext } from './device.ts';
import { checkDispatches, type Dispatch, dispatchOf, encode, sizesOf } from './dispatch.ts';
import { Pauses } from './pauses.ts';
import { type Pipeline, pipelineOf } from './pipeline.ts';
import { ReadRing } from './read-ring.ts';
import { StateStore } from './state-store.ts';

export interface ExecutableParts {
  readonly plan: Plan;
  readonly optimizations: Optimizations;
  readonly outputs: Readonly<Record<string, Node>>;
}

interface Leaf {
  readonly node: Node;
  readonly buffer: GPUBuffer;
}

/** Where the numbers of a value are on the GPU: row-major, 32-bit floats (index maps: unsigned integers). */
export interface GpuRows {
  /** Made for `STORAGE | UNIFORM | COPY_SRC | COPY_DST`. */
  readonly buffer: GPUBuffer;
  /** Bytes before the first number, a multiple of 4; of 256 unless the value is a part of another. */
  readonly offset: number;
  readonly rows: number;
  readonly cols: number;
}

/** Numbers for a program's leaves by name: row-major, rows * cols each; index maps as `packIndexMap` gives them. */
export type GpuFeeds = Readonly<Record<string, ArrayLike<number>>>;

/**
 * A compiled program (see `compile`). Everything that a run needs was made before the first one: buffers, bind
 * groups, pipelines, staging buffers. A run encodes the same dispatches into one compute pass and submits once; what
 * depends on inputs only runs again only when one was written.
 *
 * @example
 * ```ts gpu
 * import { compile, gradient, input, multiply, requestDevice, sgd, subtract } from 'clebsch';
 * // Ten steps towards the minimum of (p - target)^2; each halves the distance.
 * const optimizer = sgd([0], { learningRate: 0.25 });
 * const distance = subtract(optimizer.parameters, input('target', 1, 1));
 * const loss = multiply(distance, distance);
 * const [slope] = gradient(loss, [optimizer.parameters]);
 * const program = { outputs: { loss }, updates: optimizer.step(slope) };
 * const training = await compile(await requestDevice(), program);
 * training.write({ target: [1024] });
 * training.run({ times: 10 });
 * const [p] = await training.states.read(optimizer.states.values);
 * p; // => 1023
 * training.dispose();
 * ```
 */
export class Executable {
  /** Where the program's states live. */
  readonly states: StateStore;
  /** Names of the inputs and index maps that the program reads: what `write` must have been given before a run counts. */
  readonly inputs: ReadonlySet<string>;
  /** Dispatches of one run. */
  readonly dispatches: number;
  /** Dispatches besides, in the first run after a `write`: what depends on inputs only, in a program that updates states. */
  readonly prologueDispatches: number;
  /** Bytes of buffers of this program, states included. */
  readonly bytes: number;
  /** @internal Bytes of the buffers that `dispose` frees. */
  readonly ownBytes: number;
  /** @internal What a run encodes, in order: for programs that measure it (`npm run bench -- --profile`). */
  readonly list: readonly Dispatch[];
  private readonly device: GPUDevice;
  private readonly prologue: readonly Dispatch[];
  /** Whether an input was written since the prologue ran. */
  private stale = true;
  private lent = false;
  private readonly memory: Allocation;
  private readonly leaves: ReadonlyMap<string, Leaf>;
  private readonly outputs: ReadonlyMap<string, GpuRows>;
  private readonly ring: ReadRing;

  private constructor(
    states: StateStore,
    prologue: readonly Dispatch[],
    list: readonly Dispatch[],
    memory: Allocation,
    leaves: ReadonlyMap<string, Leaf>,
    outputs: ReadonlyMap<string, GpuRows>,
    ring: ReadRing,
  ) {
    this.device = memory.device;
    this.states = states;
    this.prologue = prologue;
    this.list = list;
    this.dispatches = list.length;
    this.prologueDispatches = prologue.length;
    this.inputs = new Set([...leaves].flatMap(([name, { node }]) => (node.op === stateOp ? [] : [name])));
    this.memory = memory;
    this.leaves = leaves;
    this.outputs = outputs;
    this.ring = ring;
    const stateLeaves = [...leaves.values()].filter(({ node }) => node.op === stateOp);
    this.ownBytes = memory.bytes + ring.bytes;
    this.bytes = this.ownBytes + stateLeaves.reduce((sum, { buffer }) => sum + buffer.size, 0);
  }

  /** What `compile` calls with a prepared program. */
  static async create(
    { device }: GpuContext,
    { plan, optimizations, outputs }: ExecutableParts,
    options: { states?: StateStore; plain?: boolean } = {},
  ): Promise<Executable> {
    const states = options.states ?? new StateStore(device);
    const memory = new Allocation(device);
    const rules = { ...optimizations, quads: optimizations.quads && device.features.has('subgroups') };
    const leaves = new Map<string, Leaf>();
    const bufferOf = ({ size, leaf }: PlannedBuffer): GPUBuffer => {
      if (!leaf) return memory.buffer(`value of ${size} numbers`, size);
      if (leaf.op === constantOp) return memory.buffer('constant', Float32Array.from(leaf.attrs.data));
      const { name } = leaf.attrs;
      const buffer =
        leaf.op === stateOp ? states.bufferOf(leaf) : memory.buffer(`${leaf.op.name} "${name}"`, size);
      leaves.set(name, { node: leaf, buffer });
      return buffer;
    };
    let made: ReadRing | null = null;
    try {
      const offsetOf = (node: Node) => plan.places.get(node)!.offset;
      const allocated = watched(device, () => plan.buffers.map(bufferOf));
      const buffers = allocated.value;
      const kernels: Kernel[] = [];
      const compiling: Promise<Pipeline>[] = [];
      const pauses = new Pauses();
      // Each is asked for as soon as its code is there: they compile while the next is written.
      for (const nodes of plan.dispatches) {
        await pauses.due();
        const [{ op }] = nodes;
        const own =
          nodes.length > 1 || op.batch?.needed
            ? op.batch!.kernel(nodes, offsetOf, rules)
            : op.kernel!(nodes[0], rules);
        const kernel = options.plain ? (own.plain ?? own) : own;
        const pipeline = pipelineOf(device, kernel, sizesOf(plan, kernels.length, kernel, buffers));
        // Looked at below; not at all where a later kernel cannot be made.
        pipeline.catch(() => {});
        kernels.push(kernel);
        compiling.push(pipeline);
      }
      const pipelines = await Promise.all(compiling);
      const places = new Map<string, GpuRows>();
      for (const [name, node] of Object.entries(outputs)) {
        const place = plan.places.get(node) ?? { buffer: 0, offset: 0 }; // no place: no numbers
        const { rows, cols } = node;
        places.set(name, { buffer: buffers[place.buffer], offset: place.offset * 4, rows, cols });
      }
      const linked = watched(device, () => ({
        steps: kernels.map((kernel, i) =>
          kernel.workgroups === 0 ? [] : [dispatchOf(plan, i, kernel, pipelines[i], buffers, memory)],
        ),
        ring: new ReadRing(
          device,
          [...places].map(([name, { rows, cols, ...place }]) => ({ name, ...place, numbers: rows * cols })),
        ),
      }));
      made = linked.value.ring;
      refuse([...(await allocated.errors), ...(await linked.errors)], plan);
      const { steps, ring } = linked.value;
      await checkDispatches(device, steps.flat());
      const [prologue, list] = [steps.slice(0, plan.prologue), steps.slice(plan.prologue)];
      return new Executable(states, prologue.flat(), list.flat(), memory, leaves, places, ring);
    } catch (error) {
      memory.dispose();
      made?.dispose();
      if (!options.states) states.dispose();
      throw error;
    }
  }

  /**
   * Writes numbers into inputs, states and index maps by name; they stay until they are written again.
   *
   * @throws Error if a name is unknown, a length is wrong, a number is not finite in 32-bit floating point or an
   * index map is not valid. Then nothing has reached the GPU.
   */
  write(feeds: GpuFeeds): void {
    const checked = Object.entries(feeds).map(([name, values]) => {
      const leaf = this.leaves.get(name);
      if (!leaf)
        throw new Error(`there is no input "${name}" here; known are ${[...this.leaves.keys()].join(', ')}`);
      const { node } = leaf;
      if (values.length !== node.rows * node.cols)
        throw new Error(
          `input "${name}" is ${shapeOf(node)}, ${node.rows * node.cols} numbers, but ${values.length} were given`,
        );
      if (node.op === indexOp) {
        checkIndexMap(node, values);
        return { buffer: leaf.buffer, data: Uint32Array.from(values) };
      }
      const data = Float32Array.from(values);
      const bad = data.findIndex((v) => !Number.isFinite(v));
      if (bad >= 0)
        throw new Error(
          `input "${name}": row ${Math.floor(bad / node.cols)}, column ${bad % node.cols} is ${values[bad]}; ` +
            'all numbers must be finite in 32-bit floating point',
        );
      return { buffer: leaf.buffer, data };
    });
    for (const { buffer, data } of checked) this.device.queue.writeBuffer(buffer, 0, data);
    if (Object.keys(feeds).some((name) => this.inputs.has(name))) this.stale = true;
  }

  /** Runs the program `times` times (K training steps; default 1) in one submit, and reads nothing. */
  run(options: { times?: number } = {}): void {
    this.submit(options.times ?? 1);
  }

  /**
   * Runs like `run` and reads outputs (all of them, or the named ones) as they are after the last of the runs:
   * row-major, rows * cols each. Later runs need not wait for the reading.
   *
   * @throws Error if there is no output of a name.
   */
  runAndRead(
    options: { times?: number; outputs?: readonly string[] } = {},
  ): Promise<Record<string, Float32Array>> {
    const slot = this.ring.acquire(options.outputs);
    this.submit(options.times ?? 1, (encoder) => slot.encode(encoder));
    return slot.read();
  }

  /**
   * Where an output, an input or a state is on the GPU, for programs that draw it, or compute with it, without reading it
   * back. An output's numbers are those of the latest run; the buffer stays the same from run to run.
   *
   * @throws Error if there is neither an output nor an input of that name.
   * @example
   * ```ts gpu
   * import { compile, input, requestDevice, scale } from 'clebsch';
   * const program = await compile(await requestDevice(), { outputs: { y: scale(input('x', 4, 3), 2) } });
   * const { rows, cols, offset } = program.bufferOf('y');
   * [rows, cols, offset]; // => [4, 3, 0]
   * ```
   */
  bufferOf(name: string): GpuRows {
    const output = this.outputs.get(name);
    if (output) return output;
    const leaf = this.leaves.get(name);
    // Whoever has an input's buffer may write it at any time.
    this.lent ||= leaf !== undefined;
    if (leaf) return { buffer: leaf.buffer, offset: 0, rows: leaf.node.rows, cols: leaf.node.cols };
    const known = [...this.outputs.keys(), ...this.leaves.keys()].join(', ');
    throw new Error(`there is no output or input "${name}" here; known are ${known}`);
  }

  private submit(times: number, after?: (encoder: GPUCommandEncoder) => void): void {
    if (!Number.isInteger(times) || times < 0)
      throw new Error(`run: times is ${times}, but must be a whole number from 0`);
    const encoder = this.device.createCommandEncoder();
    if (times > 0 && this.prologue.length + this.list.length > 0) {
      const pass = encoder.beginComputePass();
      if (this.stale || this.lent) encode(pass, this.prologue);
      this.stale = false;
      for (let i = 0; i < times; i++) encode(pass, this.list);
      pass.end();
    }
    after?.(encoder);
    this.device.queue.submit([encoder.finish()]);
  }

  /** The dispatches in order, those of the prologue first, as text: what a profile or an error message refers to. */
  describe(): string[] {
    return [...this.prologue, ...this.list].map(({ label, x, y }) => `${label} (${x * y} workgroups)`);
  }

  /**
   * The WGSL of each dispatch, in order, as the driver was given it: files of `shaders/` with what was generated for
   * this program.
   *
   * @example
   * ```ts gpu
   * import { compile, input, requestDevice, scale } from 'clebsch';
   * const program = await compile(await requestDevice(), { outputs: { y: scale(input('x', 1, 3), 2) } });
   * const [{ label, code }] = program.shaders();
   * label; // => "step 0, map[(2 * a)] -> 1x3"
   * code.includes('@compute'); // => true
   * ```
   */
  shaders(): { readonly label: string; readonly code: string }[] {
    return [...this.prologue, ...this.list].map(({ label, code }) => ({ label, code }));
  }

  /** Frees the program's buffers; states live on in their store. */
  dispose(): void {
    this.memory.dispose();
    this.ring.dispose();
  }
}

/** Some drivers' messages go on with a trace of their own. */
const firstLine = (message: string) => message.split('\n', 1)[0];

/** What stands in a buffer: the leaf's name, or the largest of the values that take turns in it. */
function contentOf({ buffers, places, steps }: Plan, buffer: PlannedBuffer): string {
  if (buffer.leaf) return `${buffer.leaf.op.name} "${buffer.leaf.attrs?.name ?? ''}"`;
  const values = steps.filter((node) => buffers[places.get(node)?.buffer ?? -1] === buffer);
  const { op, rows, cols } = values.reduce((a, b) => (b.rows * b.cols > a.rows * a.cols ? b : a));
  return `the value of ${op.name}, ${rows}x${cols}`;
}

/** Throws what the device said while the program was put together. */
function refuse(errors: readonly (GPUError | null)[], plan: Plan): void {
  const error = errors.find((e) => e !== null);
  if (!error) return;
  const mebibytes = (numbers: number) => `${((numbers * 4) / 2 ** 20).toFixed(1)} MiB`;
  const largest = plan.buffers.reduce((a, b) => (b.size > a.size ? b : a));
  throw new Error(
    // By name: in Node the class is global only where someone made it so.
    error.constructor.name === 'GPUOutOfMemoryError'
      ? `out of GPU memory: the program asks for ${mebibytes(plan.buffers.reduce((sum, b) => sum + b.size, 0))} in ` +
          `${plan.buffers.length} buffers, the largest ${mebibytes(largest.size)} for ${contentOf(plan, largest)}; ` +
          `use fewer samples, edges or channels (${firstLine(error.message)})`
      : `the program is not valid for this device: ${error.message}`,
  );
}
