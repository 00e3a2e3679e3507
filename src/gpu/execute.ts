import { checkIndexMap, indexOp } from '../graph/index-map.ts';
import { constantOp, stateOp } from '../graph/leaf.ts';
import type { Plan } from '../graph/memory.ts';
import { type Node, shapeOf } from '../graph/node.ts';
import { type GpuContext, LimitError } from './device.ts';
import { type Pipeline, pipelineOf } from './pipeline.ts';
import { ReadRing } from './read-ring.ts';
import { StateStore, usage } from './state-store.ts';

export interface ExecutableParts {
  readonly plan: Plan;
  readonly outputs: Readonly<Record<string, Node>>;
}

interface Dispatch {
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly x: number;
  readonly y: number;
}

/** Numbers for a program's leaves by name: row-major, rows * cols each; index maps as `packIndexMap` gives them. */
export type GpuFeeds = Readonly<Record<string, ArrayLike<number>>>;

/**
 * A compiled program (see `compile`). Everything that a run needs was made before the first one: buffers, bind
 * groups, pipelines, staging buffers. A run encodes the same dispatches into one compute pass and submits once.
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
  /** Dispatches of one run. */
  readonly dispatches: number;
  /** Bytes of buffers of this program, states included. */
  readonly bytes: number;
  private readonly context: GpuContext;
  private readonly list: readonly Dispatch[];
  private readonly owned: readonly GPUBuffer[];
  private readonly leaves: ReadonlyMap<string, { node: Node; buffer: GPUBuffer }>;
  private readonly ring: ReadRing;

  private constructor(
    context: GpuContext,
    states: StateStore,
    list: readonly Dispatch[],
    buffers: readonly GPUBuffer[],
    owned: readonly GPUBuffer[],
    leaves: ReadonlyMap<string, { node: Node; buffer: GPUBuffer }>,
    ring: ReadRing,
  ) {
    this.context = context;
    this.states = states;
    this.list = list;
    this.dispatches = list.length;
    this.owned = owned;
    this.leaves = leaves;
    this.ring = ring;
    this.bytes = [...new Set([...buffers, ...owned])].reduce((sum, b) => sum + b.size, 0) + ring.bytes;
  }

  /** What `compile` calls with a prepared program. */
  static async create(
    context: GpuContext,
    { plan, outputs }: ExecutableParts,
    options: { states?: StateStore; plain?: boolean } = {},
  ): Promise<Executable> {
    const { device } = context;
    const states = options.states ?? new StateStore(device);
    const kernels = plan.steps.map((node) => {
      const kernel = node.op.kernel!(node);
      return options.plain ? (kernel.plain ?? kernel) : kernel;
    });
    // All at once: the compilations run beside each other.
    const compiling = Promise.all(kernels.map((kernel) => pipelineOf(device, kernel)));
    const owned: GPUBuffer[] = [];
    const leaves = new Map<string, { node: Node; buffer: GPUBuffer }>();
    device.pushErrorScope('out-of-memory');
    device.pushErrorScope('validation');
    const buffers = plan.buffers.map(({ size, leaf }) => {
      if (leaf?.op === stateOp) {
        const buffer = states.bufferOf(leaf);
        leaves.set(leaf.attrs.name, { node: leaf, buffer });
        return buffer;
      }
      checkBufferSize(device, size * 4, leaf);
      const buffer = device.createBuffer({
        label: leaf ? `${leaf.op.name} ${leaf.attrs.name ?? ''}` : `value of ${size} numbers`,
        size: Math.max(4, size * 4),
        usage: usage.storage | usage.copySource | usage.copyTarget,
      });
      owned.push(buffer);
      if (leaf?.op === constantOp)
        device.queue.writeBuffer(buffer, 0, Float32Array.from(leaf.attrs.data as Float64Array));
      else if (leaf) leaves.set(leaf.attrs.name, { node: leaf, buffer });
      return buffer;
    });
    let pipelines: Pipeline[];
    try {
      pipelines = await compiling;
    } catch (error) {
      device.popErrorScope();
      device.popErrorScope();
      for (const buffer of owned) buffer.destroy();
      throw error;
    }
    const max = device.limits.maxComputeWorkgroupsPerDimension;
    const list: Dispatch[] = [];
    plan.steps.forEach((node, i) => {
      const kernel = kernels[i];
      if (kernel.workgroups === 0) return;
      const { pipeline, layout, bindings } = pipelines[i];
      const label = `step ${i}, ${node.op.name}${node.op.print ? `[${node.op.print(node.attrs)}]` : ''} -> ${shapeOf(node)}`;
      const group = device.createBindGroup({
        label: label.slice(0, 200),
        layout,
        entries: bindings.map(({ name, binding }) => {
          const table = kernel.tables?.[name];
          if (table) {
            const buffer = device.createBuffer({
              label: `${name} of ${label}`,
              size: table.byteLength,
              usage: usage.storage | usage.copyTarget,
            });
            device.queue.writeBuffer(buffer, 0, table as Uint32Array<ArrayBuffer>);
            owned.push(buffer);
            return { binding, resource: { buffer } };
          }
          const source = kernel.bindings[name];
          if (source === undefined) throw new Error(`${label}: nothing is bound to "${name}"`);
          const value = source === 'result' ? node : node.inputs[source];
          const place = plan.places.get(value)!;
          const size = Math.max(4, value.rows * value.cols * 4);
          checkBindingSize(device, size, label);
          return { binding, resource: { buffer: buffers[place.buffer], offset: place.offset * 4, size } };
        }),
      });
      const x = Math.min(kernel.workgroups, max);
      const y = Math.ceil(kernel.workgroups / x);
      if (y > max)
        throw new LimitError(
          `${label}: the number of workgroups`,
          kernel.workgroups,
          'maxComputeWorkgroupsPerDimension',
          max * max,
          'use fewer rows',
        );
      list.push({ label, pipeline, group, x, y });
    });
    const ring = new ReadRing(
      device,
      Object.entries(outputs).map(([name, node]) => {
        const place = plan.places.get(node) ?? { buffer: 0, offset: 0 }; // no place: no numbers to copy
        return {
          name,
          buffer: buffers[place.buffer],
          offset: place.offset * 4,
          numbers: node.rows * node.cols,
        };
      }),
    );
    const invalid = await device.popErrorScope();
    const outOfMemory = await device.popErrorScope();
    if (invalid || outOfMemory) {
      for (const buffer of owned) buffer.destroy();
      const total = plan.buffers.reduce((sum, b) => sum + b.size * 4, 0);
      throw new Error(
        outOfMemory
          ? `out of GPU memory: the program asks for ${(total / 2 ** 20).toFixed(1)} MiB in ${plan.buffers.length} buffers; ` +
              `use fewer samples, edges or channels (${outOfMemory.message})`
          : `the program is not valid for this device: ${invalid!.message}`,
      );
    }
    await checkDispatches(device, list).catch((error) => {
      for (const buffer of owned) buffer.destroy();
      throw error;
    });
    return new Executable(context, states, list, buffers, owned, leaves, ring);
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
    for (const { buffer, data } of checked) this.context.device.queue.writeBuffer(buffer, 0, data);
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

  private submit(times: number, after?: (encoder: GPUCommandEncoder) => void): void {
    const encoder = this.context.device.createCommandEncoder();
    if (this.list.length > 0 && times > 0) {
      const pass = encoder.beginComputePass();
      for (let i = 0; i < times; i++) encode(pass, this.list);
      pass.end();
    }
    after?.(encoder);
    this.context.device.queue.submit([encoder.finish()]);
  }

  /** The dispatches in order, as text: what a profile or an error message refers to. */
  describe(): string[] {
    return this.list.map(({ label, x, y }) => `${label} (${x * y} workgroups)`);
  }

  /** Frees the program's buffers; states live on in their store. */
  dispose(): void {
    for (const buffer of this.owned) buffer.destroy();
    this.ring.dispose();
  }
}

