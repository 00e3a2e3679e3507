/**
 * Options of fast-check's `assert`: so many random cases, the same ones every time. CLEBSCH_SEED draws others.
 */
export function runs(numRuns: number): { numRuns: number; seed: number } {
  const given = typeof process === 'undefined' ? undefined : process.env.CLEBSCH_SEED;
  return { numRuns, seed: given ? Number(given) : 1 };
}
