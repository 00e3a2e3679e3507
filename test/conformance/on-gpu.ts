import { prepare } from '../../src/compile.ts';
import { Executable } from '../../src/gpu/execute.ts';
import type { Node } from '../../src/graph/node.ts';
import { type Feeds, reference } from '../../src/graph/reference.ts';
import type { CaseGpu } from './case.ts';

export type Values = Readonly<Record<string, ArrayLike<number>>>;

/** Values of nodes in f64 and, where there is a GPU, in f32. The pipelines compile while the reference runs. */
export async function evaluate(
  outputs: Readonly<Record<string, Node>>,
  feeds: Feeds,
  gpu: CaseGpu | null,
): Promise<{ exact: Values; single: Values | null }> {
  const compiling = gpu && compileWithFeeds(gpu, outputs, feeds);
  compiling?.catch(() => {}); // awaited below, unless the reference throws first
  const names = Object.keys(outputs);
  const values = reference(Object.values(outputs), feeds);
  const exact = Object.fromEntries(names.map((name, i) => [name, values[i]]));
  if (!compiling) return { exact, single: null };
  const executable = await compiling;
  try {
    return { exact, single: await executable.runAndRead() };
  } finally {
    executable.dispose();
  }
}

/** Compiles, and feeds the leaves that the program still has: simplification may have found some to be of no effect. */
async function compileWithFeeds(
  gpu: CaseGpu,
  outputs: Readonly<Record<string, Node>>,
  feeds: Feeds,
): Promise<Executable> {
  const maxInputs = gpu.device.limits.maxStorageBuffersPerShaderStage - 1;
  const prepared = prepare({ outputs }, { maxInputs, optimizations: gpu.optimizations });
  const executable = await Executable.create(gpu, prepared);
  const used = prepared.plan.buffers.flatMap(({ leaf }) => leaf?.attrs.name ?? []);
  executable.write(Object.fromEntries(used.flatMap((name) => (name in feeds ? [[name, feeds[name]]] : []))));
  return executable;
}
