/** Which outputs a generated tensor product has, and in which order. */
import type { InstructionLike, TensorProductOptions } from './instructions.ts';
import { Irrep, type IrrepLike } from './irrep.ts';
import { Irreps } from './irreps.ts';

/** Which output irreps to keep, besides the normalisation. */
export interface FilteredTensorProductOptions extends TensorProductOptions {
  /** Only these irreps in the output; by default all. */
  readonly filterIrOut?: readonly IrrepLike[] | null;
}

/** Whether `out` occurs in the product of two irreps: parities multiply, triangle rule. */
export function allows(a: Irrep, b: Irrep, out: Irrep): boolean {
  return a.p * b.p === out.p && Math.abs(a.l - b.l) <= out.l && out.l <= a.l + b.l;
}

/** The test that `filterIrOut` stands for. */
export function keeper({ filterIrOut }: FilteredTensorProductOptions): (ir: Irrep) => boolean {
  if (!filterIrOut) return () => true;
  const wanted = filterIrOut.map(Irrep.parse);
  return (ir) => wanted.some((other) => other.equals(ir));
}

/** Sorts the outputs and points the instructions to their new places. */
export function sortOutputs(
  out: readonly (readonly [number, Irrep])[],
  instructions: readonly InstructionLike[],
): { out: Irreps; instructions: InstructionLike[] } {
  const { irreps, p } = Irreps.parse(out).sort();
  const moved = instructions.map(([i1, i2, iOut, ...rest]): InstructionLike => [i1, i2, p[iOut], ...rest]);
  return { out: irreps, instructions: moved };
}

/** Whether the product of some block of `a` with some block of `b` contains `ir` (e3nn `tp_path_exists`). */
export function pathExists(a: Irreps, b: Irreps, ir: Irrep): boolean {
  return a.blocks.some((x) => b.blocks.some((y) => x.mul > 0 && y.mul > 0 && allows(x.ir, y.ir, ir)));
}

/**
 * The paths of a message, features times edge attributes: one middle block a path whose irrep is wanted (mode uvu,
 * weighted); the blocks are sorted, not simplified.
 */
export function messagePaths(
  features: Irreps,
  edgeAttr: Irreps,
  wanted: (ir: Irrep) => boolean,
): { irrepsMid: Irreps; instructions: InstructionLike[] } {
  const blocks: [number, Irrep][] = [];
  const found: InstructionLike[] = [];
  features.blocks.forEach((a, i) => {
    edgeAttr.blocks.forEach((b, j) => {
      for (const ir of a.ir.product(b.ir)) {
        if (!wanted(ir)) continue;
        found.push([i, j, blocks.length, 'uvu', true]);
        blocks.push([a.mul, ir]);
      }
    });
  });
  const { out, instructions } = sortOutputs(blocks, found);
  return { irrepsMid: out, instructions };
}
