/** Lists of things that are alike, cut into runs whose offsets are linear: what fits in a row of a kernel's table. */

/** Offsets of a list of things that are alike, linear in their number: the first and the step. */
export interface Affine {
  readonly count: number;
  readonly first: readonly number[];
  readonly step: readonly number[];
}

/** Cuts a list into runs of equal `shape` whose offsets are linear in their number. */
export function affineRuns<T>(
  items: readonly T[],
  shape: (x: T) => string,
  offsets: (x: T) => number[],
): { item: T; run: Affine }[] {
  const runs: { item: T; run: Affine }[] = [];
  for (let at = 0; at < items.length; ) {
    const first = offsets(items[at]);
    const key = shape(items[at]);
    const step =
      at + 1 < items.length ? offsets(items[at + 1]).map((o, i) => o - first[i]) : first.map(() => 0);
    let count = 1;
    while (
      at + count < items.length &&
      shape(items[at + count]) === key &&
      offsets(items[at + count]).every((o, i) => o === first[i] + count * step[i])
    )
      count++;
    runs.push({ item: items[at], run: { count, first, step: count === 1 ? first.map(() => 0) : step } });
    at += count;
  }
  return runs;
}

/** The bits of a 32-bit number, for tables of whole numbers. */
export const floatBits = (value: number) => new Uint32Array(Float32Array.of(value).buffer)[0];
