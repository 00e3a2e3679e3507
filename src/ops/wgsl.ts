/** Small pieces of text that generated kernels share. */

export function indent(text: string, by = 2): string {
  return text.replace(/^(?=.)/gm, ' '.repeat(by));
}

/** Columns of components k and channels u: (k, u) stands at `offset + k * stride + u`. */
export interface ColumnBlock {
  readonly offset: number;
  readonly stride: number;
  readonly mul: number;
  readonly dim: number;
}

/** Column ranges of 0 .. cols that none of the blocks covers: what a kernel must fill with zeros. */
export function uncovered(cols: number, blocks: readonly ColumnBlock[]): { start: number; end: number }[] {
  const covered = new Uint8Array(cols);
  for (const { offset, stride, mul, dim } of blocks)
    for (let k = 0; k < dim; k++) covered.fill(1, offset + k * stride, offset + k * stride + mul);
  const ranges: { start: number; end: number }[] = [];
  for (let c = 0; c < cols; c++)
    if (!covered[c]) {
      const last = ranges.at(-1);
      if (last?.end === c) last.end++;
      else ranges.push({ start: c, end: c + 1 });
    }
  return ranges;
}

/**
 * Marks a whole number in generated code as an offset: a place in a buffer. Code that differs in nothing but its
 * offsets is written once, for a range of invocations, with offsets that are linear in a counter.
 * That keeps shaders short, and short shaders compile fast.
 */
export function offset(value: number): string {
  return `\u2039${value}\u203a`;
}

const marks = /\u2039(-?\d+)\u203a/g;

/** Numbers modulo 2^32, as WGSL's u32 computes: a negative step is a large positive one. */
const wrapped = (value: number) => `${value >>> 0}u`;

/** One piece of code that stands for `count` pieces. */
interface Merged {
  readonly code: string;
  readonly count: number;
}

/** Merges runs of pieces whose offsets are linear in their number, which the code calls `counter`. */
function mergeRuns(pieces: readonly string[], counter: string): Merged[] {
  const parsed = pieces.map((code) => ({
    code,
    skeleton: code.replace(marks, '\u2039\u203a'),
    offsets: [...code.matchAll(marks)].map((m) => Number(m[1])),
  }));
  const merged: Merged[] = [];
  for (let first = 0; first < parsed.length; ) {
    const { skeleton, offsets, code } = parsed[first];
    let count = 1;
    const steps = parsed[first + 1]?.offsets.map((o, i) => o - offsets[i]) ?? [];
    const continues = (n: number) =>
      parsed[first + n]?.skeleton === skeleton &&
      parsed[first + n].offsets.every((o, i) => o === offsets[i] + n * steps[i]);
    while (continues(count)) count++;
    let at = 0;
    const text = code.replace(marks, (mark, value) => {
      const step = count === 1 ? 0 : steps[at];
      at++;
      return step === 0 ? mark : `(${offset(Number(value))} + ${counter} * ${wrapped(step)})`;
    });
    merged.push({ code: text, count });
    first += count;
  }
  return merged;
}

/** Items with equal keys together, in the order in which their keys first occur. */
export function groupBy<T>(items: readonly T[], key: (x: T) => string | number): T[][] {
  const groups = new Map<string | number, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return [...groups.values()];
}

/** A part of a kernel: how many invocations it takes, and what invocation `q` of them does. */
export interface Section {
  readonly threads: number;
  readonly code: string;
}

/** Invocations that write zeros into the columns of `result` that nothing else fills, `width` at a time. */
export function zeroSections(
  result: string,
  rows: number,
  cols: number,
  blocks: readonly ColumnBlock[],
  width: number,
): Section[] {
  return uncovered(cols, blocks).map(({ start, end }) => {
    const columns = (end - start) / width;
    const zero = width === 4 ? 'vec4f()' : '0.0';
    return {
      threads: rows * columns,
      code: `${result}[(q / ${columns}u) * ${cols / width}u + ${offset(start / width)} + q % ${columns}u] = ${zero};`,
    };
  });
}

/** Sections side by side over the invocations `thread`; those that differ only in offsets share their code. */
export function dispatchSections(sections: readonly Section[]): Section {
  const alike = groupBy(sections, (s) => `${s.threads} ${s.code.replace(marks, '')}`);
  let threads = 0;
  const code: string[] = [];
  for (const group of alike) {
    const each = group[0].threads;
    for (const { code: body, count } of mergeRuns(
      group.map((s) => s.code),
      'variant',
    )) {
      const lines = [
        `let q = ${count === 1 ? `thread - ${threads}u` : `(thread - ${threads}u) % ${each}u`};`,
      ];
      if (count > 1) lines.push(`let variant = (thread - ${threads}u) / ${each}u;`);
      threads += each * count;
      code.push(`if (thread < ${threads}u) {\n${indent([...lines, body].join('\n'))}\n  return;\n}`);
    }
  }
  return { threads, code: code.join('\n').replace(marks, (_, value) => wrapped(Number(value))) };
}
