import { FileError } from './file-error.ts';

/** A value that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Limits of JSON in a file's metadata: characters of text, and depth. */
export const MAX_JSON = 1_000_000;
const MAX_DEPTH = 64;

/**
 * JSON with sorted keys: equal values, equal text.
 *
 * @throws Error at a value that would not come back from JSON as it is: undefined, NaN, a function, a cycle.
 */
export function canonicalJson(value: Json, what: string): string {
  const write = (v: Json, path: string, depth: number): string => {
    if (depth > MAX_DEPTH) throw new Error(`${what}${path}: more than ${MAX_DEPTH} levels deep`);
    if (v === null || typeof v === 'boolean' || typeof v === 'string') return JSON.stringify(v);
    if (typeof v === 'number' && Number.isFinite(v)) return Object.is(v, -0) ? '-0' : JSON.stringify(v);
    if (Array.isArray(v)) return `[${v.map((item, i) => write(item, `${path}[${i}]`, depth + 1)).join(',')}]`;
    if (typeof v === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(v))) {
      const object = v as { readonly [key: string]: Json };
      return `{${Object.keys(object)
        .sort()
        .map((key) => `${JSON.stringify(key)}:${write(object[key], `${path}.${key}`, depth + 1)}`)
        .join(',')}}`;
    }
    throw new Error(
      `${what}${path} is ${String(v)}; JSON has finite numbers, text, true, false, null, arrays and plain objects`,
    );
  };
  const text = write(value, '', 0);
  if (text.length > MAX_JSON)
    throw new Error(
      `${what} takes ${text.length} characters, and at most ${MAX_JSON} are allowed; put long arrays into states`,
    );
  return text;
}

/** Parses JSON of a file. Its size and depth are checked first, because what JSON.parse makes of them can be large. */
export function parseJson(text: string, format: string, where: string): Json {
  const fail = (what: string): never => {
    throw new FileError(format, where, what);
  };
  if (text.length > MAX_JSON) fail(`${text.length} characters of JSON; at most ${MAX_JSON} are read`);
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (inString) {
      if (c === '\\') i++;
      else if (c === '"') inString = false;
    } else if (c === '"') inString = true;
    else if (c === '[' || c === '{') depth++;
    else if (c === ']' || c === '}') depth--;
    if (depth > MAX_DEPTH) fail(`JSON more than ${MAX_DEPTH} levels deep; the file is damaged`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    return fail(`not JSON (${(error as Error).message.slice(0, 80)}); the file is damaged`);
  }
}

/** The first place where two JSON values differ, as ".mul" or "[2].name", and what stands there; null where they agree. */
export function firstDifference(a: Json, b: Json, path = ''): { path: string; a: string; b: string } | null {
  const isObject = (v: Json | undefined) => typeof v === 'object' && v !== null;
  if (isObject(a) && isObject(b) && Array.isArray(a) === Array.isArray(b)) {
    for (const key of new Set([...Object.keys(a!), ...Object.keys(b!)])) {
      const at = Array.isArray(a) ? `${path}[${key}]` : `${path}.${key}`;
      const [x, y] = [a, b].map((v) =>
        Object.hasOwn(v as object, key) ? (v as { [key: string]: Json })[key] : undefined,
      );
      if (x === undefined || y === undefined) return { path: at, a: shown(x), b: shown(y) };
      const found = firstDifference(x, y, at);
      if (found) return found;
    }
    return null;
  }
  return Object.is(a, b) ? null : { path, a: shown(a), b: shown(b) };
}

function shown(value: Json | undefined): string {
  const text = value === undefined ? 'not given' : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}...` : text;
}
