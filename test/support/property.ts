import fc from 'fast-check';
import { type OptimizationChoice, optimizationNames } from '../../src/graph/optimizations.ts';

/**
 * Options of fast-check's `assert`: so many random cases, the same ones every time. CLEBSCH_SEED draws others.
 */
export function runs(numRuns: number): { numRuns: number; seed: number } {
  const given = typeof process === 'undefined' ? undefined : process.env.CLEBSCH_SEED;
  return { numRuns, seed: given ? Number(given) : 1 };
}

/** Any rules on, the others off; all of them and none of them come first. */
export const someOptimizations: fc.Arbitrary<OptimizationChoice> = fc.oneof(
  fc.boolean(),
  fc.record(Object.fromEntries(optimizationNames.map((name) => [name, fc.boolean()]))),
);
