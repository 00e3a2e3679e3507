import { indexOp } from './index-map.ts';
import { apply, type Node, type Op, type Shape } from './node.ts';

/** Leaves: the values that a program is given. They have no inputs, no kernel and no gradient of their own. */

interface LeafAttrs extends Shape {
  readonly name: string;
}

/** A constant's numbers, row-major, are part of the program and go to the GPU once. */
interface ConstantAttrs extends Shape {
  readonly data: Float64Array;
}

/** A state's value outlives a step: parameters, optimiser moments, counters. */
interface StateAttrs extends LeafAttrs {
  readonly initial: Float64Array;
}

function leaf<A extends Shape>(name: string, print: (attrs: A) => string): Op<A> {
  return {
    name,
    shape: (_, attrs) => attrs,
    reference: () => {
      throw new Error(`${name}: a leaf is fed, not computed`);
    },
    gradient: () => [],
    kernel: null,
    examples: () => [],
    print,
  };
}

export const inputOp = leaf<LeafAttrs>('input', (attrs) => attrs.name);
export const stateOp = leaf<StateAttrs>('state', (attrs) => attrs.name);
export const constantOp: Op<ConstantAttrs> = {
  ...leaf<ConstantAttrs>('constant', ({ data }) =>
    data.length <= 4 ? `[${[...data].map((v) => +v.toPrecision(6)).join(' ')}]` : `${data.length} numbers`,
  ),
  reference: (_, node) => node.attrs.data,
};

/**
 * A leaf that is fed: rows x cols of f32. Its numbers, row-major, go in by name, with `Executable.write` or as
 * a feed of `reference`.
 *
 * @param name unique in a program among inputs, states and index maps
 * @throws Error if rows or cols is no whole number >= 0.
 * @example
 * ```ts
 * import { input, reference, scale } from 'clebsch';
 * const x = input('x', 1, 2);
 * reference([scale(x, 3)], { x: [1, 2] }); // => [[3, 6]]
 * ```
 */
export function input(name: string, rows: number, cols: number): Node {
  return apply(inputOp, [], { name, rows, cols });
}

/**
 * A leaf that stays on the GPU from run to run, rows x cols of f32: parameters, moments, counters. A program
 * changes it by an update; programs that share a `StateStore` share the states of one name.
 *
 * @param initial its numbers before the first run, row-major, rows * cols of them
 * @throws Error if `initial` has another length.
 * @example
 * ```ts
 * import { reference, scale, state } from 'clebsch';
 * const weight = state('weight', 1, 2, [5, 7]);
 * reference([scale(weight, 2)]); // => [[10, 14]]
 * ```
 */
export function state(name: string, rows: number, cols: number, initial: ArrayLike<number>): Node {
  if (initial.length !== rows * cols)
    throw new Error(`state ${name}: ${rows}x${cols} needs ${rows * cols} numbers, got ${initial.length}`);
  return apply(stateOp, [], { name, rows, cols, initial: Float64Array.from(initial) });
}

/**
 * Numbers known when the graph is traced, row-major: rows x cols. A single number is 1 x 1.
 *
 * @param rows default 1
 * @param cols default: as many as the numbers fill
 * @throws Error if the numbers do not fill rows x cols.
 * @example
 * ```ts
 * import { constant, reference, sum } from 'clebsch';
 * const table = constant([1, 2, 3, 4, 5, 6], 2); // 2 x 3
 * reference([sum(table, 'cols')]); // => [[6, 15]]
 * ```
 */
export function constant(data: ArrayLike<number> | number, rows = 1, cols?: number): Node {
  const numbers = typeof data === 'number' ? Float64Array.of(data) : Float64Array.from(data);
  const width = cols ?? numbers.length / rows;
  if (numbers.length !== rows * width)
    throw new Error(`constant: ${rows}x${width} needs ${rows * width} numbers, got ${numbers.length}`);
  return apply(constantOp, [], { data: numbers, rows, cols: width });
}

/** Whether a program is given the value instead of computing it. */
export function isLeaf(node: Node): boolean {
  return node.op === inputOp || node.op === stateOp || node.op === indexOp || node.op === constantOp;
}

/** The number that a constant holds in every place, or null. */
export function uniformValue(node: Node): number | null {
  if (node.op !== constantOp) return null;
  const { data } = node.attrs as ConstantAttrs;
  return data.every((v) => v === data[0]) ? data[0] : null;
}
