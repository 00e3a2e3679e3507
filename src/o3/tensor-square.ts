/** The tensor product of a feature vector with itself. */
import { type InstructionLike, type TensorProductSpec, tensorProduct } from './instructions.ts';
import type { Irrep } from './irrep.ts';
import { Irreps, type IrrepsLike, type MulIrrep } from './irreps.ts';
import { allows, type FilteredTensorProductOptions, keeper, sortOutputs } from './path-selection.ts';

/**
 * x with itself, each pair of copies once (e3nn `TensorSquare`). Without `irrepsOut` all products, not
 * weighted, sorted; with it, a weighted map into those irreps.
 *
 * Two different blocks give their whole product. A block with itself gives its pairs of copies u < v
 * (uvu<v, or u<vw) and, for even l, each copy with itself (uuu, or uuw). The squares of a normal vector
 * are not of unit variance, so the irrep normalisation goes into the path weights: dim for pairs, and
 * (2l+1)/(2 l1+3) at l = 0 or (2l+1)/2 above for squares ("component"), likewise for "norm".
 *
 * @throws Error if both `irrepsOut` and `filterIrOut` are given.
 * @example
 * ```ts
 * import { tensorSquare } from 'clebsch';
 * tensorSquare('1o').irrepsOut.toString(); // => "1x0e+1x2e"
 * tensorSquare('3x1e', '2x0e+1e').weightNumel; // => 15
 * ```
 */
export function tensorSquare(
  irrepsIn: IrrepsLike,
  irrepsOut: IrrepsLike = null,
  options: FilteredTensorProductOptions = {},
): TensorProductSpec {
  const input = Irreps.parse(irrepsIn).simplify();
  const inner = { ...options, irrepNormalization: 'none' } as const;
  const normalization = options.irrepNormalization ?? 'component';
  if (irrepsOut === null) {
    const { out, instructions } = squareFull(input, normalization, keeper(options));
    return tensorProduct(input, input, out, instructions, inner);
  }
  if (options.filterIrOut) {
    throw new Error('tensorSquare: irrepsOut and filterIrOut both choose the output; give only one of them.');
  }
  const out = Irreps.parse(irrepsOut).simplify();
  return tensorProduct(input, input, out, squareFullyConnected(input, out, normalization), inner);
}

type IrrepNormalization = 'component' | 'norm' | 'none';

function squareFull(input: Irreps, normalization: IrrepNormalization, keep: (ir: Irrep) => boolean) {
  const out: [number, Irrep][] = [];
  const instructions: InstructionLike[] = [];
  for (const { i, j, a, b } of unorderedPairs(input)) {
    for (const ir of a.ir.product(b.ir).filter(keep)) {
      const pair = pairWeight(a.ir, b.ir, ir, normalization);
      if (i < j) {
        instructions.push([i, j, out.length, 'uvuv', false, pair]);
        out.push([a.mul * b.mul, ir]);
        continue;
      }
      if (a.mul > 1) {
        instructions.push([i, i, out.length, 'uvu<v', false, pair]);
        out.push([(a.mul * (a.mul - 1)) / 2, ir]);
      }
      if (ir.l % 2 === 0) {
        instructions.push([i, i, out.length, 'uuu', false, squareWeight(a.ir, ir, normalization)]);
        out.push([a.mul, ir]);
      }
    }
  }
  return sortOutputs(out, instructions);
}

function squareFullyConnected(
  input: Irreps,
  out: Irreps,
  normalization: IrrepNormalization,
): InstructionLike[] {
  const instructions: InstructionLike[] = [];
  for (const { i, j, a, b } of unorderedPairs(input)) {
    out.blocks.forEach(({ ir }, iOut) => {
      if (!allows(a.ir, b.ir, ir)) return;
      const pair = pairWeight(a.ir, b.ir, ir, normalization);
      if (i < j) instructions.push([i, j, iOut, 'uvw', true, pair]);
      if (i === j && a.mul > 1) instructions.push([i, i, iOut, 'u<vw', true, pair]);
      if (i === j && ir.l % 2 === 0) {
        instructions.push([i, i, iOut, 'uuw', true, squareWeight(a.ir, ir, normalization)]);
      }
    });
  }
  return instructions;
}

/** Path weight for two independent copies: the factor A of `tensorProduct`. */
function pairWeight(a: Irrep, b: Irrep, out: Irrep, normalization: IrrepNormalization): number {
  return { component: out.dim, norm: a.dim * b.dim, none: 1 }[normalization];
}

/** Path weight for a copy with itself, where the variance involves fourth moments. */
function squareWeight(a: Irrep, out: Irrep, normalization: IrrepNormalization): number {
  const weights =
    out.l === 0
      ? { component: 1 / (a.dim + 2), norm: a.dim, none: 1 }
      : { component: out.dim / 2, norm: (a.dim * (a.dim + 2)) / 2, none: 1 };
  return weights[normalization];
}

function unorderedPairs(irreps: Irreps): { i: number; j: number; a: MulIrrep; b: MulIrrep }[] {
  return irreps.blocks.flatMap((a, i) =>
    irreps.blocks.slice(i).map((b, offset) => ({ i, j: i + offset, a, b })),
  );
}
