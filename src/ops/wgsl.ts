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
