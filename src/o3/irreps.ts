/** Direct sums of irreps, such as "8x0e + 4x1o": the shape of a feature vector. */
import { Irrep, type IrrepLike, type Parity } from './irrep.ts';
import { scanIrreps } from './notation.ts';
import type { Random } from './random.ts';
import type { Rotation } from './rotation.ts';

/** `mul` copies of the irrep `ir`: one block of `dim = mul (2l+1)` numbers, row-major [mul, 2l+1]. */
export interface MulIrrep {
  readonly mul: number;
  readonly ir: Irrep;
  readonly dim: number;
}

/** Whatever `Irreps.parse` reads; in a list, an item without multiplicity counts once. */
export type IrrepsLike =
  | Irreps
  | Irrep
  | string
  | null
  | readonly (IrrepLike | readonly [number, IrrepLike] | MulIrrep)[];

/** What `Irreps.filter` keeps: give exactly one of the three. */
export interface IrrepsFilter {
  /** Keep the blocks whose irrep occurs here (multiplicities don't matter). */
  readonly keep?: IrrepsLike;
  /** Drop the blocks whose irrep occurs here. */
  readonly drop?: IrrepsLike;
  /** Keep l <= lmax. */
  readonly lmax?: number;
}

/**
 * An ordered direct sum of irreps (e3nn `o3.Irreps`). Immutable. A feature vector is the
 * concatenation of the blocks, each row-major [mul, 2l+1].
 *
 * @example
 * ```ts
 * import { Irreps } from 'clebsch';
 * const irreps = Irreps.parse('1e + 4x0e + 1e');
 * irreps.dim; // => 10
 * irreps.regroup().toString(); // => "4x0e+2x1e"
 * irreps.slices(); // => [{"start":0,"stop":3},{"start":3,"stop":7},{"start":7,"stop":10}]
 * ```
 */
export class Irreps implements Iterable<MulIrrep> {
  /** The blocks in order, zero multiplicities included. */
  readonly blocks: readonly MulIrrep[];
  /** Total number of components: the length of a feature vector. */
  readonly dim: number;

  private constructor(blocks: readonly MulIrrep[]) {
    this.blocks = blocks;
    this.dim = blocks.reduce((sum, block) => sum + block.dim, 0);
  }

  /**
   * Reads irreps from "8x0e + 4x1o", from an `Irrep`, or from a list such as `[[8, '0e'], '1o']`;
   * an empty text, an empty list and null are the empty sum.
   * @throws Error that names the offending character or list item.
   */
  static parse(value: IrrepsLike): Irreps {
    if (value instanceof Irreps) return value;
    if (value instanceof Irrep) return new Irreps([block(1, value)]);
    if (value === null) return new Irreps([]);
    if (typeof value === 'string') {
      return new Irreps(scanIrreps(value).map(({ mul, l, p }) => block(mul, Irrep.of(l, p))));
    }
    if (!Array.isArray(value)) {
      throw new Error(`Irreps.parse: got ${String(value)}; write a string such as "8x0e + 4x1o" or a list.`);
    }
    return new Irreps(value.map(parseItem));
  }

  /** 0 + 1 + ... + lmax with parity p^l: p = -1 for the harmonics of a vector, 1 for a pseudovector. */
  static sphericalHarmonics(lmax: number, p: Parity = -1): Irreps {
    const degrees = Array.from({ length: lmax + 1 }, (_, l) => l);
    return new Irreps(degrees.map((l) => block(1, Irrep.of(l, l % 2 === 0 ? 1 : p))));
  }

  /** Number of blocks. */
  get length(): number {
    return this.blocks.length;
  }

  /** Number of irreps, copies counted. */
  get numIrreps(): number {
    return this.blocks.reduce((sum, { mul }) => sum + mul, 0);
  }

  /** The degree of every copy, in order. */
  get ls(): number[] {
    return this.blocks.flatMap(({ mul, ir }) => new Array<number>(mul).fill(ir.l));
  }

