/** Tensors with index symmetries, as a stiffness tensor has them, taken apart into irreps. */
import { wigner3j } from './clebsch-gordan.ts';
import { formulaOf, type SignedPermutation } from './index-formula.ts';
import { Irrep } from './irrep.ts';
import { Irreps, type IrrepsLike } from './irreps.ts';

/** A change of basis from the components of a tensor to its irreps (made by `reducedTensorProducts`). */
export interface ReducedTensorProducts {
  /** What each index of the tensor turns as. */
  readonly irrepsIn: readonly Irreps[];
  /** What the tensor is made of; sorted. */
  readonly irrepsOut: Irreps;
  /**
   * [irrepsOut.dim, irrepsIn[0].dim, ...], row-major, rows orthonormal: times the tensor's components it gives its
   * irreps, and its transpose times those the tensor (the part that has the symmetry).
   */
  readonly changeOfBasis: Float64Array;
}

/** Numbers of a change of basis, before the symmetry is asked for: 128 MiB. */
const LARGEST = 2 ** 24;
/** Below this a vector, or a component of a unit vector, is rounding (e3nn's `eps`). */
const ROUNDING = 1e-9;

/**
 * Takes tensors with index symmetries apart into irreps (e3nn `ReducedTensorProducts`; with `{ i: '1o' }` the basis
 * of its `CartesianTensor`), same basis and signs as e3nn.
 *
 * The indices are coupled one after the other, Q[k, ij..] = sqrt(2 l + 1) C[k, left, right]. A permutation of
 * the indices commutes with rotations, so by Schur's lemma it mixes only the copies of an irrep, by the same
 * matrix for each component; the mean over the group of permutations, with their signs, is a projector, whose
 * rows are orthonormalised in order.
 *
 * @param formula index symmetries: "ij=ji" a symmetric matrix, "ij=-ji" an antisymmetric one, "ij" any,
 * "ijkl=jikl=klij" a stiffness tensor
 * @param irreps for each letter what its index turns as; letters that the formula exchanges need it once
 * @throws Error if the formula cannot be read, a letter has no irreps or exchanged ones have different irreps, or
 * the tensor has more than 2^12 components.
 * @example
 * ```ts
 * import { reducedTensorProducts } from 'clebsch';
 * reducedTensorProducts('ij', { i: '1o', j: '1o' }).irrepsOut.toString(); // => "1x0e+1x1e+1x2e"
 * reducedTensorProducts('ijkl=jikl=klij', { i: '1o' }).irrepsOut.toString(); // => "2x0e+2x2e+1x4e"
 * const { changeOfBasis } = reducedTensorProducts('ij=-ji', { i: '1o' });
 * [...changeOfBasis.subarray(0, 9)]; // => [0, 0, 0, 0, 0, 0.7071067811865475, 0, -0.7071067811865475, 0]
 * ```
 */
export function reducedTensorProducts(
  formula: string,
  irreps: Readonly<Record<string, IrrepsLike>>,
): ReducedTensorProducts {
  const { letters, group } = formulaOf(formula);
  const irrepsIn = irrepsOfLetters(letters, group, irreps);
  const dims = irrepsIn.map(({ dim }) => dim);
  const numbers = dims.reduce((product, dim) => product * dim, 1) ** 2;
  if (numbers > LARGEST)
    throw new Error(
      `reducedTensorProducts("${formula}"): a tensor of ${dims.join(' x ')} = ${Math.sqrt(numbers)} components; ` +
        `at most ${Math.sqrt(LARGEST)} are taken apart`,
    );
  const couplings = coupled(irrepsIn);
  const kinds = [...new Map(couplings.map(({ ir }) => [String(ir), ir])).values()].sort(Irrep.compare);
  const rows: Float64Array[] = [];
  const out: [number, Irrep][] = [];
  const moved = group.map((permutation) => positions(permutation, dims));
  for (const ir of kinds) {
    const bases = couplings.filter((coupling) => coupling.ir.equals(ir)).map(({ basis }) => basis);
    for (const mixture of orthonormal(symmetric(bases, ir, group, moved))) {
      const row = new Float64Array(bases[0].length);
      mixture.forEach((factor, u) => {
        if (factor !== 0) for (let at = 0; at < row.length; at++) row[at] += factor * bases[u][at];
      });
      rows.push(row);
      out.push([1, ir]);
    }
  }
  const changeOfBasis = new Float64Array(rows.reduce((sum, row) => sum + row.length, 0));
  let at = 0;
  for (const row of rows) {
    changeOfBasis.set(row, at);
    at += row.length;
  }
  return { irrepsIn, irrepsOut: Irreps.parse(out).simplify(), changeOfBasis };
}

/** An irrep in the product of some indices: [ir.dim, product of their dimensions], rows orthonormal. */
interface Coupling {
  readonly ir: Irrep;
  readonly basis: Float64Array;
}

