// From measurements to the table and the JSON that the program prints.
import { KINDS, type Kind, type Measurement } from './measure.ts';
import type { CaseResult } from './run.ts';

export interface Failure {
  readonly case: string;
  /** The arrays that are too far off; empty where the case threw. */
  readonly arrays: readonly Measurement[];
  readonly message: string | null;
}

export interface FamilyReport {
  readonly family: string;
  readonly cases: number;
  readonly passed: number;
  /** The worst of each kind; null where nothing of the kind was compared. */
  readonly errors: Readonly<Record<Kind, number | null>>;
  readonly failed: readonly Failure[];
  /** Cases that were not run, for want of something in this version: how many, by what they need. Not among `cases`. */
  readonly notCovered: Readonly<Record<string, number>>;
}

export function reportFamily(
  family: string,
  results: readonly CaseResult[],
  notCovered: FamilyReport['notCovered'],
): FamilyReport {
  const failed = results.flatMap(({ case: name, measurements, failure }): Failure[] => {
    // Written so that NaN fails.
    const arrays = measurements.filter(({ error, bound }) => !(error <= bound));
    return failure === null && arrays.length === 0 ? [] : [{ case: name, arrays, message: failure }];
  });
  const worst = (kind: Kind) =>
    results
      .flatMap(({ measurements }) => measurements)
      .filter((m) => m.kind === kind)
      .reduce<number | null>((most, { error }) => (most !== null && most >= error ? most : error), null);
  return {
    family,
    cases: results.length,
    passed: results.length - failed.length,
    errors: Object.fromEntries(KINDS.map((kind) => [kind, worst(kind)])) as FamilyReport['errors'],
    failed,
    notCovered,
  };
}

const HEADINGS: Readonly<Record<Kind, string>> = {
  reference: 'reference',
  forward: 'forward',
  first: 'first',
  second: 'second',
  adamReference: 'Adam f64',
  adamGpu: 'Adam GPU',
};

const columns = (cells: readonly string[]) =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(22) : cell.padStart(11))).join('');

export const tableHead = columns(['family', 'cases', 'passed', ...KINDS.map((kind) => HEADINGS[kind])]);

export function tableRow({ family, cases, passed, errors }: FamilyReport): string {
  const mark = passed === cases && cases > 0 ? '✓' : '✗';
  const worst = KINDS.map((kind) => {
    const error = errors[kind];
    return error === null ? '-' : error === 0 ? '0' : error.toExponential(1);
  });
  return columns([`${mark} ${family}`, `${cases}`, `${passed}`, ...worst]);
}

/** Lines about the failing cases: which array, how far off, how far it may be. */
export function failureLines({ family, failed }: FamilyReport): string[] {
  return failed.flatMap(({ case: name, arrays, message }) => [
    `✗ ${family} ${name}`,
    ...(message === null ? [] : message.split('\n').map((line) => `    ${line}`)),
    ...arrays.map(
      ({ kind, array, error, bound }) =>
        `    ${array} (${HEADINGS[kind]}): error ${error.toExponential(2)}, bound ${bound.toExponential(0)}`,
    ),
  ]);
}

/** A line for what a family's files have and this version has not. */
export function notCoveredLines({ family, notCovered }: FamilyReport): string[] {
  const list = Object.entries(notCovered);
  if (list.length === 0) return [];
  const total = list.reduce((sum, [, count]) => sum + count, 0);
  const names = list.map(([name, count]) => `${name} (${count} case${count === 1 ? '' : 's'})`);
  return [`not run: ${total} of ${family}, which need what this version does not cover: ${names.join(', ')}`];
}

/** JSON has no Infinity and no NaN; they become strings, as in the fixtures. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, item) =>
    typeof item === 'number' && !Number.isFinite(item) ? String(item) : item,
  );
}
