/** Times in milliseconds. */
export interface Times {
  readonly median: number;
  readonly min: number;
  readonly count: number;
}

export interface Sampling {
  /** At least so many samples, at most so many, and no new one after so many milliseconds. */
  readonly least: number;
  readonly most: number;
  readonly budget: number;
}

export function timesOf(samples: readonly number[]): Times {
  const sorted = [...samples].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return { median: (low + high) / 2, min: sorted[0], count: sorted.length };
}

/** Runs `once` again and again, and gives the time that each run took, divided by `per`. */
export async function sample(once: () => Promise<unknown>, sampling: Sampling, per = 1): Promise<Times> {
  const samples: number[] = [];
  const start = performance.now();
  while (
    samples.length < sampling.least ||
    (samples.length < sampling.most && performance.now() - start < sampling.budget)
  ) {
    const before = performance.now();
    await once();
    samples.push((performance.now() - before) / per);
  }
  return timesOf(samples);
}
