import { type CheckpointStore, checkName, missing, StoreError, saveError } from './checkpoint-store.ts';
import { isWhole, sealed, unsealed } from './seal.ts';

/** Two are kept, so that there is a whole one at every moment: older ones go when a newer one has been written. */
const GENERATIONS = 2;

interface Generation {
  readonly name: string;
  readonly number: number;
  readonly file: string;
}

/** TypeScript's library does not know the iterator. */
const entries = (directory: FileSystemDirectoryHandle) =>
  (
    directory as unknown as { values(): AsyncIterable<FileSystemFileHandle | FileSystemDirectoryHandle> }
  ).values();

/**
 * Checkpoints in the origin private file system (https://fs.spec.whatwg.org), in a folder of their own. Each save
 * writes a new file, sealed with length and checksum, and only then are old ones removed; `load` takes the newest
 * that is whole. So whatever a crash leaves behind, what was saved before is there.
 *
 * @throws whatever the browser throws where it has no such file system, or not now (private windows).
 */
export async function opfsCheckpointStore(folder: string): Promise<CheckpointStore> {
  const root = await navigator.storage.getDirectory();
  const directory = await root.getDirectoryHandle(encodeURIComponent(folder), { create: true });
  if (!('createWritable' in FileSystemFileHandle.prototype))
    throw new Error('files can be written only by workers in this browser');

  /** All files that are a generation of a checkpoint, the newest first; empty ones are what a crash left. */
  const generations = async (): Promise<Generation[]> => {
    const found: Generation[] = [];
    for await (const entry of entries(directory)) {
      const parts = /^(.+)\.(\d{1,15})$/.exec(entry.name);
      if (entry.kind !== 'file' || !parts) continue;
      // Another tab may remove it at any moment.
      const size = await entry.getFile().then(
        (f) => f.size,
        () => 0,
      );
      if (size === 0) continue;
      found.push({ name: decodeURIComponent(parts[1]), number: Number(parts[2]), file: entry.name });
    }
    return found.sort((a, b) => b.number - a.number);
  };
  const of = async (name: string) => (await generations()).filter((g) => g.name === name);
  const contents = async ({ file }: Generation) =>
    new Uint8Array(await (await (await directory.getFileHandle(file)).getFile()).arrayBuffer());
  // Another tab may have the file open, or have removed it; it is tried again after the next save.
  const remove = ({ file }: Generation) => directory.removeEntry(file).catch(() => {});

  const save = async (name: string, bytes: Uint8Array) => {
    const before = await of(name);
    const file = `${encodeURIComponent(name)}.${(before[0]?.number ?? 0) + 1}`;
    const generation = { name, number: 0, file };
    try {
      const writable = await (await directory.getFileHandle(file, { create: true })).createWritable();
      try {
        await writable.write(sealed(bytes));
      } catch (error) {
        await writable.abort().catch(() => {});
        throw error;
      }
      await writable.close();
    } catch (error) {
      await remove(generation);
      throw await saveError(name, bytes.length, error);
    }
    // Files that are not whole do not count: of those before, the newest whole one stays.
    let whole = 1;
    for (const old of before)
      if (whole >= GENERATIONS || !isWhole(await contents(old).catch(() => new Uint8Array())))
        await remove(old);
      else whole++;
  };
  // One save after the other: two at a time would write the same generation.
  let queue: Promise<unknown> = Promise.resolve();
  const list = async () => {
    await queue;
    return [...new Set((await generations()).map((g) => g.name))].sort();
  };

  return {
    kind: 'opfs',
    note: '',
    async save(name, bytes) {
      checkName(name);
      const copy = new Uint8Array(bytes);
      const done = queue.then(() => save(name, copy));
      queue = done.catch(() => {});
      return done;
    },
    async load(name) {
      await queue;
      const found = await of(name);
      for (const generation of found) {
        const bytes = unsealed(await contents(generation).catch(() => new Uint8Array()));
        if (bytes) return bytes;
      }
      if (found.length === 0) throw missing(name, await list());
      throw new StoreError(
        'damaged',
        `the checkpoint "${name}" is damaged, in all of its ${found.length} generations; delete it`,
      );
    },
    list,
    async delete(name) {
      await queue;
      for (const generation of await of(name)) await directory.removeEntry(generation.file);
    },
  };
}
