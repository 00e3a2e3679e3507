/** Where each of several things starts when they stand one after the other: the sums of the sizes before it. */
export function startsOf(sizes: readonly number[]): number[] {
  let end = 0;
  return sizes.map((size) => {
    const start = end;
    end += size;
    return start;
  });
}
