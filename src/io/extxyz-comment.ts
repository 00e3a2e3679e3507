import { quoted } from './file-error.ts';

type Scalar = number | boolean | string;

/** A value of an extended xyz comment line: one entry, a list, or a list of lists of equal length. */
export type XyzValue = Scalar | readonly Scalar[] | readonly (readonly Scalar[])[];

interface Word {
  readonly text: string;
  readonly isQuoted: boolean;
}

// The fraction is one group: with \d+\.?\d* a long row of digits would be tried in every split.
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eEdD][+-]?\d+)?$/;
const LOGICAL = /^(?:T|F|[tT]rue|[fF]alse|TRUE|FALSE)$/;

/** A number as Fortran or C prints it; NaN where it is none, and infinite where it is too large. */
export function parseNumber(text: string): number {
  return NUMBER.test(text) ? Number(text.replace(/[dD]/, 'e')) : Number.NaN;
}

/** T, F, true, False and so on; null where it is none. */
export function parseLogical(text: string): boolean | null {
  return LOGICAL.test(text) ? /^[tT]/.test(text) : null;
}

/**
 * Reads the key=value pairs of an extended xyz comment line (https://github.com/libAtoms/extxyz, "Extended XYZ
 * specification"). A list holds numbers, logical values or text, whichever all of its entries can be; a list by the
 * old rules, `"1 2"` or `{1 2}`, with one entry is that entry. A key without value is true, as ASE has it.
 *
 * @param bareKeys whether a key may be without value
 * @param fail throws; gets what is wrong and the column, from 1
 */
export function parseComment(
  line: string,
  bareKeys: boolean,
  fail: (what: string, column: number) => never,
): Map<string, XyzValue> {
  let at = 0;
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(line);
    if (!found) return null;
    at = pattern.lastIndex;
    return found[0];
  };
  const space = () => match(/\s*/y);
  const quotedText = (): string => {
    const start = at;
    const quote = line[at++];
    const parts: string[] = [];
    while (at < line.length && line[at] !== quote) {
      const escaped = line[at] === '\\';
      if (escaped) at++;
      parts.push(escaped && line[at] === 'n' ? '\n' : (line[at] ?? ''));
      at++;
    }
    if (at >= line.length) fail(`a quoted text does not end with ${quote}`, start + 1);
    at++;
    return parts.join('');
  };
  const word = (pattern: RegExp, what: string): Word => {
    if (line[at] === '"' || line[at] === "'") return { text: quotedText(), isQuoted: true };
    const text =
      match(pattern) ?? fail(`${what} must stand here, not ${quoted(line.slice(at, at + 20))}`, at + 1);
    return { text, isQuoted: false };
  };
  const numeric = (words: readonly Word[], column: number): Scalar[] | null => {
    if (words.some(({ isQuoted }) => isQuoted)) return null;
    const numbers = words.map(({ text }) => parseNumber(text));
    const infinite = numbers.findIndex((v) => Math.abs(v) === Number.POSITIVE_INFINITY);
    if (infinite >= 0) fail(`${quoted(words[infinite].text)} is too large for 64-bit floating point`, column);
    if (numbers.every((v) => !Number.isNaN(v))) return numbers;
    const logicals = words.map(({ text }) => parseLogical(text));
    return logicals.every((v) => v !== null) ? logicals : null;
  };
  const resolve = (words: readonly Word[], column: number): Scalar[] =>
    numeric(words, column) ?? words.map(({ text }) => text);
  /** Entries up to the closing bracket. */
  const list = <T>(open: string, separator: RegExp, close: string, entry: () => T): T[] => {
    const start = at++;
    const entries: T[] = [];
    for (;;) {
      space();
      if (line[at] === close && entries.length === 0) break;
      entries.push(entry());
      const between = match(separator);
      if (line[at] === close) break;
      if (at >= line.length) fail(`a list that starts with ${open} does not end with ${close}`, start + 1);
      if (!between) fail(`${quoted(line.slice(at, at + 20))} stands between the entries of a list`, at + 1);
    }
    at++;
    return entries;
  };
  const row = (): Word[] => list('[', /\s*,?/y, ']', () => word(/[^\s=",{}[\]\\]+/y, 'an entry'));
  const value = (): XyzValue => {
    const column = at + 1;
    const c = line[at];
    if (c === '"' || c === "'") {
      const text = quotedText();
      const words = text.trim().split(/\s+/);
      const values = numeric(
        words.map((w) => ({ text: w, isQuoted: false })),
        column,
      );
      if (!values) return text;
      return values.length === 1 ? values[0] : values;
    }
    if (c === '{') {
      const values = resolve(
        list('{', /[\s,]*/y, '}', () => word(/[^\s=",{}[\]\\]+/y, 'an entry')),
        column,
      );
      return values.length === 1 ? values[0] : values;
    }
    if (c === '[') {
      const before = at;
      const nested = match(/\[\s*\[/y);
      at = before;
      if (!nested) return resolve(row(), column);
      const rows = list('[', /\s*,?/y, ']', () =>
        line[at] === '[' ? row() : fail('a [ must stand here', at + 1),
      );
      const ragged = rows.find((r) => r.length !== rows[0].length);
      if (ragged)
        fail(`a list of lists has one of ${rows[0].length} entries and one of ${ragged.length}`, column);
      const all = resolve(rows.flat(), column);
      return rows.map((r, i) => all.slice(i * r.length, (i + 1) * r.length));
    }
    return resolve([word(/\S+/y, 'a value')], column)[0];
  };

  const pairs = new Map<string, XyzValue>();
  for (space(); at < line.length; ) {
    const column = at + 1;
    const { text: key } = word(/[^\s=",{}[\]\\]+/y, 'a key');
    if (pairs.has(key)) fail(`the key ${quoted(key)} is there twice`, column);
    const before = space();
    if (line[at] === '=') {
      at++;
      space();
      pairs.set(key, value());
      if (!space() && at < line.length)
        fail(
          `a blank must follow the value of ${quoted(key)}, not ${quoted(line.slice(at, at + 20))}`,
          at + 1,
        );
    } else if (bareKeys && (before || at >= line.length)) pairs.set(key, true);
    else fail(`= must follow the key ${quoted(key)}`, at + 1);
  }
  return pairs;
}
