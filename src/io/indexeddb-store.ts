import { type CheckpointStore, checkName, missing, saveError } from './checkpoint-store.ts';

const TABLE = 'checkpoints';

/**
 * Checkpoints in IndexedDB (https://w3c.github.io/IndexedDB), in a database of their own. A save is one transaction:
 * it takes place as a whole or not at all.
 *
 * @throws whatever the browser throws where it has no database, or not now.
 */
export async function indexedDbCheckpointStore(database: string): Promise<CheckpointStore> {
  const opening = indexedDB.open(database, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(TABLE);
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
    opening.onblocked = () => reject(new Error(`another page keeps the database "${database}" closed`));
  });
  // Another tab that deletes the database must not wait for this one.
  db.onversionchange = () => db.close();

  /** The result of a request, once its transaction is complete. */
  const run = <T>(mode: IDBTransactionMode, request: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const transaction = db.transaction(TABLE, mode, { durability: 'strict' });
      const asked = request(transaction.objectStore(TABLE));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onabort = () => reject(transaction.error ?? new Error('the transaction was aborted'));
    });

  const list = async () => (await run('readonly', (store) => store.getAllKeys())).map(String).sort();

  return {
    kind: 'indexeddb',
    note: '',
    async save(name, bytes) {
      checkName(name);
      try {
        await run('readwrite', (store) => store.put(new Uint8Array(bytes), name));
      } catch (error) {
        throw await saveError(name, bytes.length, error);
      }
    },
    async load(name) {
      const bytes = await run<Uint8Array | undefined>('readonly', (store) => store.get(name));
      if (!bytes) throw missing(name, await list());
      return bytes;
    },
    list,
    async delete(name) {
      await run('readwrite', (store) => store.delete(name));
    },
  };
}
