import * as e from '../graph/expression.ts';
import { constant, state } from '../graph/leaf.ts';
import type { Update } from '../graph/memory.ts';
import { type Node, shapeOf } from '../graph/node.ts';
import { map, multiply } from '../ops/map.ts';
import { optimizerStep } from '../ops/optimizer-step.ts';
import { slice } from '../ops/slice.ts';
import { sum } from '../ops/sum.ts';
import type { Schedule } from './schedule.ts';

/** An optimiser's states, and how a step changes them. */
export interface Optimizer {
  /** The n parameters, 1 x n, as a part of the optimiser's state: what the model's weights are taken from. */
  readonly parameters: Node;
  /** Their exponential moving average, 1 x n, to evaluate with; null where `ema` was not asked for. */
  readonly average: Node | null;
  /** Names of the states, to read, write and checkpoint: parameters with moments, step counter, learning rate. */
  readonly states: { readonly values: string; readonly step: string; readonly learningRate: string };
  /** What the rows of the state `values` are, in order, n numbers each: "parameters", "exp_avg", ... (torch's names). */
  readonly parts: readonly string[];
  /** The updates of one step, given the gradient by `parameters`, 1 x n. Throws if it has another shape. */
  step(gradient: Node): Update[];
}

/** What every optimiser can do besides its rule. */
export interface OptimizerOptions {
  /** Default 1e-3; the state "NAME.learningRate" holds it, so that it can change during training. */
  readonly learningRate?: number;
  /** What the learning rate is multiplied by at each step; computed on the GPU. Default: nothing. */
  readonly schedule?: Schedule;
  /** Largest length of the whole gradient; a longer one is shortened to it (torch `clip_grad_norm_`). */
  readonly clipNorm?: number;
  /**
   * Decay of an exponential moving average of the parameters, 0.99 say. In its first steps t the decay is
   * (1 + t)/(10 + t) where that is less, so that the average forgets the initial values (torch_ema's rule).
   */
  readonly ema?: number;
  /** Prefix of the states' names, for several optimisers in one store; default the optimiser's name. */
  readonly name?: string;
}

/** Options of `adam`; the defaults are torch's. */
export interface AdamOptions extends OptimizerOptions {
  /** Decay of the mean of the gradient; default 0.9. */
  readonly beta1?: number;
  /** Decay of the mean of its square; default 0.999. */
  readonly beta2?: number;
  /** Added to the denominator; default 1e-8. */
  readonly epsilon?: number;
  /** Times the parameters, added to the gradient (L2 regularisation, torch's `Adam`); default 0. */
  readonly weightDecay?: number;
}

const n = e.number;

interface Rule {
  readonly name: string;
  readonly moments: readonly string[];
  /** The new parameters and moments from the old; `gradient` is clipped, `rate` scheduled, `step` counts from 1. */
  next(
    old: readonly e.Expression[],
    gradient: e.Expression,
    rate: e.Expression,
    step: e.Expression,
  ): e.Expression[];
}

const RANGES = {
  'between 0 and infinity': (v: number) => v > 0 && v < Number.POSITIVE_INFINITY,
  'between 0 and 1': (v: number) => v > 0 && v < 1,
  'finite and at least 0': (v: number) => v >= 0 && v < Number.POSITIVE_INFINITY,
  'at least 0 and less than 1': (v: number) => v >= 0 && v < 1,
};

function check(range: keyof typeof RANGES, values: Readonly<Record<string, number | undefined>>): void {
  for (const [name, value] of Object.entries(values))
    if (value !== undefined && !RANGES[range](value))
      throw new Error(
        `optimizer: ${name} is ${value}, but must ${range.startsWith('b') ? 'lie' : 'be'} ${range}`,
      );
}

/** State [parameters | moments... | average] and what goes with it. */
function optimizer(initial: ArrayLike<number>, options: OptimizerOptions, rule: Rule): Optimizer {
  const { learningRate = 1e-3, schedule, clipNorm, ema, name = rule.name } = options;
  check('between 0 and infinity', { clipNorm });
  check('between 0 and 1', { ema });
  check('finite and at least 0', { learningRate });
  const length = initial.length;
  const states = { values: `${name}.values`, step: `${name}.step`, learningRate: `${name}.learningRate` };
  const parts = ['parameters', ...rule.moments, ...(ema === undefined ? [] : ['ema'])];
  const all = new Float64Array(length * parts.length);
  all.set(Float64Array.from(initial));
  if (ema !== undefined) all.set(Float64Array.from(initial), length * (parts.length - 1));
  const values = state(states.values, 1, all.length, all);
  const counter = state(states.step, 1, 1, [0]);
  const rate = state(states.learningRate, 1, 1, [learningRate]);
  const old = parts.map((_, i) => e.argument(i));
  const [g, lr, t, shorten] = [0, 1, 2, 3].map((i) => e.argument(parts.length + i));
  const clipped = clipNorm === undefined ? g : e.mul(g, shorten);
  const next = rule.next(old, clipped, schedule ? e.mul(lr, schedule(t)) : lr, t);
  if (ema !== undefined) {
    const decay = e.min(n(ema), e.div(e.add(n(1), t), e.add(n(10), t)));
    const average = old[parts.length - 1];
    next.push(e.add(average, e.mul(e.sub(n(1), decay), e.sub(next[0], average))));
  }
  return {
    parameters: slice(values, 0, length),
    average: ema === undefined ? null : slice(values, length * (parts.length - 1), length),
    states,
    parts,
    step(gradient) {
      if (gradient.rows !== 1 || gradient.cols !== length)
        throw new Error(
          `optimizer: the gradient must be 1x${length} like the parameters, got ${shapeOf(gradient)}`,
        );
      // The counter lives on the GPU, so that many steps can go into one submit.
      const count = optimizerStep([e.add(e.argument(0), n(1))], counter, constant(0));
      const scalars = [rate, count, ...(clipNorm === undefined ? [] : [shortening(gradient, clipNorm)])];
      return [
        { state: counter, next: count },
        { state: values, next: optimizerStep(next, values, gradient, ...scalars) },
      ];
    },
  };
}

