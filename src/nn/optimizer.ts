import * as e from '../graph/expression.ts';
import { constant, state } from '../graph/leaf.ts';
import type { Update } from '../graph/memory.ts';
import { type Node, shapeOf } from '../graph/node.ts';
import { optimizerStep } from '../ops/optimizer-step.ts';
import { slice } from '../ops/slice.ts';

/** An optimiser's states, and how a step changes them. */
export interface Optimizer {
  /** The n parameters, 1 x n, as a part of the optimiser's state: what the model's weights are taken from. */
  readonly parameters: Node;
  /** Names of the states, to read, write and checkpoint: parameters with moments, step counter, learning rate. */
  readonly states: { readonly values: string; readonly step: string; readonly learningRate: string };
  /** The updates of one step, given the gradient by `parameters`, 1 x n. Throws if it has another shape. */
  step(gradient: Node): Update[];
}

/** Options of `adam`; the defaults are torch's. */
export interface AdamOptions {
  /** Default 1e-3; the state "adam.learningRate" holds it, so that it can change during training. */
  readonly learningRate?: number;
  /** Decay of the mean of the gradient; default 0.9. */
  readonly beta1?: number;
  /** Decay of the mean of its square; default 0.999. */
  readonly beta2?: number;
  /** Added to the denominator; default 1e-8. */
  readonly epsilon?: number;
  /** Prefix of the states' names, for several optimisers in one store; default "adam". */
  readonly name?: string;
}

const n = e.number;

/** State [parameters | moments...] and what goes with it; `parts` gives the new entries from the old. */
function optimizer(
  initial: ArrayLike<number>,
  learningRate: number,
  moments: number,
  name: string,
  parts: (
    old: readonly e.Expression[],
    gradient: e.Expression,
    rate: e.Expression,
    step: e.Expression,
  ) => e.Expression[],
): Optimizer {
  const length = initial.length;
  const states = { values: `${name}.values`, step: `${name}.step`, learningRate: `${name}.learningRate` };
  const all = new Float64Array(length * (1 + moments));
  all.set(Float64Array.from(initial));
  const values = state(states.values, 1, all.length, all);
  const counter = state(states.step, 1, 1, [0]);
  const rate = state(states.learningRate, 1, 1, [learningRate]);
  const old = Array.from({ length: 1 + moments }, (_, i) => e.argument(i));
  const [g, lr, t] = [1, 2, 3].map((i) => e.argument(moments + i));
  return {
    parameters: slice(values, 0, length),
    states,
    step(gradient) {
      if (gradient.rows !== 1 || gradient.cols !== length)
        throw new Error(
          `optimizer: the gradient must be 1x${length} like the parameters, got ${shapeOf(gradient)}`,
        );
      // The counter lives on the GPU, so that many steps can go into one submit.
      const next = optimizerStep([e.add(e.argument(0), n(1))], counter, constant(0));
      return [
        { state: counter, next },
        { state: values, next: optimizerStep(parts(old, g, lr, t), values, gradient, rate, next) },
      ];
    },
  };
}

/**
 * Adam (D. P. Kingma, J. Ba, arXiv:1412.6980, algorithm 1, and torch's defaults): p -= lr m^ / (sqrt(v^) + eps).
 * Its state holds the parameters, then the moments m and v: 1 x 3n.
 *
 * @param initial the n packed parameters (see `Parameters.initial`)
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
  const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, name = 'adam' } = options;
  return optimizer(initial, learningRate, 2, name, ([p, m, v], g, lr, t) => {
    const first = e.add(e.mul(n(beta1), m), e.mul(n(1 - beta1), g));
    const second = e.add(e.mul(n(beta2), v), e.mul(n(1 - beta2), e.mul(g, g)));
    // 1 - beta^t, by exp(t log beta); for small t log beta the subtraction would lose digits in 32 bits.
    const correction = (beta: number) => e.neg(e.expm1(e.mul(t, n(Math.log(beta)))));
    const denominator = e.add(e.sqrt(e.div(second, correction(beta2))), n(epsilon));
    return [e.sub(p, e.div(e.mul(lr, first), e.mul(correction(beta1), denominator))), first, second];
  });
}

/** Options of `sgd`. */
export interface SgdOptions {
  /** Default 1e-3; the state "sgd.learningRate" holds it, so that it can change during training. */
  readonly learningRate?: number;
  /** Default 0: none. */
  readonly momentum?: number;
  /** Prefix of the states' names, for several optimisers in one store; default "sgd". */
  readonly name?: string;
}

/**
 * Gradient descent with momentum (torch's `SGD`): m = momentum m + g, p -= lr m.
 *
 * @param initial the n packed parameters (see `Parameters.initial`)
 * @example
 * ```ts
 * import { constant, reference, sgd } from 'clebsch';
 * const optimizer = sgd([1, 1], { learningRate: 0.5 });
 * const [, values] = optimizer.step(constant([1, -2])).map(({ next }) => next);
 * reference([values]); // => [[0.5, 2]]
 * ```
 */
export function sgd(initial: ArrayLike<number>, options: SgdOptions = {}): Optimizer {
  const { learningRate = 1e-3, momentum = 0, name = 'sgd' } = options;
  if (momentum === 0)
    return optimizer(initial, learningRate, 0, name, ([p], g, lr) => [e.sub(p, e.mul(lr, g))]);
  return optimizer(initial, learningRate, 1, name, ([p, m], g, lr) => {
    const next = e.add(e.mul(n(momentum), m), g);
    return [e.sub(p, e.mul(lr, next)), next];
  });
}
