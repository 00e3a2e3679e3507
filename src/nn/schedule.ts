import * as e from '../graph/expression.ts';

/**
 * What the learning rate is multiplied by, as an expression of the step's number, which counts from 1. The GPU
 * evaluates it, so that many steps can go into one submit. Schedules are multiplied by `expression.mul`.
 *
 * @example
 * ```ts
 * import { adam, expression as e, warmup } from 'clebsch';
 * const late = (step: e.Expression) => e.mul(warmup(100)(step), e.power(step, -0.5));
 * e.evaluate(late(e.number(4)), []); // => 0.02
 * adam([0], { schedule: late }).states.step; // => "adam.step"
 * ```
 */
export type Schedule = (step: e.Expression) => e.Expression;

const n = e.number;

/** min(a, b) and max(a, b) select by a difference, which is 0 where both are equal: either will do. */
const clamp = (x: e.Expression) => e.max(n(0), e.min(n(1), x));

function whole(what: string, steps: number): void {
  if (!(Number.isInteger(steps) && steps > 0))
    throw new Error(`${what}: ${steps} steps, but it takes a whole number of them from 1`);
}

/**
 * Rises in equal parts to 1 at step `steps`, and stays there.
 *
 * @throws Error if `steps` is no whole number from 1.
 * @example
 * ```ts
 * import { expression as e, warmup } from 'clebsch';
 * [1, 2, 4, 5].map((step) => e.evaluate(warmup(4)(e.number(step)), [])); // => [0.25, 0.5, 1, 1]
 * ```
 */
export function warmup(steps: number): Schedule {
  whole('warmup', steps);
  return (step) => clamp(e.mul(step, n(1 / steps)));
}

/**
 * Half a cosine from 1 at the first step to `end` at step `steps`, and stays there (I. Loshchilov, F. Hutter,
 * arXiv:1608.03983; torch `CosineAnnealingLR`), after `rise` steps of warm-up, which are among the `steps`.
 *
 * @throws Error if `steps` or `rise` is no whole number, or the warm-up leaves no step.
 * @example
 * ```ts
 * import { cosineDecay, expression as e } from 'clebsch';
 * [1, 3, 5, 9].map((step) => e.evaluate(cosineDecay(5)(e.number(step)), []).toFixed(3)); // => ["1.000", "0.500", "0.000", "0.000"]
 * ```
 */
export function cosineDecay(steps: number, { end = 0, rise = 0 } = {}): Schedule {
  whole('cosineDecay', steps);
  if (rise !== 0) whole('cosineDecay: warm-up', rise);
  if (rise >= steps) throw new Error(`cosineDecay: ${rise} of ${steps} steps are warm-up, which leaves none`);
  const first = Math.max(1, rise);
  return (step) => {
    const t = clamp(e.mul(e.sub(step, n(first)), n(1 / Math.max(1, steps - first))));
    const wave = e.add(n(0.5), e.mul(n(0.5), e.cos(e.mul(n(Math.PI), t))));
    const decay = e.add(n(end), e.mul(n(1 - end), wave));
    return rise > 0 ? e.mul(warmup(rise)(step), decay) : decay;
  };
}

/**
 * Falls by a factor `gamma` over every `steps` steps, smoothly: gamma^((step - 1)/steps) (torch `ExponentialLR`).
 *
 * @throws Error if `gamma` is not positive, or `steps` no whole number from 1.
 * @example
 * ```ts
 * import { exponentialDecay, expression as e } from 'clebsch';
 * [1, 2, 3].map((step) => e.evaluate(exponentialDecay(0.5)(e.number(step)), [])); // => [1, 0.5, 0.25]
 * ```
 */
export function exponentialDecay(gamma: number, steps = 1): Schedule {
  whole('exponentialDecay', steps);
  if (!(gamma > 0)) throw new Error(`exponentialDecay: gamma is ${gamma}, but must be positive`);
  return (step) => e.exp(e.mul(e.sub(step, n(1)), n(Math.log(gamma) / steps)));
}

/**
 * Is multiplied by `gamma` after each of the given steps (torch `MultiStepLR`).
 *
 * @example
 * ```ts
 * import { expression as e, stepDecay } from 'clebsch';
 * [10, 11, 21].map((step) => e.evaluate(stepDecay([10, 20], 0.5)(e.number(step)), [])); // => [1, 0.5, 0.25]
 * ```
 */
export function stepDecay(after: readonly number[], gamma: number): Schedule {
  return (step) => after.map((at) => e.select(e.sub(step, n(at)), n(gamma), n(1))).reduce(e.mul, n(1));
}