/** What a gradient is multiplied by so that its length is at most `longest`: 1 x 1 (torch adds 1e-6 to the length). */
function shortening(gradient: Node, longest: number): Node {
  const length = e.add(e.sqrt(e.argument(0)), n(1e-6));
  return map(e.min(n(1), e.div(n(longest), length)), sum(multiply(gradient, gradient), 'all'));
}

/** Adam's rule; `decay` says where weight decay acts. */
function adamRule(
  name: string,
  { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 }: AdamOptions,
  decoupled: boolean,
): Rule {
  check('at least 0 and less than 1', { beta1, beta2 });
  check('finite and at least 0', { epsilon, weightDecay });
  return {
    name,
    moments: ['exp_avg', 'exp_avg_sq'],
    next([p, m, v], gradient, rate, step) {
      const decay = n(weightDecay);
      const g = decoupled ? gradient : e.add(gradient, e.mul(decay, p));
      const first = e.add(e.mul(n(beta1), m), e.mul(n(1 - beta1), g));
      const second = e.add(e.mul(n(beta2), v), e.mul(n(1 - beta2), e.mul(g, g)));
      // 1 - beta^t, by exp(t log beta); for small t log beta the subtraction would lose digits in 32 bits.
      const correction = (beta: number) =>
        beta === 0 ? n(1) : e.neg(e.expm1(e.mul(step, n(Math.log(beta)))));
      const denominator = e.add(e.sqrt(e.div(second, correction(beta2))), n(epsilon));
      const change = e.div(e.mul(rate, first), e.mul(correction(beta1), denominator));
      const from = decoupled ? e.sub(p, e.mul(e.mul(rate, decay), p)) : p;
      return [e.sub(from, change), first, second];
    },
  };
}

/**
 * Adam (D. P. Kingma, J. Ba, arXiv:1412.6980, algorithm 1, and torch's defaults): p -= lr m^ / (sqrt(v^) + eps).
 * Its state holds the parameters, the moments m and v, and the average if there is one: 1 x 3n or 1 x 4n.
 *
 * @param initial the n packed parameters (see `Parameters.initial`)
 * @throws Error if an option is out of its range: `clipNorm` not positive, `ema` not between 0 and 1, a rate negative.
 * @example
 * ```ts
 * import { adam, constant, reference } from 'clebsch';
 * const optimizer = adam([1], { learningRate: 0.125, epsilon: 0 });
 * const [step, values] = optimizer.step(constant(5)).map(({ next }) => next);
 * // The first step has the length of the learning rate, whatever the gradient.
 * reference([step, values]); // => [[1], [0.875, 0.5, 0.025]]
 * ```
 */
export function adam(initial: ArrayLike<number>, options: AdamOptions = {}): Optimizer {
  return optimizer(initial, options, adamRule('adam', options, false));
}

/**
 * Adam with decoupled weight decay (I. Loshchilov, F. Hutter, arXiv:1711.05101; torch `AdamW`): the parameters shrink
 * by lr * weightDecay of themselves besides Adam's step. Default `weightDecay` 0.01, as in torch.
 *
 * @param initial the n packed parameters (see `Parameters.initial`)
 * @throws Error if an option is out of its range: `clipNorm` not positive, `ema` not between 0 and 1, a rate negative.
 * @example
 * ```ts
 * import { adamW, constant, reference } from 'clebsch';
 * const optimizer = adamW([1], { learningRate: 0.125, epsilon: 0, weightDecay: 1 });
 * const [, values] = optimizer.step(constant(5)).map(({ next }) => next);
 * reference([values]); // => [[0.75, 0.5, 0.025]]
 * ```
 */
export function adamW(initial: ArrayLike<number>, options: AdamOptions = {}): Optimizer {
  return optimizer(initial, options, adamRule('adamw', { weightDecay: 0.01, ...options }, true));
}

/** Options of `sgd`. */
export interface SgdOptions extends OptimizerOptions {
  /** Default 0: none. */
  readonly momentum?: number;
  /** Times the parameters, added to the gradient; default 0. */
  readonly weightDecay?: number;
}

/**
 * Gradient descent with momentum (torch's `SGD`): m = momentum m + g, p -= lr m.
 *
 * @param initial the n packed parameters (see `Parameters.initial`)
 * @throws Error if an option is out of its range: `clipNorm` not positive, `ema` not between 0 and 1, a rate negative.
 * @example
 * ```ts
 * import { constant, reference, sgd } from 'clebsch';
 * const optimizer = sgd([1, 1], { learningRate: 0.5 });
 * const [, values] = optimizer.step(constant([1, -2])).map(({ next }) => next);
 * reference([values]); // => [[0.5, 2]]
 * ```
 */
export function sgd(initial: ArrayLike<number>, options: SgdOptions = {}): Optimizer {
  const { momentum = 0, weightDecay = 0 } = options;
  check('at least 0 and less than 1', { momentum });
  check('finite and at least 0', { weightDecay });
  return optimizer(initial, options, {
    name: 'sgd',
    moments: momentum === 0 ? [] : ['momentum_buffer'],
    next([p, m], gradient, rate) {
      const g = e.add(gradient, e.mul(n(weightDecay), p));
      if (momentum === 0) return [e.sub(p, e.mul(rate, g))];
      const buffer = e.add(e.mul(n(momentum), m), g);
      return [e.sub(p, e.mul(rate, buffer)), buffer];
    },
  });
}
