import type { GpuContext } from '../gpu/device.ts';
import type { Executable, GpuFeeds } from '../gpu/execute.ts';
import type { StateStore } from '../gpu/state-store.ts';

/** What lives on one device. */
export interface Live {
  readonly gpu: GpuContext;
  readonly states: StateStore;
  readonly executable: Executable;
}

/** Writes what the program reads, and refuses a batch in which some of it is missing. */
export function writeAll(executable: Executable, feeds: GpuFeeds): void {
  const missing = [...executable.inputs].filter((name) => !(name in feeds));
  if (missing.length > 0)
    throw new Error(
      `the batch lacks ${missing.map((name) => `"${name}"`).join(', ')}; it has ${Object.keys(feeds).join(', ') || 'nothing'}`,
    );
  executable.write(Object.fromEntries([...executable.inputs].map((name) => [name, feeds[name]])));
}

export function free({ states, executable }: Live): void {
  executable.dispose();
  states.dispose();
}