  /** The largest degree that occurs. Throws if there is none. */
  get lmax(): number {
    const present = this.blocks.filter(({ mul }) => mul > 0);
    if (present.length === 0) {
      throw new Error(
        `Irreps.lmax: "${this}" holds no irrep, so it has no largest l. Check numIrreps first.`,
      );
    }
    return Math.max(...present.map(({ ir }) => ir.l));
  }

  /** Block i; negative i counts from the end. Throws if there is no such block. */
  at(i: number): MulIrrep {
    const found = this.blocks.at(i);
    if (found === undefined) {
      throw new RangeError(
        `Irreps.at: no block ${i} in "${this}", which has ${this.length} (counted from 0).`,
      );
    }
    return found;
  }

  [Symbol.iterator](): Iterator<MulIrrep> {
    return this.blocks[Symbol.iterator]();
  }

  /** As e3nn prints it: "8x0e+4x1o". `Irreps.parse` reads it back. */
  toString(): string {
    return this.blocks.map(({ mul, ir }) => `${mul}x${ir}`).join('+');
  }

  /** The printed form, so that JSON holds what `Irreps.parse` reads. */
  toJSON(): string {
    return this.toString();
  }

  /** Same blocks in the same order ("1o+1o" and "2x1o" differ). */
  equals(other: IrrepsLike): boolean {
    return this.toString() === Irreps.parse(other).toString();
  }

  /** Where each block lies in a feature vector: [start, stop). */
  slices(): { start: number; stop: number }[] {
    let stop = 0;
    return this.blocks.map(({ dim }) => {
      const start = stop;
      stop += dim;
      return { start, stop };
    });
  }

  /**
   * Stable sort into 0o < 0e < 1o < 1e < ... `p[i]` is the new place of old block i, `inv[k]` the old
   * place of new block k.
   */
  sort(): { irreps: Irreps; p: number[]; inv: number[] } {
    const inv = this.blocks.map((_, i) => i);
    inv.sort((a, b) => Irrep.compare(this.blocks[a].ir, this.blocks[b].ir));
    const p = new Array<number>(inv.length);
    inv.forEach((old, now) => {
      p[old] = now;
    });
    return { irreps: new Irreps(inv.map((i) => this.blocks[i])), p, inv };
  }

  /** Joins neighbouring blocks of one irrep and drops empty ones; the vector stays the same. */
  simplify(): Irreps {
    const out: MulIrrep[] = [];
    for (const { mul, ir } of this.removeZeroMultiplicities()) {
      const last = out.at(-1);
      if (last?.ir.equals(ir)) out[out.length - 1] = block(last.mul + mul, ir);
      else out.push(block(mul, ir));
    }
    return new Irreps(out);
  }

  /** `sort` then `simplify`: one block per irrep. The vector's components change places. */
  regroup(): Irreps {
    return this.sort().irreps.simplify();
  }

  /** Without the blocks of multiplicity zero. */
  removeZeroMultiplicities(): Irreps {
    return new Irreps(this.blocks.filter(({ mul }) => mul > 0));
  }

  /** The blocks that pass the filter. Throws if not exactly one of keep, drop and lmax is given. */
  filter({ keep, drop, lmax }: IrrepsFilter): Irreps {
    const given = [keep, drop, lmax].filter((x) => x !== undefined).length;
    if (given !== 1) {
      throw new Error(
        `Irreps.filter: got ${given} of keep, drop and lmax; give exactly one, as in { lmax: 2 }.`,
      );
    }
    if (lmax !== undefined) return new Irreps(this.blocks.filter(({ ir }) => ir.l <= lmax));
    const named = Irreps.parse(keep ?? drop ?? null);
    const wanted = keep !== undefined;
    return new Irreps(this.blocks.filter(({ ir }) => named.has(ir) === wanted));
  }

  /** How many copies of an irrep there are, in all blocks together. */
  count(ir: IrrepLike): number {
    const wanted = Irrep.parse(ir);
    return this.blocks.reduce((sum, b) => (b.ir.equals(wanted) ? sum + b.mul : sum), 0);
  }

  /** Whether a block of this irrep exists, even an empty one (e3nn `ir in irreps`). */
  has(ir: IrrepLike): boolean {
    const wanted = Irrep.parse(ir);
    return this.blocks.some((b) => b.ir.equals(wanted));
  }

