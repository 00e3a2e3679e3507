/** Why a store could not do what it was asked to. */
export type StoreFailure = 'missing' | 'quota' | 'unavailable' | 'name' | 'damaged';

/** An error of a `CheckpointStore`; `reason` says of which kind. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly reason: StoreFailure;

  constructor(reason: StoreFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** Where checkpoints live, by name. */
export interface CheckpointStore {
  /** The browser's file system of this origin, its database, or this page's memory. */
  readonly kind: 'opfs' | 'indexeddb' | 'memory';
  /** Why a better place could not be had; empty where there is none. */
  readonly note: string;
  /**
   * Keeps the bytes under a name, in place of those that were there. If this fails or the page ends in the middle, those
   * that were there stay.
   *
   * @throws StoreError "quota" if they do not fit (it says how much was asked for), "name" if the name is
   * empty or longer than 100 characters.
   */
  save(name: string, bytes: Uint8Array): Promise<void>;
  /** @throws StoreError "missing" if there is none of that name (it lists those there are), "damaged" if it is not whole. */
  load(name: string): Promise<Uint8Array>;
  /** Names, sorted. */
  list(): Promise<string[]>;
  /** Nothing happens if there is none of that name. */
  delete(name: string): Promise<void>;
}

const MAX_NAME = 100;

/** Throws unless a store can keep something under that name. */
export function checkName(name: string): void {
  if (name.length === 0 || name.length > MAX_NAME || /\p{Surrogate}/u.test(name))
    throw new StoreError(
      'name',
      `a checkpoint cannot be named ${JSON.stringify(name.slice(0, 200))}; use 1 to ${MAX_NAME} characters`,
    );
}

/** What `load` throws when there is nothing of that name. */
export function missing(name: string, known: readonly string[]): StoreError {
  const there = known.length === 0 ? 'there are none' : `there are ${known.join(', ')}`;
  return new StoreError('missing', `there is no checkpoint "${name}"; ${there}`);
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

/** What `save` throws for what the browser threw. */
export async function saveError(name: string, size: number, cause: unknown): Promise<StoreError> {
  const what = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  if (!(cause instanceof Error) || cause.name !== 'QuotaExceededError')
    return new StoreError('unavailable', `the checkpoint "${name}" could not be saved: ${what}`, { cause });
  const { usage = 0, quota = 0 } = (await navigator.storage?.estimate().catch(() => null)) ?? {};
  return new StoreError(
    'quota',
    `the checkpoint "${name}" takes ${megabytes(size)}, which does not fit: the browser gives this page ` +
      `${megabytes(quota)}, and ${megabytes(usage)} are in use. Delete checkpoints, or save to a file. The one before stays`,
    { cause },
  );
}

/**
 * A store in memory: gone when the page is.
 *
 * @param note why no better one could be had
 * @example
 * ```ts
 * import { memoryCheckpointStore } from 'clebsch';
 * const store = memoryCheckpointStore();
 * await store.save('run 1', Uint8Array.of(1, 2, 3));
 * await store.list(); // => ["run 1"]
 * ```
 */
export function memoryCheckpointStore(note = ''): CheckpointStore {
  const files = new Map<string, Uint8Array>();
  const list = async () => [...files.keys()].sort();
  return {
    kind: 'memory',
    note,
    async save(name, bytes) {
      checkName(name);
      files.set(name, new Uint8Array(bytes));
    },
    async load(name) {
      const bytes = files.get(name);
      if (!bytes) throw missing(name, await list());
      return bytes.slice();
    },
    list,
    async delete(name) {
      files.delete(name);
    },
  };
}
