import * as e from '../graph/expression.ts';
import type { Piece, View } from '../graph/node.ts';
import { affineRuns } from './affine-runs.ts';
import { groupBy } from './wgsl.ts';

/** A number that a body reads: input[(row ? r * cols : 0) + (column ? c : 0) + offset + k * step], in term k of a sum. */
export interface Read {
  readonly input: number;
  readonly row: boolean;
  readonly column: boolean;
  readonly offset: number;
  readonly step: number;
  /** Whether that is where the value has the number that is computed. */
  readonly here: boolean;
}

/** Terms 0 .. count that are alike, added up in that order. */
export interface Sum {
  readonly expression: e.Expression;
  readonly reads: readonly Read[];
  readonly count: number;
}

/**
 * What a piece computes, its columns counted from 0: `expression` of the numbers read, then of the sums. Additions of
 * terms that differ only in where they read have become sums.
 */
export interface Rolled {
  readonly start: number;
  readonly width: number;
  readonly expression: e.Expression;
  readonly reads: readonly Read[];
  readonly sums: readonly Sum[];
}

/** Code that several pieces share: the first of them, and the numbers (`numbersOf`) of each. */
export interface Body {
  readonly piece: Rolled;
  readonly numbers: readonly (readonly number[])[];
}

/** The pieces of a value, those that differ only in `numbersOf` together. `wide`: which inputs have as many columns as it. */
export function bodiesOf(pieces: readonly Piece[], wide: (input: number) => boolean): Body[] {
  const rolled = pieces.map((piece) => roll(piece, wide));
  return groupBy(rolled, alike).map((group) => ({ piece: group[0], numbers: group.map(numbersOf) }));
}

/** The whole numbers by which pieces of one body may differ. */
function numbersOf({ start, width, reads, sums }: Rolled): number[] {
  return [
    start,
    width,
    ...reads.map(({ offset }) => offset),
    ...sums.flatMap((sum) => [
      sum.count,
      ...sum.reads.map(({ offset }) => offset),
      ...sum.reads.map(({ step }) => step),
    ]),
  ];
}

/** A step that is written into the code, since there is none, or nothing to multiply. */
export const isPlainStep = (step: number) => step === 0 || step === 1;

function alike({ expression, reads, sums }: Rolled): string {
  const text = (reads: readonly Read[], x: e.Expression, more: readonly string[] = []) => {
    const names = reads.map(
      (read) =>
        `${read.input}${read.row ? 'r' : ''}${read.column ? 'c' : ''}${read.here ? 'h' : ''}` +
        `${isPlainStep(read.step) ? read.step : 's'}`,
    );
    const args = [...reads, ...more].map((_, i) => `#${i}`);
    const { lines, result } = e.toWgsl(x, args);
    return [...names, ...lines, result].join('\n');
  };
  return [
    text(
      reads,
      expression,
      sums.map(() => ''),
    ),
    ...sums.map((sum) => text(sum.reads, sum.expression)),
  ].join('\n\n');
}

/** Shorter chains of additions stay as they are. */
const FEWEST_TERMS = 3;

function roll({ start, end, expression, views, over }: Piece, wide: (input: number) => boolean): Rolled {
  const width = end - start;
  if (over) {
    const reads = views.map((v) => ({ ...v, column: false, step: v.column ? 1 : 0, here: false }));
    return {
      start,
      width,
      expression: e.argument(0),
      reads: [],
      sums: [{ expression, reads, count: over }],
    };
  }
  const all = views.map((v) => {
    const here = v.row && v.column && v.offset === 0 && wide(v.input);
    return { ...v, offset: v.offset + (v.column ? start : 0), step: 0, here };
  });
  const sums: Sum[] = [];
  const known = new Map<e.Expression, e.Expression>();
  const visit = (x: e.Expression): e.Expression => {
    if (x.kind !== 'call') return x;
    let result = known.get(x);
    if (!result) {
      result =
        x.name === 'add' ? added(termsOf(x)).reduce(e.add) : { ...x, args: x.args.map((arg) => visit(arg)) };
      known.set(x, result);
    }
    return result;
  };
  const added = (terms: readonly e.Expression[]): e.Expression[] => {
    const own = terms.map((term) => compact(term, all));
    let at = 0;
    return affineRuns(own, termKey, ({ reads }) => reads.map(({ offset }) => offset)).flatMap(
      ({ item, run: { count, step } }) => {
        const parts = terms.slice(at, at + count);
        at += count;
        if (count < FEWEST_TERMS) return parts.map(visit);
        const reads = item.reads.map((read, i) => ({ ...read, step: step[i], here: false }));
        return e.argument(all.length + sums.push({ ...item, reads, count }) - 1);
      },
    );
  };
  return { start, width, sums, ...compact(visit(expression), all) };
}

/** The terms of a chain of additions, in their order. */
function termsOf(x: e.Expression): e.Expression[] {
  const terms: e.Expression[] = [];
  let rest = x;
  for (; rest.kind === 'call' && rest.name === 'add'; rest = rest.args[0]) terms.push(rest.args[1]);
  return [...terms, rest].reverse();
}

/** An expression over the reads that it needs, in the order in which it needs them; other arguments come after those. */
function compact(x: e.Expression, all: readonly Read[]): { expression: e.Expression; reads: Read[] } {
  const used = [...e.argumentsOf(x)].filter((i) => i < all.length);
  const args: e.Expression[] = [];
  used.forEach((i, at) => {
    args[i] = e.argument(at);
  });
  for (const i of e.argumentsOf(x)) args[i] ??= e.argument(i - all.length + used.length);
  return { expression: e.substitute(x, args), reads: used.map((i) => all[i]) };
}

const termKey = ({ expression, reads }: { expression: e.Expression; reads: readonly View[] }) => {
  const { lines, result } = e.toWgsl(
    expression,
    reads.map((_, i) => `#${i}`),
  );
  return [...reads.map(({ input, row, column }) => `${input} ${row} ${column}`), ...lines, result].join('\n');
};
