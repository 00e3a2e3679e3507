import fc from 'fast-check';
import { expect } from 'vitest';
import { FileError } from '../../src/io/file-error.ts';

/** Bytes of text. */
export const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Of large arrays much faster than `toEqual`. */
export const isSame = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

/** The result, or the FileError; anything else that is thrown fails the test. */
export function readOrRefuse<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    expect(error.message.length).toBeLessThan(1000);
    return null;
  }
}

/** One damage: bytes from `at` (a fraction of the length) on replaced, inserted, removed, doubled, or all cut off. */
const damage = fc.record({
  at: fc.nat({ max: 9999 }).map((n) => n / 10000),
  kind: fc.constantFrom('replace', 'insert', 'remove', 'double', 'cut'),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 4 }),
    fc.constantFrom('"', '}', '{', ']', '[', ',', '-', '9', '0', '\\', ' ', '\n', '=', '\xff').map(bytesOf),
    fc.constantFrom('1e999', '99999999999999999999', 'null', '"__proto__":', '\\ud800', '\t\t').map(bytesOf),
  ),
});

/** A valid file, damaged in up to three places, most of them in its first part. */
export function damaged(file: Uint8Array, firstPart: number): fc.Arbitrary<Uint8Array> {
  return fc.array(fc.tuple(damage, fc.boolean()), { minLength: 1, maxLength: 3 }).map((damages) =>
    damages.reduce<Uint8Array>((bytes, [{ at, kind, bytes: other }, early]) => {
      const i = Math.floor(at * (early ? Math.min(firstPart, bytes.length) : bytes.length));
      const [before, after] = [bytes.slice(0, i), bytes.slice(i)];
      const n = other.length;
      if (kind === 'replace') return joined(before, other, after.slice(n));
      if (kind === 'insert') return joined(before, other, after);
      if (kind === 'remove') return joined(before, after.slice(n));
      if (kind === 'double') return joined(before, after.slice(0, 8 * n), after);
      return before;
    }, file),
  );
}

export function joined(...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
