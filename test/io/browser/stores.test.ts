import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StoreError } from '../../../src/io/checkpoint-store.ts';
import { openCheckpointStore } from '../../../src/io/open-checkpoint-store.ts';
import { storeContract } from '../store-contract.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);
const failed = (promise: Promise<unknown>): Promise<StoreError> =>
  promise.then(
    () => expect.unreachable('it must fail'),
    (error) => error,
  );

let undo: (() => void)[] = [];
afterEach(() => {
  for (const restore of undo) restore();
  undo = [];
});

/** Puts another method in place of a platform's until the end of the test. */
function replace<T extends object, K extends keyof T>(target: T, key: K, value: T[K]): void {
  const old = Object.getOwnPropertyDescriptor(target, key);
  Object.defineProperty(target, key, { value, configurable: true, writable: true });
  undo.push(() => (old ? Object.defineProperty(target, key, old) : Reflect.deleteProperty(target, key)));
}

test('the best is taken, and stores of two names know nothing of each other', async () => {
  const [a, b] = [
    await openCheckpointStore({ name: 'test-a' }),
    await openCheckpointStore({ name: 'test-b' }),
  ];
  expect([a.kind, a.note]).toEqual(['opfs', '']);
  await a.save('x', bytes(1));
  expect(await b.list()).toEqual([]);
  await a.delete('x');
});

test('what is refused is said, and the next best taken', async () => {
  replace(StorageManager.prototype, 'getDirectory', () =>
    Promise.reject(new DOMException('not here', 'SecurityError')),
  );
  const second = await openCheckpointStore({ name: 'test' });
  expect([second.kind, second.note]).toEqual(['indexeddb', 'opfs: SecurityError: not here']);
  replace(IDBFactory.prototype, 'open', () => {
    throw new DOMException('nor here', 'InvalidStateError');
  });
  const third = await openCheckpointStore({ name: 'test' });
  expect(third.kind).toBe('memory');
  expect(third.note).toContain('opfs: SecurityError: not here; indexeddb: InvalidStateError: nor here');
  const failure = await failed(openCheckpointStore({ kind: 'indexeddb' }));
  expect(failure.reason).toBe('unavailable');
});

for (const kind of ['opfs', 'indexeddb'] as const)
  describe(kind, () => {
    const open = () => openCheckpointStore({ name: `test-${kind}`, kind });
    beforeEach(async () => {
      const store = await open();
      for (const name of await store.list()) await store.delete(name);
    });
    storeContract(open);

    test('another page finds it', async () => {
      await (await open()).save('x', bytes(1, 2));
      expect(await (await open()).load('x')).toEqual(bytes(1, 2));
    });

    test('no room: the error says how much was asked for, and what was there stays', async () => {
      const store = await open();
      await store.save('x', bytes(1, 2));
      const full = new DOMException('full', 'QuotaExceededError');
      const estimate = { usage: 3e6, quota: 4e6 };
      replace(StorageManager.prototype, 'estimate', () => Promise.resolve(estimate));
      if (kind === 'opfs')
        replace(FileSystemWritableFileStream.prototype, 'write', () => Promise.reject(full));
      else
        replace(IDBObjectStore.prototype, 'put', () => {
          throw full;
        });
      const failure = await failed(store.save('x', new Uint8Array(2_500_000)));
      expect(failure.reason).toBe('quota');
      expect(failure.message).toContain(
        'the checkpoint "x" takes 2.5 MB, which does not fit: the browser gives this page 4.0 MB, and 3.0 MB are in use',
      );
      for (const restore of undo) restore();
      expect(await store.load('x')).toEqual(bytes(1, 2));
      expect(await store.list()).toEqual(['x']);
      await store.save('x', bytes(3));
      expect(await store.load('x')).toEqual(bytes(3));
    });
  });

describe('OPFS, interrupted', () => {
  const open = () => openCheckpointStore({ name: 'test-crash', kind: 'opfs' });
  let folder: FileSystemDirectoryHandle;
  const files = async () => {
    const names: string[] = [];
    for await (const name of (folder as unknown as { keys(): AsyncIterable<string> }).keys())
      names.push(name);
    return names.sort();
  };
  const put = async (name: string, contents: Uint8Array<ArrayBuffer>) => {
    const writable = await (await folder.getFileHandle(name, { create: true })).createWritable();
    await writable.write(contents);
    await writable.close();
  };
  beforeEach(async () => {
    const root = await navigator.storage.getDirectory();
    await root.removeEntry('test-crash', { recursive: true }).catch(() => {});
    folder = await root.getDirectoryHandle('test-crash', { create: true });
  });

  test('two generations are kept', async () => {
    const store = await open();
    for (let i = 1; i <= 4; i++) await store.save('x', bytes(i));
    expect(await files()).toEqual(['x.3', 'x.4']);
  });

  test('whatever stands in the newest file, the one before is found, and goes only for a whole one', async () => {
    const store = await open();
    await store.save('x', bytes(1));
    await store.save('x', bytes(2));
    const whole = new Uint8Array(await (await (await folder.getFileHandle('x.2')).getFile()).arrayBuffer());
    for (const left of [new Uint8Array(), whole.slice(0, 10), whole.slice(0, -1), new Uint8Array(40)]) {
      await put('x.3', left);
      expect(await (await open()).load('x')).toEqual(bytes(2));
    }
    await store.save('x', bytes(4));
    expect(await files()).toEqual(['x.2', 'x.4']);
    expect(await store.load('x')).toEqual(bytes(4));
  });

  test('a page that ends between the making of a file and its contents', async () => {
    const store = await open();
    await store.save('x', bytes(1));
    replace(FileSystemFileHandle.prototype, 'createWritable', () => new Promise(() => {}));
    void store.save('y', bytes(2));
    void (await open()).save('x', bytes(3));
    await expect.poll(files).toEqual(['x.1', 'x.2', 'y.1']);
    for (const restore of undo) restore();
    const next = await open();
    expect(await next.list()).toEqual(['x']);
    expect(await next.load('x')).toEqual(bytes(1));
    await next.save('x', bytes(4));
    expect(await next.load('x')).toEqual(bytes(4));
  });

  test('damaged in all generations', async () => {
    const store = await open();
    await store.save('x', bytes(1));
    await put('x.1', bytes(1));
    await put('x.2', bytes(2));
    const failure = await failed(store.load('x'));
    expect(failure.reason).toBe('damaged');
    expect(failure.message).toBe('the checkpoint "x" is damaged, in all of its 2 generations; delete it');
    await store.delete('x');
    expect(await files()).toEqual([]);
  });
});

test('IndexedDB, interrupted: the one before stays', async () => {
  const store = await openCheckpointStore({ name: 'test-abort', kind: 'indexeddb' });
  await store.save('x', bytes(1));
  const put = IDBObjectStore.prototype.put;
  replace(IDBObjectStore.prototype, 'put', function (this: IDBObjectStore, ...args: Parameters<typeof put>) {
    const request = put.apply(this, args);
    request.addEventListener('success', () => request.transaction!.abort());
    return request;
  });
  const failure = await failed(store.save('x', bytes(2)));
  expect(failure.reason).toBe('unavailable');
  expect(failure.message).toContain('the checkpoint "x" could not be saved: ');
  for (const restore of undo) restore();
  expect(await store.load('x')).toEqual(bytes(1));
});
