import fc from 'fast-check';
import { type ConnectionMode, connectionModes } from '../../src/o3/connection-modes.ts';
import {
  type InstructionLike,
  type TensorProductOptions,
  type TensorProductSpec,
  tensorProduct,
} from '../../src/o3/instructions.ts';
import type { Irrep } from '../../src/o3/irrep.ts';
import { Irreps } from '../../src/o3/irreps.ts';
import { irrepsUpTo } from './layers.ts';

const modes = Object.keys(connectionModes) as ConnectionMode[];

/** A random choice that becomes an instruction where the blocks allow it. */
interface Wish {
  readonly i1: number;
  readonly i2: number;
  readonly mode: number;
  readonly degree: number;
  readonly mulOut: number;
  readonly weight: boolean;
  readonly pathWeight: number;
  readonly share: boolean;
}

/** Output irreps and instructions for the wishes; outputs are shared between paths where they fit. */
function instructionsFor(in1: Irreps, in2: Irreps, wishes: readonly Wish[]) {
  const out: { mul: number; ir: Irrep }[] = [];
  const instructions: InstructionLike[] = [];
  for (const wish of wishes) {
    const i1 = wish.i1 % in1.length;
    const i2 = wish.i2 % in2.length;
    const [a, b] = [in1.blocks[i1], in2.blocks[i2]];
    const results = a.ir.product(b.ir);
    const ir = results[wish.degree % results.length];
    const mode = modes[wish.mode % modes.length];
    const multiplicities: Partial<Record<ConnectionMode, number>> = {
      uvu: a.mul,
      uvv: b.mul,
      uuu: a.mul,
      uvuv: a.mul * b.mul,
      'uvu<v': (a.mul * (a.mul - 1)) / 2,
      uuw: wish.weight ? wish.mulOut : 1,
    };
    const mul = multiplicities[mode] ?? wish.mulOut;
    const weight = wish.weight || mode === 'uvw' || mode === 'u<vw';
    if (connectionModes[mode].conflict(a.mul, b.mul, mul, weight)) continue;
    let at = wish.share ? out.findIndex((block) => block.mul === mul && block.ir.equals(ir)) : -1;
    if (at < 0) at = out.push({ mul, ir }) - 1;
    instructions.push([i1, i2, at, mode, weight, wish.pathWeight]);
  }
  return { irrepsOut: Irreps.parse(out.map(({ mul, ir }): [number, Irrep] => [mul, ir])), instructions };
}

/** Random tensor products: every mode, with and without weights, outputs shared by several paths. */
export const tensorProductSpecs: fc.Arbitrary<TensorProductSpec> = fc
  .record({
    in1: irrepsUpTo(2, 4),
    in2: irrepsUpTo(2, 4),
    // Equal multiplicities, which half of the modes need, are rare unless asked for.
    equal: fc.boolean(),
    wishes: fc.array(
      fc.record({
        i1: fc.nat(),
        i2: fc.nat(),
        mode: fc.nat(),
        degree: fc.nat(),
        mulOut: fc.integer({ min: 0, max: 5 }),
        weight: fc.boolean(),
        pathWeight: fc.constantFrom(1, 1, 0.5, 3, 0),
        share: fc.boolean(),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    irrepNormalization: fc.constantFrom('component', 'norm', 'none'),
    pathNormalization: fc.constantFrom('element', 'path', 'none'),
  })
  .map(({ in1, in2, equal, wishes, ...options }) => {
    const mul = in1.blocks[0].mul;
    const second = equal ? Irreps.parse(in2.blocks.map(({ ir }): [number, Irrep] => [mul, ir])) : in2;
    const { irrepsOut, instructions } = instructionsFor(in1, second, wishes);
    return tensorProduct(in1, second, irrepsOut, instructions, options as TensorProductOptions);
  });

/**
 * Tensor products whose kernels may take four neighbouring channels at a time, in padded layouts: every copy of one
 * side meets the single copies of the other (uvu, uvuv), or its own partner (uuu).
 */
export const wideProductSpecs: fc.Arbitrary<TensorProductSpec> = fc
  .record({
    in1: irrepsUpTo(2, 9, 2),
    in2: irrepsUpTo(2, 1, 2),
    mode: fc.constantFrom('uvu' as const, 'uvuv' as const, 'uuu' as const),
    weight: fc.boolean(),
  })
  .map(({ in1, in2, mode, weight }) => {
    const [{ mul }] = in1.blocks;
    const first = Irreps.parse(in1.blocks.map(({ ir }): [number, Irrep] => [mul, ir]));
    const second = Irreps.parse(in2.blocks.map(({ ir }): [number, Irrep] => [mode === 'uuu' ? mul : 1, ir]));
    const blocks: [number, Irrep][] = [];
    const instructions: InstructionLike[] = [];
    first.blocks.forEach((a, i) => {
      second.blocks.forEach((b, j) => {
        for (const ir of a.ir.product(b.ir))
          instructions.push([i, j, blocks.push([mul, ir]) - 1, mode, weight]);
      });
    });
    return tensorProduct(first, second, Irreps.parse(blocks), instructions);
  });
