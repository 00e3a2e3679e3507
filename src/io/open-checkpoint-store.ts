import { type CheckpointStore, memoryCheckpointStore, StoreError } from './checkpoint-store.ts';
import { indexedDbCheckpointStore } from './indexeddb-store.ts';
import { opfsCheckpointStore } from './opfs-store.ts';

/** Options of `openCheckpointStore`. */
export interface CheckpointStoreOptions {
  /** Of the folder or database; default "clebsch". Stores of different names know nothing of each other. */
  readonly name?: string;
  /** The only kind that will do; by default the best that there is. */
  readonly kind?: CheckpointStore['kind'];
}

/**
 * Where checkpoints can be kept here: the origin private file system, else IndexedDB, else memory; `kind` says which,
 * and `note` why nothing better. A browser that runs out of space may remove what pages keep, unless
 * `navigator.storage.persist()` was granted.
 *
 * @throws StoreError "unavailable" if the kind that was asked for is not to be had (private windows of some browsers,
 * for one); it says why.
 * @example
 * ```ts
 * import { openCheckpointStore } from 'clebsch';
 * const store = await openCheckpointStore({ kind: 'memory' });
 * store.kind; // => "memory"
 * ```
 */
export async function openCheckpointStore(options: CheckpointStoreOptions = {}): Promise<CheckpointStore> {
  const { name = 'clebsch', kind } = options;
  const refused: string[] = [];
  for (const [candidate, open] of [
    ['opfs', opfsCheckpointStore],
    ['indexeddb', indexedDbCheckpointStore],
  ] as const) {
    if (kind && kind !== candidate) continue;
    try {
      return { ...(await open(name)), note: refused.join('; ') };
    } catch (error) {
      refused.push(
        `${candidate}: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`,
      );
    }
  }
  const why = `${refused.join('; ')}${refused.length > 0 ? ' (a private window, or no browser)' : ''}`;
  if (kind && kind !== 'memory')
    throw new StoreError('unavailable', `checkpoints cannot be kept in ${kind} here: ${why}`);
  return memoryCheckpointStore(`kept in memory until the page is closed. ${why}`);
}
