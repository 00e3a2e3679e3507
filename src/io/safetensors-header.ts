import { isStoredType, type StoredType, storedTypes } from './dtype.ts';
import { FileError, quoted } from './file-error.ts';

/** What the header says of one tensor: bytes [begin, end) of the data. */
export interface HeaderEntry {
  readonly dtype: StoredType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  /** In the header's order. */
  readonly entries: Map<string, HeaderEntry>;
  readonly metadata: Map<string, string>;
}

/** torch's limit, and numpy's. */
export const MAX_DIMENSIONS = 64;

const code = (character: string) => character.charCodeAt(0);
const [QUOTE, BACKSLASH, ZERO, NINE] = ['"', '\\', '0', '9'].map(code);
const SPACES = new Set([' ', '\t', '\n', '\r'].map(code));

/**
 * Reads a safetensors header, bytes [start, end) of a file. It is JSON, but read by a grammar of its own, which has
 * no more depth than the format: what JSON.parse would make of a hostile header can be many times its size, and
 * JSON.parse keeps the last of duplicate keys without a word.
 *
 * @throws FileError where the header is not what the format says; `where` is the byte in the file.
 */
export function parseHeader(bytes: Uint8Array, start: number, end: number): Header {
  let at = start;
  const fail = (what: string, where = at): never => {
    throw new FileError('safetensors', `byte ${where}`, `${what}; the header is damaged: get the file again`);
  };
  const skipSpace = () => {
    while (at < end && SPACES.has(bytes[at])) at++;
  };
  /** Takes the character if it is next. */
  const take = (character: string): boolean => {
    skipSpace();
    if (at >= end || bytes[at] !== code(character)) return false;
    at++;
    return true;
  };
  const need = (...characters: string[]): string => {
    const found = characters.find(take);
    if (found !== undefined) return found;
    const next = at < end ? `there is ${quoted(String.fromCharCode(bytes[at]))}` : 'the header ends';
    return fail(`${next} where ${characters.join(' or ')} must stand`);
  };
  const string = (): string => {
    need('"');
    const first = at;
    let escaped = false;
    while (at < end && bytes[at] !== QUOTE) {
      if (bytes[at] < 0x20) fail(`the control character ${bytes[at]} stands in a string`);
      if (bytes[at] === BACKSLASH) {
        escaped = true;
        at++;
      }
      at++;
    }
    if (at >= end) fail('a string does not end', first);
    let text = '';
    try {
      text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(first, at));
    } catch {
      fail('a string is not UTF-8', first);
    }
    try {
      if (escaped) text = JSON.parse(`"${text}"`);
    } catch {
      fail(`the string ${quoted(text)} has a wrong escape`, first);
    }
    // Half a surrogate pair has no UTF-8: two such names could be written back as one.
    if (/\p{Surrogate}/u.test(text)) fail(`the string ${quoted(text)} has half a surrogate pair`, first);
    at++;
    return text;
  };
  const count = (): number => {
    skipSpace();
    const first = at;
    while (at < end && bytes[at] >= ZERO && bytes[at] <= NINE && at - first < 17) at++;
    const text = String.fromCharCode(...bytes.subarray(first, at));
    const value = Number(text);
    if (text === '' || (text.length > 1 && text[0] === '0') || !Number.isSafeInteger(value)) {
      const shown = String.fromCharCode(...bytes.subarray(first, Math.min(end, first + 20)));
      fail(`${quoted(shown)} does not start with a whole number from 0 to 2^53 - 1`, first);
    }
    return value;
  };
  const counts = (most: number): number[] => {
    need('[');
    const values: number[] = [];
    if (take(']')) return values;
    do {
      if (values.length === most) fail(`there are more than ${most} numbers in a list`);
      values.push(count());
    } while (need(',', ']') === ',');
    return values;
  };
  const object = (what: string, member: (key: string, where: number) => void) => {
    need('{');
    if (take('}')) return;
    const known = new Set<string>();
    do {
      skipSpace();
      const where = at;
      const key = string();
      if (known.has(key)) fail(`${what} has the key ${quoted(key)} twice`, where);
      known.add(key);
      need(':');
      member(key, where);
    } while (need(',', '}') === ',');
  };
  const entry = (name: string, where: number): HeaderEntry => {
    let dtype: StoredType | undefined;
    let shape: number[] | undefined;
    let offsets: number[] | undefined;
    object(`tensor ${quoted(name)}`, (key, keyAt) => {
      if (key === 'dtype') {
        const type = string();
        if (!isStoredType(type))
          throw new FileError(
            'safetensors',
            `tensor ${quoted(name)}`,
            `the number type ${quoted(type)} is not one that can be read (${storedTypes.join(', ')}); convert the tensor to F32`,
          );
        dtype = type;
      } else if (key === 'shape') shape = counts(MAX_DIMENSIONS);
      else if (key === 'data_offsets') offsets = counts(2);
      else fail(`tensor ${quoted(name)} has the key ${quoted(key)}, which the format does not know`, keyAt);
    });
    if (!dtype || !shape || offsets?.length !== 2)
      return fail(`tensor ${quoted(name)} must have dtype, shape and two data_offsets`, where);
    return { dtype, shape, begin: offsets[0], end: offsets[1] };
  };

  const entries = new Map<string, HeaderEntry>();
  const metadata = new Map<string, string>();
  object('the header', (name, where) => {
    if (name === '__metadata__') object(name, (key) => metadata.set(key, string()));
    else entries.set(name, entry(name, where));
  });
  skipSpace();
  if (at < end) fail(`there is more after the header's last }, at byte ${at} of ${end}`);
  return { entries, metadata };
}
