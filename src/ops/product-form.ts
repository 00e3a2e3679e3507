/** The tensor product's form: what its op, its kernel and its layers share. */

import type { RowRange } from '../graph/node.ts';

/**
 * The connection modes that act channel by channel. e3nn's uvw, uuw and u<vw mix channels as well: they are
 * one of these without weights, followed by a `contract` (see nn/tensor-product).
 */
export type PathMode = 'uvu' | 'uvv' | 'uuu' | 'uvuv' | 'uvu<v';

/** Where an irrep stands in a slot: component i of channel u at column `offset + i * stride + u`. */
export interface SlotBlock {
  readonly offset: number;
  readonly stride: number;
  /** Number of channels. */
  readonly mul: number;
  /** Degree: 2l + 1 components. */
  readonly l: number;
}

/** One path of a tensor product: a block of x times a block of y, coupled by `wigner3j`, into a block of z. */
export interface ProductPath {
  readonly mode: PathMode;
  readonly x: SlotBlock;
  readonly y: SlotBlock;
  readonly z: SlotBlock;
  /** First column of this path's weights, one a channel pair (row-major) or channel; null without weights. */
  readonly w: number | null;
  /** Factor of the whole path. */
  readonly coefficient: number;
}

/** The slots of the form: inputs x and y, weights w, output z. */
export type ProductSlot = 'x' | 'y' | 'w' | 'z';

/** What the four slots have in common; shared by the product and all its derivatives. */
export interface ProductSpec {
  readonly paths: readonly ProductPath[];
  /**
   * Columns of each slot. Either every path has weights or, when w has 0 columns, none has: the form is linear in w.
   * A product of both kinds is the sum of two (see nn/tensor-product).
   */
  readonly cols: Readonly<Record<ProductSlot, number>>;
}

export interface ProductAttrs {
  readonly spec: ProductSpec;
  /** The slot that is computed; the others are the inputs, in the order x, y, w, z. */
  readonly open: ProductSlot;
}

/**
 * A product along the edges of a graph: y and w have a row for each edge, z one for each node that edges point to, x one for
 * each edge or, `gathered`, for each node that they start from.
 */
export interface EdgeProductAttrs extends ProductAttrs {
  readonly open: 'x' | 'w' | 'z';
  readonly gathered: boolean;
  /** Which edges of the maps: y, w, and what else has a row for each edge, have rows for these only. */
  readonly range: RowRange;
}

export const productSlots = ['x', 'y', 'w', 'z'] as const;

/** The slots that are inputs when one is open. */
export function productInputs({ spec, open }: ProductAttrs): ProductSlot[] {
  return productSlots.filter((slot) => slot !== open && spec.cols[slot] > 0);
}

/** Number of weights (or of pairs of channels) of a path. */
export function channelCount({ mode, x, y }: ProductPath): number {
  if (mode === 'uuu') return x.mul;
  return mode === 'uvu<v' ? (x.mul * (x.mul - 1)) / 2 : x.mul * y.mul;
}
