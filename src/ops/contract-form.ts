/** The blocked matrix product's form: what its op, its kernel and its layers share. */

/** One irreps-blocked matrix product: for every component k, o[w] += coefficient * sum_u a[u] W[u, w]. */
export interface ContractBlock {
  /** Column of a at which (k, u) = (0, 0) stands; (k, u) stands at `a + k * aStride + u`. */
  readonly a: number;
  readonly aStride: number;
  /** Column of o at which (k, w) = (0, 0) stands; (k, w) stands at `o + k * oStride + w`. */
  readonly o: number;
  readonly oStride: number;
  /** Column of W at which (u, w) = (0, 0) stands; W is row-major, mulIn x mulOut. */
  readonly w: number;
  /** Number of copies u in the block of a. */
  readonly mulIn: number;
  /** Number of copies w in the block of o. */
  readonly mulOut: number;
  /** Number of components, 2l + 1. */
  readonly dim: number;
  readonly coefficient: number;
}

/** What the three slots have in common; shared by the product and its gradients. */
export interface ContractSpec {
  readonly blocks: readonly ContractBlock[];
  /** Columns of each slot, those that no block touches included. */
  readonly aCols: number;
  readonly wCols: number;
  readonly oCols: number;
  /** Whether every sample (row) has weights of its own. */
  readonly perSample: boolean;
}

export type ContractSlot = 'a' | 'w' | 'o';

export interface ContractAttrs {
  readonly spec: ContractSpec;
  /** The slot that is computed; the others are the inputs, in the order a, w, o. */
  readonly open: ContractSlot;
}

export const contractSlots: readonly ContractSlot[] = ['a', 'w', 'o'];

/** A contraction of a dispatch, which may hold several. Offsets are numbers from the start of what is bound. */
export interface Contraction {
  readonly samples: number;
  /** What is summed; terms share the open slot's blocks. With the weights open there is one. */
  readonly terms: readonly { readonly form: ContractSpec; readonly left: number; readonly right: number }[];
  readonly result: number;
}
