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
