/** Tensor products whose paths follow from the irreps alone. */
import {
  type InstructionLike,
  type TensorProductOptions,
  type TensorProductSpec,
  tensorProduct,
} from './instructions.ts';
import type { Irrep } from './irrep.ts';
import { Irreps, type IrrepsLike } from './irreps.ts';
import { allows, type FilteredTensorProductOptions, keeper, sortOutputs } from './path-selection.ts';

/**
 * Every path into the given output, each copy with each, all weighted: mode uvw for all (in1, in2, out)
 * that the selection rules allow, out innermost (e3nn `FullyConnectedTensorProduct`).
 *
 * @throws Error as `tensorProduct` does.
 * @example
 * ```ts
 * import { fullyConnectedTensorProduct } from 'clebsch';
 * fullyConnectedTensorProduct('2x0e+2x1o', '0e+1o', '3x0e+2x1o').weightNumel; // => 20
 * ```
 */
export function fullyConnectedTensorProduct(
  irrepsIn1: IrrepsLike,
  irrepsIn2: IrrepsLike,
  irrepsOut: IrrepsLike,
  options: TensorProductOptions = {},
): TensorProductSpec {
  const [in1, in2, out] = [irrepsIn1, irrepsIn2, irrepsOut].map(Irreps.parse);
  const instructions: InstructionLike[] = [];
  in1.blocks.forEach((a, i1) => {
    in2.blocks.forEach((b, i2) => {
      out.blocks.forEach((c, iOut) => {
        if (allows(a.ir, b.ir, c.ir)) instructions.push([i1, i2, iOut, 'uvw', true]);
      });
    });
  });
  return tensorProduct(in1, in2, out, instructions, options);
}

/**
 * Copy u of the one with copy u of the other, without weights: both irreps simplified, then cut to
 * common multiplicities, mode uuu (e3nn `ElementwiseTensorProduct`).
 *
 * @throws Error if the two do not hold the same number of irreps.
 * @example
 * ```ts
 * import { elementwiseTensorProduct } from 'clebsch';
 * elementwiseTensorProduct('5x0e', '2x0e+3x1o').irrepsOut.toString(); // => "2x0e+3x1o"
 * ```
 */
export function elementwiseTensorProduct(
  irrepsIn1: IrrepsLike,
  irrepsIn2: IrrepsLike,
  options: FilteredTensorProductOptions = {},
): TensorProductSpec {
  const [in1, in2] = splitToCommon(Irreps.parse(irrepsIn1).simplify(), Irreps.parse(irrepsIn2).simplify());
  const keep = keeper(options);
  const out: [number, Irrep][] = [];
  const instructions: InstructionLike[] = [];
  in1.forEach(([mul, ir], i) => {
    for (const irOut of ir.product(in2[i][1]).filter(keep)) {
      instructions.push([i, i, out.length, 'uuu', false]);
      out.push([mul, irOut]);
    }
  });
  return tensorProduct(in1, in2, out, instructions, options);
}

/**
 * All products of all copies, without weights: both irreps simplified, mode uvuv for every irrep in the
 * product of two blocks, the output sorted (e3nn `FullTensorProduct`).
 *
 * @throws Error as `tensorProduct` does.
 * @example
 * ```ts
 * import { fullTensorProduct } from 'clebsch';
 * fullTensorProduct('2x1o', '1o').irrepsOut.toString(); // => "2x0e+2x1e+2x2e"
 * ```
 */
export function fullTensorProduct(
  irrepsIn1: IrrepsLike,
  irrepsIn2: IrrepsLike,
  options: FilteredTensorProductOptions = {},
): TensorProductSpec {
  const [in1, in2] = [Irreps.parse(irrepsIn1).simplify(), Irreps.parse(irrepsIn2).simplify()];
  const keep = keeper(options);
  const out: [number, Irrep][] = [];
  const instructions: InstructionLike[] = [];
  in1.blocks.forEach((a, i1) => {
    in2.blocks.forEach((b, i2) => {
      for (const irOut of a.ir.product(b.ir).filter(keep)) {
        instructions.push([i1, i2, out.length, 'uvuv', false]);
        out.push([a.mul * b.mul, irOut]);
      }
    });
  });
  const sorted = sortOutputs(out, instructions);
  return tensorProduct(in1, in2, sorted.out, sorted.instructions, options);
}

/** Cuts both lists at the ends of either's blocks, so that block i of both has the same multiplicity. */
function splitToCommon(in1: Irreps, in2: Irreps): [[number, Irrep][], [number, Irrep][]] {
  if (in1.numIrreps !== in2.numIrreps) {
    const counts = `"${in1}" holds ${in1.numIrreps} irreps, "${in2}" ${in2.numIrreps}`;
    throw new Error(`elementwiseTensorProduct: ${counts}; both need the same number to pair them up.`);
  }
  const ends = (irreps: Irreps) => {
    let end = 0;
    return irreps.blocks.map(({ mul }) => {
      end += mul;
      return end;
    });
  };
  const cuts = [...new Set([...ends(in1), ...ends(in2)])].sort((a, b) => a - b);
  const split = (irreps: Irreps) =>
    cuts.map((stop, i): [number, Irrep] => {
      const start = i === 0 ? 0 : cuts[i - 1];
      return [stop - start, irreps.sliceByMul(start, stop).blocks[0].ir];
    });
  return [split(in1), split(in2)];
}
