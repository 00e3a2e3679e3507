/** One irreducible representation of O(3): its degree l and its parity p. */
import { scanIrrep } from './notation.ts';
import { type Rotation, rotationToAngles } from './rotation.ts';
import { wignerD } from './wigner.ts';

/** How an irrep changes under inversion x -> -x: +1 even ("e"), -1 odd ("o"). */
export type Parity = 1 | -1;

/** Whatever `Irrep.parse` reads: an irrep, or its name such as "1o". */
export type IrrepLike = Irrep | string;

/**
 * An irreducible representation of O(3) (e3nn `o3.Irrep`). Immutable; compare with `equals`.
 *
 * @example
 * ```ts
 * import { Irrep } from 'clebsch';
 * const vector = Irrep.parse('1o');
 * [vector.l, vector.p, vector.dim]; // => [1, -1, 3]
 * vector.product('1o').map(String); // => ["0e", "1e", "2e"]
 * ```
 */
export class Irrep {
  /** Degree l = 0, 1, 2, ...: scalars, vectors, ... */
  readonly l: number;
  /** Parity: +1 or -1. */
  readonly p: Parity;

  /** @throws Error if l is not an integer >= 0 or p is not 1 or -1. */
  constructor(l: number, p: Parity) {
    if (!Number.isSafeInteger(l) || l < 0) {
      throw new Error(`Irrep: the degree l is ${l}, but must be an integer >= 0, as in Irrep.of(1, -1).`);
    }
    if (p !== 1 && p !== -1) {
      throw new Error(
        `Irrep: the parity p is ${p}, but must be 1 (even) or -1 (odd), as in Irrep.of(1, -1).`,
      );
    }
    this.l = l;
    this.p = p;
  }

  /** The irrep of degree l and parity p. Throws as the constructor does. */
  static of(l: number, p: Parity): Irrep {
    return new Irrep(l, p);
  }

  /**
   * Reads "0e", "1o", or "2y" (p = (-1)^l, as a spherical harmonic); an `Irrep` is returned as it is.
   * @throws Error that names the offending character.
   */
  static parse(value: IrrepLike): Irrep {
    if (value instanceof Irrep) return value;
    if (typeof value !== 'string') {
      throw new Error(`Irrep.parse: got ${String(value)}, but reads an Irrep or a string such as "1o".`);
    }
    const { l, p } = scanIrrep(value);
    return new Irrep(l, p);
  }

  /** All irreps in the order 0e, 0o, 1o, 1e, 2e, 2o, ..., up to l = lmax (or without end). */
  static *iterator(lmax = Number.POSITIVE_INFINITY): Generator<Irrep> {
    for (let l = 0; l <= lmax; l++) {
      const natural: Parity = l % 2 === 0 ? 1 : -1;
      yield new Irrep(l, natural);
      yield new Irrep(l, natural === 1 ? -1 : 1);
    }
  }

  /** Sort order 0o < 0e < 1o < 1e < ...: negative, zero or positive, for `Array.prototype.sort`. */
  static compare(a: Irrep, b: Irrep): number {
    return a.l - b.l || a.p - b.p;
  }

  /** Number of components, 2l + 1. */
  get dim(): number {
    return 2 * this.l + 1;
  }

  /** The irrep's name, as in "1o". */
  toString(): string {
    return `${this.l}${this.p === 1 ? 'e' : 'o'}`;
  }

  /** The name, so that JSON holds what `Irrep.parse` reads. */
  toJSON(): string {
    return this.toString();
  }

  /** Same degree and parity. */
  equals(other: IrrepLike): boolean {
    const { l, p } = Irrep.parse(other);
    return this.l === l && this.p === p;
  }

  /** True for 0e only: invariant under rotations and inversion (0o changes sign). */
  isScalar(): boolean {
    return this.l === 0 && this.p === 1;
  }

  /** The irreps in the product of two: l from |l1-l2| to l1+l2, p = p1 p2 (e3nn `ir1 * ir2`). */
  product(other: IrrepLike): Irrep[] {
    const { l, p } = Irrep.parse(other);
    const parity: Parity = this.p === p ? 1 : -1;
    const out: Irrep[] = [];
    for (let k = Math.abs(this.l - l); k <= this.l + l; k++) out.push(new Irrep(k, parity));
    return out;
  }

  /**
   * The matrix of a rotation, row-major [2l+1, 2l+1]: p^k D^l(R). A matrix of determinant -1 adds one
   * to k by itself (e3nn `D_from_angles`, `D_from_matrix`, `D_from_quaternion`, `D_from_axis_angle`).
   * @param rotation `{ matrix }`, `{ angles }`, `{ quaternion }` or `{ axis, angle }`
   * @param k how often inversion is applied as well
   */
  D(rotation: Rotation, k = 0): Float64Array {
    const { angles, inversions } = rotationToAngles(rotation);
    const matrix = wignerD(this.l, ...angles);
    const odd = this.p === -1 && (k + inversions) % 2 !== 0;
    return odd ? matrix.map((value) => -value) : matrix;
  }
}
