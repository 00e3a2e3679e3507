import { literal } from '../graph/expression.ts';
import { type ColumnBlock, groupBy, indent, uncovered } from './wgsl.ts';

/**
 * Kernels made of sections: parts of a dispatch side by side, each with a range of invocations of its own. Numbers in
 * generated code are marked, so that sections that differ only in numbers are written once, for several `variant`s.
 * That keeps shaders short, and short shaders compile fast.
 */
export interface Section {
  readonly rows: number;
  /** Invocations of a row; the code calls them `c`, and the row `row`. */
  readonly channels: number;
  /** What an invocation does. */
  readonly code: string;
}

type Kind = 'offset' | 'fixed' | 'size' | 'factor' | 'given';
const mark = (kind: Kind, value: number) => `\u2039${kind} ${value}\u203a`;

/** A place in a buffer: sections whose offsets are linear in a counter share their code. */
export const offset = (value: number) => mark('offset', value);

/** An offset that few kernels have another value of: it is written into the code where all variants agree on it. */
export const fixedOffset = (value: number) => mark('fixed', value);

/** A whole number that is no offset: sections that share their code agree on it. */
export const size = (value: number) => mark('size', value);

/** A whole number that is never written into the code. */
export const given = (value: number) => mark('given', value);

/** A size that is a real number. */
export const factor = (value: number) => mark('factor', value);

const marks = /\u2039(\w+) ([^\u203a]+)\u203a/g;

/** One piece of code that stands for `count` pieces, whose marks are `steps` apart. */
interface Run {
  readonly code: string;
  readonly steps: readonly number[];
  readonly count: number;
}

/** Merges runs of pieces of code that are equal but for their marks, where offsets are linear in a counter and the others equal. */
function runsOf(pieces: readonly string[]): Run[] {
  const parsed = pieces.map((code) => [...code.matchAll(marks)].map((m) => Number(m[2])));
  const linear = [...pieces[0].matchAll(marks)].map((m) => m[1] === 'offset' || m[1] === 'fixed');
  const runs: Run[] = [];
  for (let first = 0; first < pieces.length; ) {
    const values = parsed[first];
    const difference = (n: number, i: number) => parsed[n][i] - values[i];
    const next = first + 1 < pieces.length && linear.every((is, i) => is || difference(first + 1, i) === 0);
    const steps = values.map((_, i) => (next ? difference(first + 1, i) : 0));
    let count = next ? 2 : 1;
    const continues = (n: number) =>
      n < pieces.length && steps.every((s, i) => difference(n, i) === (n - first) * s);
    while (next && continues(first + count)) count++;
    runs.push({ code: pieces[first], steps, count });
    first += count;
  }
  return runs;
}

/** Invocations that write zeros into the columns of a value that nothing else fills, `width` at a time. */
export function zeroSections(
  place: (offset: number) => string,
  rows: number,
  cols: number,
  blocks: readonly ColumnBlock[],
  width: number,
): Section[] {
  const zero = width === 4 ? 'vec4f()' : '0.0';
  return uncovered(cols, blocks).map(({ start, end }) => ({
    rows,
    channels: (end - start) / width,
    code: `${place(start / width)} = ${zero};`,
  }));
}

/** The numbers of a kernel's code: in a uniform buffer, so that kernels that differ in nothing else share a pipeline, or written. */
class Numbers {
  private readonly values: number[] = [];
  private readonly written: boolean;
  constructor(written: boolean) {
    this.written = written;
  }
  /** Text of a number that is read where it stands. */
  at(kind: string, value: number): string {
    const real = kind === 'factor';
    const written = kind === 'fixed' || this.written || this.values.length >= MOST_NUMBERS;
    if (written && kind !== 'given') return real ? literal(value) : `${value >>> 0}u`;
    const [bits] = real ? new Uint32Array(Float32Array.of(value).buffer) : [value >>> 0];
    const at = this.values.push(bits) - 1;
    const text = `sizes[${at >> 2}].${'xyzw'[at & 3]}`;
    return real ? `bitcast<f32>(${text})` : text;
  }
  get table(): Uint32Array {
    const { values } = this;
    return Uint32Array.from({ length: Math.ceil(values.length / 4) * 4 }, (_, i) => values[i] ?? 0);
  }
}

/** What every device binds as a uniform buffer, 64 KiB. Further numbers are written into the code. */
const MOST_NUMBERS = 1 << 14;

/**
 * The body of a kernel: `head`, then the sections in turn over the invocations `thread`; and its numbers, the uniform
 * `sizes`. `written` ones are constants of the code: faster, and compiled once for each kernel.
 */
export function dispatchSections(
  head: readonly string[],
  sections: readonly Section[],
  written: boolean,
): { code: string; threads: number; sizes: Uint32Array } {
  const some = sections.filter(({ rows, channels }) => rows * channels > 0);
  const skeleton = ({ code }: Section) => code.replace(marks, '\u2039$1\u203a');
  const alike = groupBy(some, (s) => `${skeleton(s)} ${s.rows} ${s.channels}`);
  let threads = 0;
  const code = [...head, 'var rest = thread;'];
  for (const group of alike)
    for (const { code: body, steps, count } of runsOf(group.map((s) => s.code))) {
      const { rows, channels } = group[0];
      const all = size(rows * channels * count);
      threads += rows * channels * count;
      let at = 0;
      const varied = body.replace(marks, (one, kind, value) => {
        const step = steps[at++];
        const varies = kind === 'offset' || kind === 'fixed';
        const constant = !varies || (step === 0 && (written || kind === 'fixed'));
        return constant ? one : `(${size(value)} + variant * ${size(step)})`;
      });
      const lines = [
        `let channels = ${size(channels)};`,
        'let invocation = rest / channels;',
        'let c = rest - invocation * channels;',
        ...(written && count === 1
          ? ['let row = invocation;']
          : [
              `let rows = ${size(rows)};`,
              'let variant = invocation / rows;',
              'let row = invocation - variant * rows;',
            ]),
        varied,
      ];
      code.push(
        `let end${code.length} = ${all};`,
        `if (rest < end${code.length}) {\n${indent(lines.join('\n'))}\n  return;\n}`,
        `rest -= end${code.length};`,
      );
    }
  const numbers = new Numbers(written);
  const text = code.join('\n').replace(marks, (_, kind, value) => numbers.at(kind, Number(value)));
  return { threads, code: text, sizes: numbers.table };
}
