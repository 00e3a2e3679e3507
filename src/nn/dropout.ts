import * as e from '../graph/expression.ts';
import type { IndexNode } from '../graph/index-map.ts';
import { constant, state } from '../graph/leaf.ts';
import type { Update } from '../graph/memory.ts';
import type { Node } from '../graph/node.ts';
import { Irreps, type IrrepsLike } from '../o3/irreps.ts';
import { gather } from '../ops/gather.ts';
import { add, filled, map } from '../ops/map.ts';
import { randomUniform } from '../ops/random-uniform.ts';
import { timesCopies } from './copies.ts';
import { expectIrreps, expectSamples, type GeometricTensor, tensor } from './tensor.ts';

/** How `Dropout.apply` is traced for training. */
export interface DropoutStep {
  /** 1 x 1, another whole number from 0 in every step: `stepCounter`'s, say. */
  readonly step: Node;
  /**
   * The sample that each row belongs to (the graph of each node, say): its rows share what is dropped. By default each
   * row is a sample. Rows that are `NOWHERE` become zero unless p <= 0.
   */
  readonly samples?: IndexNode;
}

/** A layer made by `dropout`: features to features of the same irreps, without parameters. */
export interface Dropout {
  readonly irreps: Irreps;
  /**
   * x: rows x irreps, in any memory layout; so is the result. `training`: null in evaluation, where nothing is dropped.
   * Throws if x has other irreps, or not one row for each of `samples`.
   */
  apply(x: GeometricTensor, training: DropoutStep | null): GeometricTensor;
}

/** Random numbers have so many steps between 0 and 1. */
const RESOLUTION = 2 ** 24;

/**
 * Drops whole irreps at random (e3nn `nn.Dropout`): each copy in each row (or sample) is zero with probability p, all
 * its components together, and is divided by 1 - p otherwise, so that the mean stays. What is dropped depends on the
 * seed, the step, the row and the copy only: new in every step, also of many in one submit, and the same when a
 * training is repeated or resumed, on any device. With p <= 0 everything is kept, with p >= 1 dropped.
 *
 * @param p to 24 binary digits, as many as the random numbers have
 * @param options `seed`: a whole number from 0 to 2^32 - 1; layers of one model that share a seed drop the same
 * @throws Error if p is no number, the seed no such one, or the irreps cannot be read.
 * @example
 * ```ts
 * import { constant, dropout, reference, tensorInput } from 'clebsch';
 * const layer = dropout('2x1o', 0.5, { seed: 7 });
 * const y = layer.apply(tensorInput('x', 1, '2x1o'), { step: constant(0) });
 * const [value] = reference([y.node], { x: [1, 4, 2, 5, 3, 6] }); // two vectors, stored as x x y y z z
 * value.map(Math.round); // => [0, 8, 0, 10, 0, 12]
 * ```
 */
export function dropout(irrepsIn: IrrepsLike, p: number, options: { readonly seed: number }): Dropout {
  const irreps = Irreps.parse(irrepsIn);
  const { seed } = options;
  if (Number.isNaN(p)) throw new Error('dropout: p is NaN, but must be a probability');
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff)
    throw new Error(`dropout: seed is ${seed}, but must be a whole number from 0 to 2^32 - 1`);
  // Rounded as the random numbers are, so that f32 and f64 compare the same two numbers.
  const threshold = Math.round(p * RESOLUTION) / RESOLUTION;
  return {
    irreps,
    apply(x, training) {
      expectIrreps('dropout', x, irreps);
      if (!training || threshold <= 0) return x;
      const { node, layout } = x;
      const { step, samples } = training;
      if (samples) expectSamples('dropout', x, samples);
      if (threshold >= 1) return tensor(filled(node.rows, node.cols, 0), layout);
      const draws = randomUniform(step, samples?.attrs.segments ?? node.rows, irreps.numIrreps, seed);
      const dropped = e.sub(e.number(threshold), e.argument(0));
      const mask = map(e.select(dropped, e.number(0), e.number(1 / (1 - p))), draws);
      return timesCopies(x, samples ? gather(mask, samples) : mask);
    },
  };
}

/**
 * A state that counts the runs of a program: 1 x 1, 0 in the first run. Whoever goes on from saved states goes on
 * counting where they were saved.
 *
 * @param name of the state; default "step"
 * @returns the count, and the update that belongs into the program's `updates`
 * @example
 * ```ts gpu
 * import { compile, requestDevice, stepCounter } from 'clebsch';
 * const { step, update } = stepCounter();
 * const program = await compile(await requestDevice(), { outputs: { step }, updates: [update] });
 * (await program.runAndRead({ times: 3 })).step; // => [2]
 * ```
 */
export function stepCounter(name = 'step'): { readonly step: Node; readonly update: Update } {
  const step = state(name, 1, 1, [0]);
  return { step, update: { state: step, next: add(step, constant(1)) } };
}
