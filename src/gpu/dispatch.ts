import type { Plan } from '../graph/memory.ts';
import { type Kernel, type Node, shapeOf } from '../graph/node.ts';
import type { Allocation } from './allocation.ts';
import { LimitError } from './device.ts';
import { takesSizes } from './link.ts';
import type { Pipeline } from './pipeline.ts';

/** One kernel, ready to be encoded. */
export interface Dispatch {
  /** "step 7, contract[o 3 blocks] -> 28x88": what messages call it. */
  readonly label: string;
  /** Name of the op, and of the file in `shaders/`. */
  readonly op: string;
  readonly shader: string;
  /** The linked WGSL, as the driver was given it. */
  readonly code: string;
  /** Bytes of the values that it reads and of the one that it writes, each counted once; tables are not counted. */
  readonly bytes: number;
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  /** Workgroups in two dimensions. */
  readonly x: number;
  readonly y: number;
}

/** Dispatch number `at` of a plan, whose values stand in `buffers`. */
export function dispatchOf(
  plan: Plan,
  at: number,
  kernel: Kernel,
  { code, pipeline, layout, bindings }: Pipeline,
  buffers: readonly GPUBuffer[],
  memory: Allocation,
): Dispatch {
  const { device } = memory;
  const nodes = plan.dispatches[at];
  const [node] = nodes;
  const texts = nodes.map(
    (one) => `${one.op.print ? `[${one.op.print(one.attrs)}]` : ''} -> ${shapeOf(one)}`,
  );
  const label = `step ${at}, ${node.op.name}${texts.join(', ')}`;
  const resourceOf = (name: string): GPUBufferBinding => {
    const table = kernel.tables?.[name];
    if (table) return { buffer: memory.buffer(`${name} of ${label}`, table) };
    if (kernel.bindings[name] === undefined) throw new Error(`${label}: nothing is bound to "${name}"`);
    const { buffer, offset, size } = extentOf(plan, at, kernel, name, buffers);
    const limit = device.limits.maxStorageBufferBindingSize;
    if (size > limit)
      throw new LimitError(
        `${label} (bytes)`,
        size,
        'maxStorageBufferBindingSize',
        limit,
        'use fewer rows (samples, edges) or channels',
      );
    return { buffer, offset, size };
  };
  const group = device.createBindGroup({
    label: label.slice(0, 200),
    layout,
    entries: bindings.map(({ name, binding }) => ({ binding, resource: resourceOf(name) })),
  });
  const max = device.limits.maxComputeWorkgroupsPerDimension;
  const y = Math.ceil(kernel.workgroups / max);
  const x = Math.ceil(kernel.workgroups / y);
  if (y > max)
    throw new LimitError(
      `${label}: the number of workgroups`,
      kernel.workgroups,
      'maxComputeWorkgroupsPerDimension',
      max * max,
      'use fewer rows',
    );
  const read = bindings.flatMap(({ name }) => {
    const source = kernel.tables?.[name] ? 'table' : kernel.bindings[name];
    if (typeof source === 'number') return nodes.map(({ inputs }) => inputs[source]);
    return typeof source === 'object' ? [source] : [];
  });
  const values = [...nodes, ...new Set(read)];
  // What is overwritten in place is read as well.
  if (node.op.overwrites) values.push(node);
  const bytes = values.reduce((sum, { rows, cols }) => sum + rows * cols * 4, 0);
  return { label, op: node.op.name, shader: kernel.shader, code, bytes, pipeline, group, x, y };
}

/** What dispatch `at` binds to a variable, unless it is a table. */
function extentOf(plan: Plan, at: number, kernel: Kernel, name: string, buffers: readonly GPUBuffer[]) {
  const [node] = plan.dispatches[at];
  const source = kernel.bindings[name];
  const value: Node = source === 'result' ? node : typeof source === 'number' ? node.inputs[source] : source;
  const place = plan.places.get(value)!;
  const buffer = buffers[place.buffer];
  if (kernel.whole?.includes(name)) return { buffer, offset: 0, size: buffer.size };
  return { buffer, offset: place.offset * 4, size: value.rows * value.cols * 4 || 16 };
}

/** Bytes that a dispatch binds from which on its shader may know the sizes: a pipeline of its own must be worth it. */
const LARGE = 1 << 18;

/** Bytes bound to each variable of dispatch `at`, for shaders that make use of it (see `link`); none where they are few. */
export function sizesOf(
  plan: Plan,
  at: number,
  kernel: Kernel,
  buffers: readonly GPUBuffer[],
): Record<string, number> {
  if (kernel.workgroups === 0 || !takesSizes(kernel)) return {};
  const names = Object.keys(kernel.bindings);
  const sizes = names.map((name): [string, number] => [name, extentOf(plan, at, kernel, name, buffers).size]);
  return sizes.reduce((sum, [, size]) => sum + size, 0) < LARGE ? {} : Object.fromEntries(sizes);
}

/** Writes dispatches into a pass. */
export function encode(pass: GPUComputePassEncoder, list: readonly Dispatch[]): void {
  let last: GPUComputePipeline | null = null;
  for (const { pipeline, group, x, y } of list) {
    if (pipeline !== last) pass.setPipeline(pipeline);
    last = pipeline;
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(x, y);
  }
}

/** Lets the device check the dispatches without running them; throws an error that names the op it refuses. */
export async function checkDispatches(device: GPUDevice, list: readonly Dispatch[]): Promise<void> {
  const refusal = (some: readonly Dispatch[]) => {
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
