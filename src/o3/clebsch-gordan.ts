/** Clebsch-Gordan coefficients: su(2) in closed form, and e3nn's real Wigner 3j tensors. */
import { binomial } from './binomial.ts';
import { basisEntries } from './change-basis.ts';

/** One nonzero entry C[i, j, k] of a Wigner 3j tensor; indices count from 0. */
export interface Wigner3jEntry {
  readonly i: number;
  readonly j: number;
  readonly k: number;
  readonly value: number;
}

/** Entries at or below this size count as zero (the true nonzeros up to l = 11 are far above). */
const ZERO = 1e-13;
/** Up to this l1+l2+l3 every integer in `su2ClebschGordan` is exact in a double. */
const EXACT = 52;

const dense = new Map<string, Float64Array>();
const sparse = new Map<string, readonly Wigner3jEntry[]>();

/**
 * The su(2) coefficient <j1 m1, j2 m2 | j3 m3> for integer arguments, Condon-Shortley phase; zero where
 * m1 + m2 != m3, where |m| > j or where the triangle rule fails.
 *
 * Racah's sum (Racah, Phys. Rev. 62 (1942) 438, eq. 16; Edmonds, "Angular momentum in quantum
 * mechanics" (1957), eq. 3.6.11, p. 45) with its factorials gathered into binomials. The alternating
 * sum is then one of integers below 2^(j1+j2+j3), so it is exact, and a square root of a ratio is
 * all that rounds: about 1e-15 relative, also at l = 11.
 *
 * @throws Error above j1 + j2 + j3 = 52, where doubles would no longer be exact.
 * @example
 * ```ts
 * import { su2ClebschGordan } from 'clebsch';
 * su2ClebschGordan(1, 1, 1, -1, 0, 0); // => 0.5773502691896258
 * ```
 */
export function su2ClebschGordan(
  j1: number,
  m1: number,
  j2: number,
  m2: number,
  j3: number,
  m3: number,
): number {
  const total = j1 + j2 + j3;
  if (total > EXACT) {
    throw new Error(
      `su2ClebschGordan: j1+j2+j3 is ${total}; it is exact, and therefore defined, up to ${EXACT}.`,
    );
  }
  const a = j1 + j2 - j3;
  const b = j1 - j2 + j3;
  const c = j2 + j3 - j1;
  if (a < 0 || b < 0 || c < 0 || m1 + m2 !== m3) return 0;
  if (Math.abs(m1) > j1 || Math.abs(m2) > j2 || Math.abs(m3) > j3) return 0;
  let sum = 0;
  for (let k = 0; k <= a; k++) {
    const term = binomial(a, k) * binomial(b, j1 - m1 - k) * binomial(c, j2 + m2 - k);
    sum += k % 2 === 0 ? term : -term;
  }
  const above = ((2 * j3 + 1) / (total + 1)) * binomial(2 * j1, a) * binomial(2 * j3, b);
  const below = binomial(2 * j1, j1 + m1) * binomial(2 * j2, j2 + m2) * binomial(2 * j3, j3 + m3);
  return sum * Math.sqrt(above / binomial(total, b) / below);
}

/**
 * The real tensor C[i, j, k], row-major [2l1+1, 2l2+1, 2l3+1], with |C| = 1, that is invariant under
 * D^l1 x D^l2 x D^l3 (e3nn `wigner_3j`, same sign):
 * C = sum q1[m1,i] q2[m2,j] conj(q3[m3,k]) <l1 m1, l2 m2 | l3 m3> / sqrt(2 l3 + 1).
 *
 * The array is shared between calls: copy it before writing to it.
 *
 * @throws Error unless |l1-l2| <= l3 <= l1+l2 (and l1+l2+l3 <= 52).
 * @example
 * ```ts
 * import { wigner3j } from 'clebsch';
 * [...wigner3j(1, 1, 0)]; // => [0.5773502691896258,0,0,0,0.5773502691896258,0,0,0,0.5773502691896258]
 * ```
 */
export function wigner3j(l1: number, l2: number, l3: number): Float64Array {
  const key = `${l1},${l2},${l3}`;
  let tensor = dense.get(key);
  if (tensor === undefined) {
    checkTriple(l1, l2, l3);
    tensor = compute(l1, l2, l3);
    dense.set(key, tensor);
  }
  return tensor;
}

/**
 * The nonzeros of `wigner3j`, ordered by i, then j, then k. Kernels unroll over this list: a path has
 * far fewer nonzeros than entries (2052 of 13075 for all paths up to l = 4).
 *
 * @throws Error unless |l1-l2| <= l3 <= l1+l2.
 * @example
 * ```ts
 * import { wigner3jSparse } from 'clebsch';
 * wigner3jSparse(1, 1, 1).length; // => 6
 * wigner3jSparse(1, 1, 1)[0]; // => {"i":0,"j":1,"k":2,"value":0.408248290463863}
 * ```
 */
export function wigner3jSparse(l1: number, l2: number, l3: number): readonly Wigner3jEntry[] {
  const key = `${l1},${l2},${l3}`;
  let entries = sparse.get(key);
  if (entries === undefined) {
    const tensor = wigner3j(l1, l2, l3);
    const [d2, d3] = [2 * l2 + 1, 2 * l3 + 1];
    const found: Wigner3jEntry[] = [];
    tensor.forEach((value, at) => {
      if (value === 0) return;
      found.push({ i: Math.floor(at / (d2 * d3)), j: Math.floor(at / d3) % d2, k: at % d3, value });
    });
    entries = found;
    sparse.set(key, entries);
  }
  return entries;
}

function compute(l1: number, l2: number, l3: number): Float64Array {
  const [d1, d2, d3] = [2 * l1 + 1, 2 * l2 + 1, 2 * l3 + 1];
  const out = new Float64Array(d1 * d2 * d3);
  const [q1, q2, q3] = [basisEntries(l1), basisEntries(l2), basisEntries(l3)];
  const scale = 1 / Math.sqrt(d3);
  for (let m1 = -l1; m1 <= l1; m1++) {
    for (let m2 = Math.max(-l2, -l3 - m1); m2 <= Math.min(l2, l3 - m1); m2++) {
      const coefficient = scale * su2ClebschGordan(l1, m1, l2, m2, l3, m1 + m2);
      if (coefficient === 0) continue;
      for (const a of q1[m1 + l1]) {
        for (const b of q2[m2 + l2]) {
          const re = a.re * b.re - a.im * b.im;
          const im = a.re * b.im + a.im * b.re;
          for (const c of q3[m1 + m2 + l3]) {
            // Only the real part: the imaginary parts of (m1, m2) and (-m1, -m2) cancel, because q
            // carries (-i)^l.
            out[(a.real * d2 + b.real) * d3 + c.real] += coefficient * (re * c.re + im * c.im);
          }
        }
      }
    }
  }
  return out.map((value) => (Math.abs(value) > ZERO ? value : 0));
}

function checkTriple(l1: number, l2: number, l3: number): void {
  for (const [name, l] of Object.entries({ l1, l2, l3 })) {
    if (!Number.isSafeInteger(l) || l < 0) {
      throw new Error(`wigner3j(${l1}, ${l2}, ${l3}): ${name} is ${l}, but must be an integer >= 0.`);
    }
  }
  const [low, high] = [Math.abs(l1 - l2), l1 + l2];
  if (l3 < low || l3 > high) {
    throw new Error(
      `wigner3j(${l1}, ${l2}, ${l3}): l3 must lie between |l1-l2| = ${low} and l1+l2 = ${high}.`,
    );
  }
}
