import { parseComment, parseLogical, parseNumber, type XyzValue } from './extxyz-comment.ts';
import { FileError, quoted } from './file-error.ts';
import { frameOf, takeKey, type XyzColumns, type XyzFrame } from './xyz-frame.ts';
import type { XyzOptions } from './xyz-labels.ts';

/** Characters; a list of numbers takes many times its text. */
const MAX_COMMENT = 1_000_000;

type Column = { name: string; type: XyzColumns['type']; width: number };

/**
 * Reads xyz and extended xyz (https://github.com/libAtoms/extxyz, "Extended XYZ specification"), any number of frames.
 * Without `Properties` a line is a symbol (or atomic number) and three coordinates, and what follows is left out.
 * `pbc` is by default T T T with a `Lattice` and F F F without. Names are matched without regard to capitals.
 *
 * @throws FileError that names the line, if the file is damaged: more atoms than lines, columns that do not add up, a
 * number that is not finite, an unknown element, energy and forces of two methods (see `XyzOptions`), a comment line of more
 * than 1,000,000 characters, no frame at all.
 * @example
 * ```ts
 * import { readXyz } from 'clebsch';
 * const [water] = readXyz('3\nenergy=-14.2\nO 0 0 0\nH 0.76 0.59 0\nH -0.76 0.59 0\n');
 * water.numbers; // => [8, 1, 1]
 * water.pos.slice(3, 6); // => [0.76, 0.59, 0]
 * [water.energy, water.pbc]; // => [-14.2, [false, false, false]]
 * ```
 */
export function readXyz(source: string | Uint8Array, options: XyzOptions = {}): XyzFrame[] {
  const lines = new Lines(typeof source === 'string' ? source : decode(source));
  const frames: XyzFrame[] = [];
  for (let line = lines.next(); line !== null; line = lines.next())
    if (line.trim() !== '') frames.push(readFrame(line, lines, options));
  if (frames.length === 0) lines.fail('the file has no frames: it is empty');
  return frames;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new FileError(
      'xyz',
      'file',
      `its ${bytes.length} bytes are no UTF-8 text that fits into memory (${(error as Error).message}); convert or split it`,
    );
  }
}

class Lines {
  /** Of the line that `next` gave last, from 1. */
  number = 0;
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  next(): string | null {
    if (this.at >= this.text.length) return null;
    const end = this.text.indexOf('\n', this.at);
    const line = this.text.slice(this.at, end < 0 ? undefined : end);
    this.at = end < 0 ? this.text.length : end + 1;
    this.number++;
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  }

  /** Characters that are left. */
  get left(): number {
    return this.text.length - this.at;
  }

  fail(what: string): never {
    throw new FileError('xyz', `line ${this.number}`, what);
  }
}

function readFrame(first: string, lines: Lines, options: XyzOptions): XyzFrame {
  const fail = lines.fail.bind(lines) as (what: string) => never;
  const count = Number(first.trim());
  if (!/^\s*\d+\s*$/.test(first) || !Number.isSafeInteger(count) || count === 0)
    fail(`${quoted(first)} must be the number of atoms of a frame, from 1`);
  const start = lines.number;
  const comment = lines.next();
  if (comment === null)
    return fail(`a frame of ${count} atoms starts here, but the file ends; it is cut off`);
  if (comment.length > MAX_COMMENT)
    fail(`a comment line of ${comment.length} characters; at most ${MAX_COMMENT} are read`);
  const { pairs, columns, isPlain } = readComment(comment, fail);
  const width = columns.reduce((sum, c) => sum + c.width, 0);
  // Before anything is allocated: a line has at least a character and a blank a column, but for the very last blank.
  if (count * 2 * width > lines.left + 1)
    throw new FileError(
      'xyz',
      `line ${start}`,
      `it says ${count} atoms of ${width} columns, but only ${lines.left} characters follow the comment line; the file is cut off, or the number wrong`,
    );
  const starts = lines.number + 1;
  const parsers = columns.map((column) => columnParser(column, count, fail));
  for (let atom = 0; atom < count; atom++) {
    const line = lines.next();
    if (line === null) return fail(`the file ends after ${atom} of ${count} atoms; it is cut off`);
    const words = line.trim() === '' ? [] : line.trim().split(/\s+/);
    if (isPlain ? words.length < width : words.length !== width)
      fail(
        `atom ${atom} of ${count} has ${words.length} columns, and ${width} are needed (${layoutOf(columns)})`,
      );
    let column = 0;
    for (const { width: w, put } of parsers) for (let j = 0; j < w; j++) put(words[column++], atom * w + j);
  }
  const arrays = new Map(columns.map(({ name }, i) => [name, parsers[i].columns]));
  return frameOf(arrays, pairs, options, starts, (what) => {
    throw new FileError('xyz', `line ${start + 1}`, what);
  });
}

