import { expect, test } from 'vitest';
import { type CheckpointStore, StoreError } from '../../src/io/checkpoint-store.ts';

/** What every store does. `open` gives the same store each time, for all that it keeps beyond the page. */
export function storeContract(open: () => Promise<CheckpointStore>): void {
  const bytes = (...values: number[]) => Uint8Array.from(values);

  test('keeps bytes under names, in place of those before', async () => {
    const store = await open();
    await store.save('a', bytes(1, 2, 3));
    await store.save('b', bytes());
    expect(await store.load('a')).toEqual(bytes(1, 2, 3));
    expect(await store.load('b')).toEqual(bytes());
    await store.save('a', bytes(9));
    await store.save('a', bytes(8, 7));
    await store.save('a', bytes(6, 5, 4));
    expect(await store.load('a')).toEqual(bytes(6, 5, 4));
    expect(await store.list()).toEqual(['a', 'b']);
    await store.delete('a');
    await store.delete('never there');
    expect(await store.list()).toEqual(['b']);
    await store.delete('b');
  });

  test('bytes are those of the moment of the call', async () => {
    const store = await open();
    const pool = bytes(0, 1, 2, 3, 4);
    const saving = store.save('x', pool.subarray(1, 4));
    pool.fill(7);
    await saving;
    const loaded = await store.load('x');
    expect(loaded).toEqual(bytes(1, 2, 3));
    loaded.fill(9);
    expect(await store.load('x')).toEqual(bytes(1, 2, 3));
    await store.delete('x');
  });

  test('names of any characters', async () => {
    const store = await open();
    const names = ['..', '.', 'a/b', 'a.1', 'a', 'ä %41?*', '__proto__', 'C:\\x', 'x'.repeat(100)];
    for (const [i, name] of names.entries()) await store.save(name, bytes(i));
    expect(await store.list()).toEqual([...names].sort());
    for (const [i, name] of names.entries()) expect(await store.load(name)).toEqual(bytes(i));
    for (const name of names) await store.delete(name);
    for (const bad of ['', 'x'.repeat(101), '\ud800']) {
      const failure = await store.save(bad, bytes(1)).catch((error) => error);
      expect(failure).toBeInstanceOf(StoreError);
      expect(failure.reason).toBe('name');
    }
    expect(await store.list()).toEqual([]);
  });

  test('a missing name: the message lists those that are there', async () => {
    const store = await open();
    const missing = (name: string) => store.load(name).catch((error) => error);
    expect((await missing('c')).message).toBe('there is no checkpoint "c"; there are none');
    await store.save('run 1', bytes(1));
    await store.save('run 2', bytes(1));
    const failure = await missing('c');
    expect(failure.message).toBe('there is no checkpoint "c"; there are run 1, run 2');
    expect(failure).toBeInstanceOf(StoreError);
    expect(failure.reason).toBe('missing');
    await store.delete('run 1');
    await store.delete('run 2');
  });

  test('many saves at once: the last one stays', async () => {
    const store = await open();
    await Promise.all([1, 2, 3, 4, 5].map((i) => store.save('x', new Uint8Array(1e5).fill(i))));
    expect(await store.load('x')).toEqual(new Uint8Array(1e5).fill(5));
    await store.delete('x');
  });
}
