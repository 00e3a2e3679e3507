/**
 * Seeded random numbers, the same on every machine.
 *
 * `Math.random` has no seed, and `Math.log`/`Math.cos` may differ in the last digit between engines;
 * the numbers below use only + - * /, `Math.sqrt` (correctly rounded by the standard) and integers.
 */

const LN2 = Math.LN2;

/**
 * A pseudo-random generator: xoshiro128** 1.1 (Blackman, Vigna, "Scrambled linear pseudorandom
 * number generators", ACM Trans. Math. Softw. 47 (2021) 36), its 128 bits of state filled by
 * SplitMix64 (Steele, Lea, Flood, OOPSLA 2014, fig. 17) from the seed.
 *
 * @example
 * ```ts
 * import { Random } from 'clebsch';
 * const random = new Random(7);
 * random.uniform() === new Random(7).uniform(); // => true
 * ```
 */
export class Random {
  readonly #state = new Uint32Array(4);
  #spare: number | null = null;

  /** @param seed any safe integer; equal seeds give equal sequences. Throws on anything else. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) {
      throw new Error(`Random: the seed is ${seed}, but must be an integer below 2^53 in size.`);
    }
    const mask = (1n << 64n) - 1n;
    let z = BigInt(seed) & mask;
    for (let i = 0; i < 4; i += 2) {
      z = (z + 0x9e3779b97f4a7c15n) & mask;
      let word = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
      word = ((word ^ (word >> 27n)) * 0x94d049bb133111ebn) & mask;
      word ^= word >> 31n;
      this.#state[i] = Number(word & 0xffffffffn);
      this.#state[i + 1] = Number(word >> 32n);
    }
  }

  /** The next 32 random bits, as an integer in [0, 2^32). */
  bits(): number {
    const s = this.#state;
    const result = Math.imul(rotateLeft(Math.imul(s[1], 5), 7), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotateLeft(s[3], 11);
    return result;
  }

  /** A number in [0, 1), uniform over the multiples of 2^-53. */
  uniform(): number {
    const high = this.bits() >>> 5;
    const low = this.bits() >>> 6;
    return (high * 0x4000000 + low) / 0x20000000000000;
  }

  /**
   * A standard normal number (mean 0, variance 1): the polar method of Marsaglia and Bray,
   * SIAM Review 6 (1964) 260, which needs no sine or cosine.
   */
  normal(): number {
    if (this.#spare !== null) {
      const spare = this.#spare;
      this.#spare = null;
      return spare;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const s = x * x + y * y;
      if (s >= 1 || s === 0) continue;
      const scale = Math.sqrt((-2 * logarithm(s)) / s);
      this.#spare = y * scale;
      return x * scale;
    }
  }

  /** An integer in [0, n), every one equally likely. Throws unless n is an integer in 1..2^32. */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 0x100000000) {
      throw new Error(`Random.integer: n is ${n}, but must be an integer from 1 to 2^32.`);
    }
    // The top of the range that is no whole multiple of n would favour small results: draw again.
    const limit = 0x100000000 - (0x100000000 % n);
    for (;;) {
      const bits = this.bits();
      if (bits < limit) return bits % n;
    }
  }

  /** n independent standard normal numbers. */
  normals(n: number): Float64Array {
    const numbers = new Float64Array(n);
    for (let i = 0; i < n; i++) numbers[i] = this.normal();
    return numbers;
  }

  /** Puts the items into a random order, in place (Fisher, Yates), and returns them. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [items[i], items[j]] = [items[j], items[i]];
    }
    return items;
  }
}

function rotateLeft(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}

/**
 * ln x for 0 < x < 1: x = m 2^-e with m near 1, then ln m = 2 artanh((m-1)/(m+1)) as a series.
 * |s| <= 0.172, so the last term below is under 1e-17.
 */
function logarithm(x: number): number {
  let m = x;
  let e = 0;
  while (m < Math.SQRT1_2) {
    m *= 2;
    e++;
  }
  const s = (m - 1) / (m + 1);
  const s2 = s * s;
  let sum = 0;
  for (let k = 21; k >= 1; k -= 2) sum = sum * s2 + 1 / k;
  return 2 * s * sum - e * LN2;
}