const layoutOf = (columns: readonly Column[]) =>
  columns
    .map(({ name, type, width }) => `${name.slice(0, 40)}:${type}:${width}`)
    .join(':')
    .slice(0, 200);

function readComment(line: string, fail: (what: string) => never) {
  const isExtended = /(?:^|[\s"'])(?:Properties|Lattice)["']?\s*=/i.test(line);
  const hasColumns = /(?:^|[\s"'])Properties["']?\s*=/i.test(line);
  const plain: Column[] = [
    { name: 'species', type: 'S', width: 1 },
    { name: 'pos', type: 'R', width: 3 },
  ];
  let pairs: Map<string, XyzValue>;
  try {
    pairs = parseComment(line, hasColumns, (what, column) => fail(`${what}, at column ${column}`));
  } catch (error) {
    // Any text may stand here in plain xyz.
    if (isExtended) throw error;
    return { pairs: new Map<string, XyzValue>([['comment', line]]), columns: plain, isPlain: true };
  }
  const properties = takeKey(pairs, ['properties']);
  if (properties === undefined) return { pairs, columns: plain, isPlain: true };
  const parts = String(properties).split(':');
  if (parts.length % 3 !== 0)
    fail(`Properties=${quoted(String(properties))} must be name:type:count, again and again`);
  const columns: Column[] = [];
  for (let i = 0; i < parts.length; i += 3) {
    const [name, type, count] = parts.slice(i, i + 3);
    if (name === '' || !/^[RILS]$/.test(type) || !/^[1-9]\d{0,8}$/.test(count))
      fail(
        `Properties has ${quoted(`${name}:${type}:${count}`)}; a name, one of R I L S, and a number from 1 are needed`,
      );
    columns.push({ name, type: type as Column['type'], width: Number(count) });
  }
  const names = new Set<string>();
  for (const { name } of columns) {
    if (names.has(name)) fail(`Properties has ${quoted(name)} twice`);
    names.add(name);
  }
  return { pairs, columns, isPlain: false };
}

/** Takes the words of a column, one after the other. */
function columnParser({ name, type, width }: Column, count: number, fail: (what: string) => never) {
  const refuse = (word: string, i: number, what: string) =>
    fail(`${name.slice(0, 40)} of atom ${Math.floor(i / width)} is ${quoted(word)}, and must be ${what}`);
  if (type === 'S' || type === 'L') {
    const data: (string | boolean)[] = [];
    const put = (word: string, i: number) => {
      data.push(type === 'S' ? word : (parseLogical(word) ?? refuse(word, i, 'T or F')));
    };
    return { width, columns: { type, width, data: data as string[] | boolean[] }, put };
  }
  const data = new Float64Array(count * width);
  const put = (word: string, i: number) => {
    data[i] = parseNumber(word);
    if (!Number.isFinite(data[i])) refuse(word, i, 'a finite number');
    if (type === 'I' && !Number.isSafeInteger(data[i])) refuse(word, i, 'a whole number below 2^53');
  };
  return { width, columns: { type, width, data }, put };
}
