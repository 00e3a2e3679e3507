/** What a visitor or a teacher may set of an element: the same text in an attribute, in the page's URL and in a message. */

export interface Field<T> {
  /** Its name as an attribute and in a URL, where that is not the property's name in kebab case. */
  readonly key?: string;
  readonly default: T;
  /** What a text must be, to end the sentence "... must be". */
  readonly rule: string;
  /** The value that a text means, or undefined where it breaks the rule. */
  parse(text: string): T | undefined;
  write(value: T): string;
}

// biome-ignore lint/suspicious/noExplicitAny: a table of fields of any types.
export type Fields = Readonly<Record<string, Field<any>>>;

/** The state that a table of fields declares. */
export type StateOf<F extends Fields> = { [K in keyof F]: F[K] extends Field<infer T> ? T : never };

interface Named {
  readonly key?: string;
}

/** A whole number from `min` to `max`. */
export function wholeNumber(start: number, min: number, max: number, named: Named = {}): Field<number> {
  const allows = (value: number) => Number.isInteger(value) && value >= min && value <= max;
  return numeric(start, `a whole number from ${min} to ${max}`, allows, named);
}

/** A number from `min` to `max`; with `open` above `min`. */
export function numberBetween(
  start: number,
  min: number,
  max: number,
  named: Named & { readonly open?: boolean } = {},
): Field<number> {
  const { open, ...rest } = named;
  const allows = (value: number) => (open ? value > min : value >= min) && value <= max;
  return numeric(start, open ? `above ${min} and at most ${max}` : `from ${min} to ${max}`, allows, rest);
}

/** One of these words, or of these numbers. */
export function oneOf<const T extends string | number>(
  start: T,
  values: readonly T[],
  named: Named = {},
): Field<T> {
  return {
    ...named,
    default: start,
    rule: values.length > 1 ? `${values.slice(0, -1).join(', ')} or ${values.at(-1)}` : String(values[0]),
    parse: (text) => values.find((value) => String(value) === text.trim()),
    write: String,
  };
}

/** On or off: "1" or "0"; as an attribute without a value it is on. */
export function flag(start: boolean, named: Named = {}): Field<boolean> {
  const meanings: Readonly<Record<string, boolean>> = {
    '': true,
    '1': true,
    true: true,
    '0': false,
    false: false,
  };
  return {
    ...named,
    default: start,
    rule: '1 or 0',
    parse: (text) => meanings[text.trim()],
    write: (value) => (value ? '1' : '0'),
  };
}

/** `count` numbers with commas between them, each of at most `digits` significant digits when it is written. */
export function numbers(
  start: readonly number[],
  named: Named & { readonly digits?: number } = {},
): Field<readonly number[]> {
  const { digits = 6, ...rest } = named;
  return {
    ...rest,
    default: start,
    rule: `${start.length} numbers with commas between them`,
    parse: (text) => {
      const values = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
      return values.length === start.length && values.every(Number.isFinite) ? values : undefined;
    },
    write: (values) => values.map((value) => String(Number(value.toPrecision(digits)))).join(','),
  };
}

/** Up to `most` numbers with commas between them, none by default. */
export function numberList(
  most: number,
  named: Named & { readonly digits?: number } = {},
): Field<readonly number[]> {
  const { digits = 6, ...rest } = named;
  return {
    ...rest,
    default: [],
    rule: `at most ${most} numbers with commas between them`,
    parse: (text) => {
      const values =
        text.trim() === ''
          ? []
          : text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
      return values.length <= most && values.every(Number.isFinite) ? values : undefined;
    },
    write: (values) => values.map((value) => String(Number(value.toPrecision(digits)))).join(','),
  };
}

function numeric(
  start: number,
  rule: string,
  allows: (value: number) => boolean,
  named: Named,
): Field<number> {
  return {
    ...named,
    default: start,
    rule,
    parse: (text) => {
      const value = text.trim() === '' ? Number.NaN : Number(text);
      return allows(value) ? value : undefined;
    },
    write: String,
  };
}

/** The name of a field as an attribute and in a URL. */
export function keyOf(fields: Fields, name: string): string {
  return fields[name].key ?? name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** All fields at their defaults. */
export function defaultsOf(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.default]));
}

/** What texts by key mean; keys of no field are left out, and texts that break a field's rule are told of. */
export function parseFields(
  fields: Fields,
  textOf: (key: string) => string | null,
): { values: Record<string, unknown>; problems: string[] } {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, field] of Object.entries(fields)) {
    const key = keyOf(fields, name);
    const text = textOf(key);
    if (text === null) continue;
    const value = field.parse(text);
    if (value === undefined) problems.push(`${key} is "${text}", but must be ${field.rule}`);
    else values[name] = value;
  }
  return { values, problems };
}

/** A state as texts by key. */
export function writeFields(
  fields: Fields,
  state: Readonly<Record<string, unknown>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [keyOf(fields, name), field.write(state[name])]),
  );
}
