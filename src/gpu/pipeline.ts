import type { Kernel } from '../graph/node.ts';
import { type Binding, bindingsOf, link } from './link.ts';

export interface Pipeline {
  /** The linked WGSL. */
  readonly code: string;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly bindings: readonly Binding[];
}

/**
 * A shader that did not compile: the message names the file in `shaders/` and its line, or the generated body,
 * where the error is.
 *
 * @example
 * ```ts gpu
 * import { compile, input, requestDevice, ShaderError, sum } from 'clebsch';
 * const y = sum(input('x', 4, 1), 'all');
 * const kernel = { ...y.op.kernel!(y), slots: { combine: 'return a plus b;' } };
 * const program = { outputs: { y: { ...y, op: { ...y.op, kernel: () => kernel } } } };
 * await compile(await requestDevice(), program).catch((error) => error instanceof ShaderError); // => true
 * ```
 */
export class ShaderError extends Error {
  override name = 'ShaderError';
}

const caches = new WeakMap<GPUDevice, Map<string, Promise<Pipeline>>>();

/**
 * The pipeline of a kernel; kernels that write the same into one shader share it. Compilation is asynchronous, so that many
 * pipelines compile in parallel.
 *
 * @param sizes bytes bound to each variable, for shaders that make use of them
 */
export function pipelineOf(
  device: GPUDevice,
  kernel: Kernel,
  sizes: Readonly<Record<string, number>> = {},
): Promise<Pipeline> {
  let cache = caches.get(device);
  if (!cache) {
    cache = new Map();
    caches.set(device, cache);
  }
  const key = JSON.stringify([kernel.shader, kernel.params, kernel.slots, sizes]);
  let pipeline = cache.get(key);
  if (!pipeline) {
    const { code, origin } = link(kernel, sizes);
    pipeline = create(device, kernel.shader, code, origin);
    cache.set(key, pipeline);
  }
  return pipeline;
}

const layouts = new WeakMap<
  GPUDevice,
  Map<string, { layout: GPUBindGroupLayout; pipelineLayout: GPUPipelineLayout }>
>();

function layoutOf(device: GPUDevice, bindings: readonly Binding[]) {
  let cache = layouts.get(device);
  if (!cache) {
    cache = new Map();
    layouts.set(device, cache);
  }
  const key = bindings.map(({ binding, type }) => `${binding}:${type}`).join(' ');
  let entry = cache.get(key);
  if (!entry) {
    const layout = device.createBindGroupLayout({
      entries: bindings.map(({ binding, type }) => ({ binding, visibility: GPU_COMPUTE, buffer: { type } })),
    });
    entry = { layout, pipelineLayout: device.createPipelineLayout({ bindGroupLayouts: [layout] }) };
    cache.set(key, entry);
  }
  return entry;
}

/** GPUShaderStage.COMPUTE; the constants are global in browsers only. */
const GPU_COMPUTE = 4;

async function create(
  device: GPUDevice,
  label: string,
  code: string,
  origin: readonly string[],
): Promise<Pipeline> {
  const bindings = bindingsOf(code);
  const { layout, pipelineLayout } = layoutOf(device, bindings);
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ label, code });
  const failure = device.popErrorScope();
  // Not looked at where the pipeline is refused.
  failure.catch(() => {});
  try {
    const pipeline = await device.createComputePipelineAsync({
      label,
      layout: pipelineLayout,
      compute: { module, entryPoint: 'main' },
    });
    await failure;
    return { code, pipeline, layout, bindings };
  } catch (error) {
    const { messages } = await module.getCompilationInfo();
    const errors = messages.filter((m) => m.type === 'error');
    if (errors.length === 0)
      throw new ShaderError(`shaders/${label}.wgsl: ${(error as Error).message}`, { cause: error });
    const lines = code.split('\n');
    const text = errors.map((m) => {
      const at = m.lineNum - 1;
      return `${origin[at] ?? label} (line ${m.lineNum} of the linked text), column ${m.linePos}: ${m.message}\n    ${lines[at] ?? ''}`;
    });
    throw new ShaderError(`the shader "${label}" did not compile:\n${text.join('\n')}`, { cause: error });
  }
}
