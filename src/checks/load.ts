import { compile } from '../compile.ts';
import type { GpuContext } from '../gpu/device.ts';
import type { Executable } from '../gpu/execute.ts';
import type { Node } from '../graph/node.ts';
import type { Feeds } from '../graph/reference.ts';

/** Compiles outputs for a GPU and feeds them. */
export async function load(
  gpu: GpuContext,
  outputs: Readonly<Record<string, Node>>,
  feeds: Feeds,
): Promise<Executable> {
  const executable = await compile(gpu, { outputs });
  feed(executable, feeds);
  return executable;
}

/** Writes what the program still reads after simplification; the interpreter takes the same feeds whole. */
export function feed(executable: Executable, feeds: Feeds): void {
  const { inputs, states } = executable;
  for (const [name, values] of Object.entries(feeds))
    if (inputs.has(name)) executable.write({ [name]: values });
    else if (states.names.includes(name)) states.write(name, values);
}

/** Frees a program whose states are its own. */
export function unload(executable: Executable): void {
  executable.dispose();
  executable.states.dispose();
}
