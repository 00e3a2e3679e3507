/**
 * What `compile` does besides what a program needs, so that it runs faster. Each rule can be switched off; the values are
 * the same to rounding.
 */
export interface Optimizations {
  /** Pointwise chains are one kernel. */
  readonly pointwise: boolean;
  /** Messages along edges are made and summed in one kernel, and their gradients read the nodes: see ops/edge-product.ts. */
  readonly messages: boolean;
  /** Products with scalars, copy by copy, are pointwise too: a gate joins its activations. */
  readonly gates: boolean;
  /** Short sums over columns are pointwise too, and take in what they add up. */
  readonly reductions: boolean;
  /**
   * In a program that updates states, what depends on inputs only is computed when one was written, not in every run. It
   * stays in memory of its own.
   */
  readonly prologue: boolean;
  /** Values with very many rows, of which only sums are wanted, are computed strip by strip. */
  readonly strips: boolean;
  /** The sum of two blocked matrix products is one dispatch. */
  readonly sums: boolean;
  /** Blocked matrix products, pointwise values, or the gradients of a product along edges, that do not depend on each other are one dispatch. */
  readonly batches: boolean;
  /** The sums over the paths of a product along edges are written out in its code; else its kernel reads them from a table. */
  readonly unrolled: boolean;
  /** An invocation of a matrix product computes a block of its result, not a single vector. */
  readonly tiles: boolean;
  /** Neighbouring invocations share what they load, on adapters where that pays: devices made with the feature `subgroups`. */
  readonly quads: boolean;
}

/** Which rules to switch off, the others stay on; or all on, or all off. */
export type OptimizationChoice = Partial<Optimizations> | boolean;

const all: Optimizations = {
  pointwise: true,
  messages: true,
  gates: true,
  reductions: true,
  prologue: true,
  strips: true,
  sums: true,
  batches: true,
  unrolled: true,
  tiles: true,
  quads: true,
};

/** Names of all rules. */
export const optimizationNames = Object.keys(all) as readonly (keyof Optimizations)[];

/** Every rule with its choice. Throws an error that lists the rules if one is named that is not there. */
export function optimizationsOf(choice: OptimizationChoice = true): Optimizations {
  if (choice === true) return all;
  if (!choice)
    return Object.fromEntries(optimizationNames.map((name) => [name, false])) as unknown as Optimizations;
  const unknown = Object.keys(choice).find((name) => !(name in all));
  if (unknown !== undefined)
    throw new Error(`there is no optimization "${unknown}"; known are ${optimizationNames.join(', ')}`);
  return { ...all, ...choice };
}
