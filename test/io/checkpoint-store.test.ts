import { describe, expect, test } from 'vitest';
import { memoryCheckpointStore } from '../../src/io/checkpoint-store.ts';
import { openCheckpointStore } from '../../src/io/open-checkpoint-store.ts';
import { crc32, sealed, unsealed } from '../../src/io/seal.ts';
import { storeContract } from './store-contract.ts';

describe('in memory', () => {
  storeContract(async () => memoryCheckpointStore());
});

test('where there is no browser, memory is what is left, and it says so', async () => {
  const store = await openCheckpointStore();
  expect(store.kind).toBe('memory');
  expect(store.note).toMatch(
    /^kept in memory until the page is closed\. opfs: .*; indexeddb: .*private window/,
  );
  const failure = await openCheckpointStore({ kind: 'opfs' }).catch((error) => error);
  expect(failure.reason).toBe('unavailable');
  expect(failure.message).toMatch(/^checkpoints cannot be kept in opfs here: opfs: \w*Error/);
});

test('a seal shows every damage', () => {
  // The check value of CRC-32.
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  const bytes = Uint8Array.of(1, 2, 3, 4, 5);
  const file = sealed(bytes);
  expect(unsealed(file)).toEqual(bytes);
  for (let n = 0; n < file.length; n++) expect(unsealed(file.slice(0, n))).toBe(null);
  for (const n of [...file.keys()].filter((i) => i < 20 || i >= 24)) {
    const damaged = file.slice();
    damaged[n] ^= 4;
    expect(unsealed(damaged), `byte ${n}`).toBe(null);
  }
  expect(unsealed(new Uint8Array(24))).toBe(null);
});
