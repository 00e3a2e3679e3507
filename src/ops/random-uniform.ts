import { input } from '../graph/leaf.ts';
import { apply, type Node, type Op, shapeOf } from '../graph/node.ts';

export interface RandomUniformAttrs {
  readonly seed: number;
  readonly rows: number;
  readonly cols: number;
}

/**
 * pcg4d of M. Jarzynski and M. Olano, Hash Functions for GPU Rendering, Journal of Computer Graphics Techniques 9(3),
 * 2020, section 3: four words are hashed to four, with 32-bit multiplications only. The first is what is used.
 */
function pcg4d(a: number, b: number, c: number, d: number): number {
  let [x, y, z, w] = [a, b, c, d].map((v) => (Math.imul(v, 1664525) + 1013904223) | 0);
  const mix = () => {
    x = (x + Math.imul(y, w)) | 0;
    y = (y + Math.imul(z, x)) | 0;
    z = (z + Math.imul(x, y)) | 0;
    w = (w + Math.imul(y, z)) | 0;
  };
  mix();
  x ^= x >>> 16;
  y ^= y >>> 16;
  z ^= z >>> 16;
  w ^= w >>> 16;
  mix();
  return x >>> 0;
}

/** Highest 24 bits of the hash of (column, row, counter, seed), as a number in [0, 1): exact in 32 bits. */
export const randomUniformOp: Op<RandomUniformAttrs> = {
  name: 'randomUniform',
  shape([counter], { seed, rows, cols }) {
    if (counter.rows !== 1 || counter.cols !== 1)
      throw new Error(`randomUniform: the counter is 1x1, got ${shapeOf(counter)}`);
    if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff)
      throw new Error(`randomUniform: seed is ${seed}, but must be a whole number from 0 to 2^32 - 1`);
    return { rows, cols };
  },
  reference([counter], { attrs: { seed }, rows, cols }) {
    // As WGSL converts: towards zero, and what is out of range to the nearest word.
    const step = Math.min(Math.max(Math.trunc(counter[0]), 0), 0xffffffff);
    return Float64Array.from(
      { length: rows * cols },
      (_, at) => (pcg4d(at % cols, Math.floor(at / cols), step, seed) >>> 8) / 2 ** 24,
    );
  },
  gradient: () => [null],
  kernel({ attrs: { seed }, rows, cols }) {
    return {
      shader: 'random-uniform',
      params: { COLS: `${cols}u`, SIZE: `${rows * cols}u` },
      bindings: { counter: 0, result: 'result' },
      // Not in the code, so that one pipeline serves every seed.
      tables: { seed: Uint32Array.of(seed) },
      workgroups: Math.ceil((rows * cols) / 64),
    };
  },
  print: ({ seed }) => `seed ${seed}`,
  examples: () => [
    randomUniform(input('counter', 1, 1), 3, 5, 1),
    randomUniform(input('counter', 1, 1), 70, 3, 0xfedcba98),
  ],
};

/**
 * Random numbers, uniform in [0, 1), that depend on nothing but the place, the counter and the seed: rows x cols. A
 * step counter makes them new in every step, also when many steps go into one submit, and the same again when a
 * training is repeated or resumed. On the GPU and in the reference they have the same bits: 24 of them, from the
 * hash pcg4d (M. Jarzynski, M. Olano, JCGT 9(3), 2020). No gradient passes.
 *
 * @param counter 1 x 1; its whole part counts, from 0 to 2^24, above which 32-bit numbers skip some
 * @param seed a whole number from 0 to 2^32 - 1
 * @throws Error if the counter is not 1 x 1, or the seed is no such number.
 * @example
 * ```ts
 * import { input, randomUniform, reference } from 'clebsch';
 * const numbers = randomUniform(input('step', 1, 1), 1, 2, 7);
 * const [[first], [again], [next]] = [0, 0, 1].map((step) => reference([numbers], { step: [step] })[0]);
 * [first === again, first === next, first >= 0 && first < 1]; // => [true, false, true]
 * ```
 */
export function randomUniform(counter: Node, rows: number, cols: number, seed: number): Node {
  return apply(randomUniformOp, [counter], { seed, rows, cols });
}