function encode(pass: GPUComputePassEncoder, list: readonly Dispatch[]): void {
  let last: GPUComputePipeline | null = null;
  for (const { pipeline, group, x, y } of list) {
    if (pipeline !== last) pass.setPipeline(pipeline);
    last = pipeline;
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(x, y);
  }
}

/** Lets the device check the dispatches without running them; throws an error that names the op it refuses. */
async function checkDispatches(device: GPUDevice, list: readonly Dispatch[]): Promise<void> {
  const refusal = async (some: readonly Dispatch[]) => {
    device.pushErrorScope('validation');
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    encode(pass, some);
    pass.end();
    encoder.finish();
    return device.popErrorScope();
  };
  const error = await refusal(list);
  if (!error) return;
  for (const dispatch of list) {
    const own = await refusal([dispatch]);
    if (own) throw new Error(`${dispatch.label}: the device refuses this op: ${own.message}`);
  }
  throw new Error(`the program is not valid for this device: ${error.message}`);
}

function checkBufferSize(device: GPUDevice, bytes: number, leaf: Node | null): void {
  const limit = device.limits.maxBufferSize;
  if (bytes > limit)
    throw new LimitError(
      leaf ? `${leaf.op.name} "${leaf.attrs.name ?? ''}" (bytes)` : 'a value of the program (bytes)',
      bytes,
      'maxBufferSize',
      limit,
      'use fewer rows (samples, edges) or channels',
    );
}

function checkBindingSize(device: GPUDevice, bytes: number, label: string): void {
  const limit = device.limits.maxStorageBufferBindingSize;
  if (bytes > limit)
    throw new LimitError(
      `${label} (bytes)`,
      bytes,
      'maxStorageBufferBindingSize',
      limit,
      'use fewer rows (samples, edges) or channels',
    );
}
