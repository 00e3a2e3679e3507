import { Irrep, type IrrepLike } from '../o3/irrep.ts';
import { Irreps, type IrrepsLike } from '../o3/irreps.ts';
import { Layout } from '../o3/layout.ts';
import { concat, slice } from '../ops/slice.ts';
import { expectIrreps, type GeometricTensor, inLayout, tensor } from './tensor.ts';

/** A layer made by `extract`, without parameters. */
export interface Extract {
  readonly irrepsIn: Irreps;
  readonly irrepsOuts: readonly Irreps[];
  /**
   * x: rows x irrepsIn, in any memory layout; one result, without padding, for each of irrepsOuts. Throws if x has other
   * irreps.
   */
  apply(x: GeometricTensor): GeometricTensor[];
}

/** A layer made by `extractIr` (its result is not padded) or `identityLayer`, without parameters. */
export interface Selection {
  readonly irrepsIn: Irreps;
  readonly irrepsOut: Irreps;
  /** x: rows x irrepsIn, in any memory layout; result: rows x irrepsOut. Throws if x has other irreps. */
  apply(x: GeometricTensor): GeometricTensor;
}

/**
 * Cuts blocks out of features and puts them together anew (e3nn `nn.Extract`).
 *
 * @param instructions for each of irrepsOuts which blocks of irrepsIn it is made of, by number, in its order
 * @throws Error if there is not one list an output, a number is no block, or the blocks are not those of the output.
 * @example
 * ```ts
 * import { extract, reference, tensorInput } from 'clebsch';
 * const layer = extract('1e + 0e + 0e', ['0e', '0e + 1e'], [[2], [1, 0]]);
 * const outs = layer.apply(tensorInput('x', 1, '1e + 0e + 0e'));
 * reference(outs.map(({ node }) => node), { x: [1, 2, 3, 40, 50] }); // => [[50], [40, 1, 2, 3]]
 * ```
 */
export function extract(
  irrepsIn: IrrepsLike,
  irrepsOuts: readonly IrrepsLike[],
  instructions: readonly (readonly number[])[],
): Extract {
  const irreps = Irreps.parse(irrepsIn);
  const outs = irrepsOuts.map((out) => Irreps.parse(out));
  if (outs.length !== instructions.length)
    throw new Error(`extract: ${outs.length} outputs, but ${instructions.length} lists of blocks`);
  instructions.forEach((list, i) => {
    const missing = list.find((block) => !irreps.blocks[block]);
    if (missing !== undefined)
      throw new Error(`extract: output ${i} takes block ${missing} of ${irreps}, which has ${irreps.length}`);
    const made = Irreps.parse(list.map((block) => [irreps.blocks[block].mul, irreps.blocks[block].ir]));
    if (!made.equals(outs[i]))
      throw new Error(
        `extract: blocks ${list.join(', ')} of ${irreps} are ${made}, but output ${i} is ${outs[i]}`,
      );
  });
  return {
    irrepsIn: irreps,
    irrepsOuts: outs,
    apply(x) {
      expectIrreps('extract', x, irreps);
      return instructions.map((list) => blocksOf(x, list));
    },
  };
}

function blocksOf({ node, layout }: GeometricTensor, list: readonly number[]): GeometricTensor {
  const blocks = list.map((i) => layout.blocks[i]);
  const parts = blocks.map(({ offset, padded, ir }) => slice(node, offset, padded * ir.dim));
  const asStored = Layout.concat(
    blocks.map(({ mul, padded, ir }) => Layout.of([[mul, ir]], padded === mul ? 1 : 4)),
  );
  const cut = tensor(parts.length > 0 ? concat(parts) : slice(node, 0, 0), asStored);
  const layoutOut = Layout.of(asStored.irreps);
  return tensor(inLayout('extract', cut, layoutOut), layoutOut);
}

/**
 * The blocks of one irrep (e3nn `nn.ExtractIr`).
 *
 * @throws Error if the irreps or the irrep cannot be read.
 * @example
 * ```ts
 * import { extractIr, reference, tensorInput } from 'clebsch';
 * const layer = extractIr('0e + 1o + 2x0e', '0e');
 * layer.irrepsOut.toString(); // => "1x0e+2x0e"
 * reference([layer.apply(tensorInput('x', 1, layer.irrepsIn)).node], { x: [7, 1, 2, 3, 8, 9] }); // => [[7, 8, 9]]
 * ```
 */
export function extractIr(irrepsIn: IrrepsLike, ir: IrrepLike): Selection {
  const irreps = Irreps.parse(irrepsIn);
  const wanted = Irrep.parse(ir);
  const list = irreps.blocks.flatMap((block, i) => (block.ir.equals(wanted) ? [i] : []));
  const irrepsOut = Irreps.parse(list.map((i) => [irreps.blocks[i].mul, wanted]));
  const layer = extract(irreps, [irrepsOut], [list]);
  return { irrepsIn: irreps, irrepsOut, apply: (x) => layer.apply(x)[0] };
}

/**
 * Features as they are (e3nn `nn.Identity`): the place of a layer in a model that does without.
 *
 * @throws Error if the irreps cannot be read.
 * @example
 * ```ts
 * import { identityLayer, reference, tensorInput } from 'clebsch';
 * reference([identityLayer('1o').apply(tensorInput('x', 1, '1o')).node], { x: [1, 2, 3] }); // => [[1, 2, 3]]
 * ```
 */
export function identity(irrepsIn: IrrepsLike): Selection {
  const irreps = Irreps.parse(irrepsIn);
  return {
    irrepsIn: irreps,
    irrepsOut: irreps,
    apply(x) {
      expectIrreps('identity', x, irreps);
      return x;
    },
  };
}