/** All ways to couple the indices from left to right, in e3nn's order (`_wigner_nj`). */
function coupled(irreps: readonly Irreps[]): Coupling[] {
  const right = irreps[irreps.length - 1];
  const starts = right.slices();
  if (irreps.length === 1)
    return right.blocks.flatMap(({ mul, ir }, i) =>
      Array.from({ length: mul }, (_, u) => {
        const basis = new Float64Array(ir.dim * right.dim);
        for (let k = 0; k < ir.dim; k++) basis[k * right.dim + starts[i].start + u * ir.dim + k] = 1;
        return { ir, basis };
      }),
    );
  const found = coupled(irreps.slice(0, -1)).flatMap((left) =>
    right.blocks.flatMap(({ mul, ir }, i) =>
      left.ir.product(ir).flatMap((out) =>
        Array.from({ length: mul }, (_, u) => ({
          ir: out,
          basis: couple(left, ir, out, right.dim, starts[i].start + u * ir.dim),
        })),
      ),
    ),
  );
  return found.sort((a, b) => Irrep.compare(a.ir, b.ir));
}

/** Couples one more index, of which `ir` stands at `start`. */
function couple(left: Coupling, ir: Irrep, out: Irrep, width: number, start: number): Float64Array {
  const c = wigner3j(out.l, left.ir.l, ir.l);
  const scale = Math.sqrt(out.dim);
  const count = left.basis.length / left.ir.dim;
  const basis = new Float64Array(out.dim * count * width);
  for (let k = 0; k < out.dim; k++)
    for (let a = 0; a < left.ir.dim; a++)
      for (let b = 0; b < ir.dim; b++) {
        const factor = scale * c[(k * left.ir.dim + a) * ir.dim + b];
        if (factor === 0) continue;
        for (let at = 0; at < count; at++)
          basis[(k * count + at) * width + start + b] += factor * left.basis[a * count + at];
      }
  return basis;
}

/** For each component of a tensor, where it comes from when its indices are permuted. */
function positions({ from }: SignedPermutation, dims: readonly number[]): Int32Array {
  const strides = dims.map((_, i) => dims.slice(i + 1).reduce((product, dim) => product * dim, 1));
  const size = dims.reduce((product, dim) => product * dim, 1);
  return Int32Array.from({ length: size }, (_, at) =>
    dims.reduce((sum, dim, i) => sum + (Math.floor(at / strides[i]) % dim) * strides[from[i]], 0),
  );
}

/** The projector onto the copies' mixtures that have the symmetry: <R_u, mean of the permutations R_v>. */
function symmetric(
  bases: readonly Float64Array[],
  ir: Irrep,
  group: readonly SignedPermutation[],
  moved: readonly Int32Array[],
): number[][] {
  const size = bases[0].length / ir.dim;
  const mean = bases.map((basis) => {
    const out = new Float64Array(size);
    group.forEach(({ sign }, g) => {
      for (let at = 0; at < size; at++) out[at] += (sign * basis[moved[g][at]]) / group.length;
    });
    return out;
  });
  // One component says it for all; of the copies' rows the first is component 0.
  return bases.map((basis) => mean.map((other) => other.reduce((sum, v, at) => sum + v * basis[at], 0)));
}

/** Gram and Schmidt, row by row, first nonzero number positive (e3nn `orthonormalize`). */
function orthonormal(rows: readonly (readonly number[])[]): number[][] {
  const out: number[][] = [];
  for (const row of rows) {
    let rest = [...row];
    for (const other of out) {
      const overlap = rest.reduce((sum, v, i) => sum + v * other[i], 0);
      rest = rest.map((v, i) => v - overlap * other[i]);
    }
    const length = Math.hypot(...rest);
    if (length <= 2 * ROUNDING) continue;
    const unit = rest.map((v) => (Math.abs(v / length) < ROUNDING ? 0 : v / length));
    const sign = Math.sign(unit.find((v) => v !== 0)!);
    out.push(unit.map((v) => sign * v + 0));
  }
  return out;
}

function irrepsOfLetters(
  letters: string,
  group: readonly SignedPermutation[],
  given: Readonly<Record<string, IrrepsLike>>,
): Irreps[] {
  const fail = (what: string) => new Error(`reducedTensorProducts: ${what}`);
  for (const letter of Object.keys(given))
    if (letter.length !== 1 || !letters.includes(letter))
      throw fail(`irreps are given for "${letter}", but the indices are ${[...letters].join(', ')}.`);
  return [...letters].map((letter, i) => {
    // Indices that some permutation puts into this one's place.
    const exchanged = new Set(group.map(({ from }) => letters[from[i]]));
    const known = [...exchanged].filter((other) => Object.hasOwn(given, other));
    if (known.length === 0) throw fail(`index "${letter}" has no irreps; give them as { ${letter}: '1o' }.`);
    const [first, ...others] = known.map((other) => Irreps.parse(given[other]));
    const odd = others.findIndex((other) => !other.equals(first));
    if (odd >= 0)
      throw fail(
        `"${known[0]}" and "${known[odd + 1]}" are exchanged, but have irreps ${first} and ${others[odd]}.`,
      );
    return first;
  });
}