  /** The blocks of this, then those of the other (e3nn `a + b`). */
  add(other: IrrepsLike): Irreps {
    return new Irreps([...this.blocks, ...Irreps.parse(other).blocks]);
  }

  /** The list of blocks n times over (e3nn `irreps * n`); it does not multiply the multiplicities. */
  mul(n: number): Irreps {
    if (!Number.isSafeInteger(n) || n < 0) {
      throw new Error(
        `Irreps.mul: got ${String(n)}, but repeats by an integer >= 0. For a product of irreps use fullTensorProduct.`,
      );
    }
    return new Irreps(Array.from({ length: n }, () => this.blocks).flat());
  }

  /** The same as `mul` (e3nn `n * irreps`). */
  rmul(n: number): Irreps {
    return this.mul(n);
  }

  /**
   * Copies start..stop-1, counted over all blocks (e3nn `slice_by_mul[start:stop]`); negative numbers
   * count from the end. An empty block inside the range stays.
   */
  sliceByMul(start: number, stop: number): Irreps {
    const total = this.numIrreps;
    const clamp = (n: number) => Math.min(Math.max(n < 0 ? n + total : n, 0), total);
    const [from, to] = [clamp(start), clamp(stop)];
    const out: MulIrrep[] = [];
    let at = 0;
    for (const { mul, ir } of this.blocks) {
      const end = at + mul;
      if (from <= at && end <= to) out.push(block(mul, ir));
      else if (from < end && at < to)
        out.push(block(Math.max(Math.min(to, end) - Math.max(from, at), 0), ir));
      at = end;
    }
    return new Irreps(out);
  }

  /**
   * The block-diagonal matrix of a rotation, row-major [dim, dim], one copy of `Irrep.D` per irrep.
   * @param rotation `{ matrix }` (determinant 1 or -1), `{ angles }`, `{ quaternion }` or `{ axis, angle }`
   * @param k how often inversion is applied as well
   */
  D(rotation: Rotation, k = 0): Float64Array {
    const out = new Float64Array(this.dim * this.dim);
    let at = 0;
    for (const { mul, ir } of this.blocks) {
      const matrix = ir.D(rotation, k);
      for (let u = 0; u < mul; u++, at += ir.dim) {
        for (let i = 0; i < ir.dim; i++) {
          out.set(matrix.subarray(i * ir.dim, (i + 1) * ir.dim), (at + i) * this.dim + at);
        }
      }
    }
    return out;
  }

  /**
   * Random feature vectors, row-major [rows, dim] (e3nn `randn`): "component" draws every number from
   * the standard normal distribution, "norm" gives every copy of an irrep length 1.
   */
  randn(random: Random, rows = 1, normalization: 'component' | 'norm' = 'component'): Float64Array {
    const out = random.normals(rows * this.dim);
    if (normalization === 'component') return out;
    let at = 0;
    for (let row = 0; row < rows; row++) {
      for (const { mul, ir } of this.blocks) {
        for (let u = 0; u < mul; u++, at += ir.dim) {
          const copy = out.subarray(at, at + ir.dim);
          const length = Math.hypot(...copy);
          for (let i = 0; i < ir.dim; i++) copy[i] /= length;
        }
      }
    }
    return out;
  }
}

function block(mul: number, ir: Irrep): MulIrrep {
  return Object.freeze({ mul, ir, dim: mul * ir.dim });
}

function parseItem(item: unknown, index: number): MulIrrep {
  const example = 'an irrep ("1o") or a pair ([8, "1o"])';
  try {
    if (item instanceof Irrep || typeof item === 'string') return block(1, Irrep.parse(item));
    const [mul, ir] = Array.isArray(item) ? item : [(item as MulIrrep).mul, (item as MulIrrep).ir];
    if (!Number.isSafeInteger(mul) || mul < 0) {
      throw new Error(`the multiplicity is ${String(mul)}, but must be an integer >= 0.`);
    }
    return block(mul, Irrep.parse(ir));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Irreps.parse: item ${index} of the list should be ${example}: ${reason}`);
  }
}
