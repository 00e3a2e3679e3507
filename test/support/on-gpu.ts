import { type CompileOptions, compile, type Program, prepare } from '../../src/compile.ts';
import type { GpuContext } from '../../src/gpu/device.ts';
import type { Executable } from '../../src/gpu/execute.ts';
import type { Node } from '../../src/graph/node.ts';
import { type Feeds, reference } from '../../src/graph/reference.ts';
import { scaledError } from './feeds.ts';

/** The feeds that a program still has a leaf for after simplification. */
export function feedsOf(program: Program, feeds: Feeds): Feeds {
  const known = new Set(prepare(program).plan.buffers.map(({ leaf }) => leaf?.attrs.name));
  return Object.fromEntries(Object.entries(feeds).filter(([name]) => known.has(name)));
}

/** Compiles a program and feeds it. */
export async function load(
  gpu: GpuContext,
  program: Program,
  feeds: Feeds,
  options?: CompileOptions,
): Promise<Executable> {
  const executable = await compile(gpu, program, options);
  executable.write(feedsOf(program, feeds));
  return executable;
}

/** The outputs of one run. */
export async function runOnGpu(
  gpu: GpuContext,
  outputs: Readonly<Record<string, Node>>,
  feeds: Feeds,
  options?: CompileOptions,
): Promise<Record<string, Float32Array>> {
  const executable = await load(gpu, { outputs }, feeds, options);
  const values = await executable.runAndRead();
  executable.dispose();
  return values;
}

/** The largest error of the outputs on the GPU against the reference, each relative to its largest entry. */
export async function gpuError(
  gpu: GpuContext,
  outputs: Readonly<Record<string, Node>>,
  feeds: Feeds,
  options?: CompileOptions,
): Promise<number> {
  const values = await runOnGpu(gpu, outputs, feeds, options);
  const expected = reference(Object.values(outputs), feeds);
  return Math.max(0, ...Object.keys(outputs).map((name, i) => scaledError(values[name], expected[i])));
}

/** The same device, said to allow less. */
export function limited(
  gpu: GpuContext,
  limits: Partial<Record<keyof GPUSupportedLimits, number>>,
): GpuContext {
  const all = new Proxy(gpu.device.limits, {
    get: (target, name) => (limits as Record<PropertyKey, number>)[name] ?? Reflect.get(target, name, target),
  });
  const device = new Proxy(gpu.device, {
    get(target, name) {
      if (name === 'limits') return all;
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { ...gpu, device };
}
