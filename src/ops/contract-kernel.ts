import type { Kernel } from '../graph/node.ts';
import type { Optimizations } from '../graph/optimizations.ts';
import type { Contraction, ContractSlot } from './contract-form.ts';
import { rowsKernel } from './contract-rows.ts';
import { plainTile, type Tile, tileFor } from './contract-tile.ts';
import { weightsKernel } from './contract-weights.ts';

/**
 * The kernel of contractions that have one slot open. Sizes and offsets go into a table, not into the code, so that few
 * pipelines serve all products of a network: compiling is what users wait for.
 *
 * @param optimizations whether blocks are kept in registers, and whether neighbouring invocations may share loads
 */
export function contractKernel(
  open: ContractSlot,
  contractions: readonly Contraction[],
  optimizations: Pick<Optimizations, 'tiles' | 'quads'> = { tiles: true, quads: false },
  whole?: readonly string[],
): Kernel {
  return contractKernelOf(open, contractions, tileFor(open, contractions, optimizations), whole);
}

/** The kernel with a given tile. */
export function contractKernelOf(
  open: ContractSlot,
  contractions: readonly Contraction[],
  tile: Tile,
  whole?: readonly string[],
): Kernel {
  const make = (tile: Tile) =>
    open === 'w' ? weightsKernel(contractions, tile) : rowsKernel(open, contractions, tile);
  return {
    ...make(tile),
    whole,
    get plain() {
      return { ...make(plainTile), whole };
    },
  };
}
