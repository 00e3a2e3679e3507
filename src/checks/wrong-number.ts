import type { Node } from '../graph/node.ts';
import { type Feeds, reference } from '../graph/reference.ts';
import type { WrongNumber } from './gradient-report.ts';
import type { DifferentiatedLeaf } from './nested-gradients.ts';

/** [f(x + h u) - f(x - h u)] / 2h of 1 x 1 values, in f64; u is a direction in one leaf. */
export function centralDifferences(
  scalars: readonly Node[],
  feeds: Feeds,
  { name }: DifferentiatedLeaf,
  u: Float64Array,
  h: number,
): number[] {
  const at = (step: number) => {
    const moved = Float64Array.from(feeds[name], (x, i) => x + step * u[i]);
    return reference(scalars, { ...feeds, [name]: moved });
  };
  const [above, below] = [at(h), at(-h)];
  return scalars.map((_, k) => (above[k][0] - below[k][0]) / (2 * h));
}

/** Below so many entries each is tried on its own. */
const FEW = 16;

/**
 * An entry of a derivative that differs from the central difference. The direction is halved again and again, and the
 * half that is further off kept, until few entries are left; the worst of those is named.
 */
export function differentNumber(
  scalar: Node,
  feeds: Feeds,
  leaf: DifferentiatedLeaf,
  derivative: Float64Array,
  u: Float64Array,
  h: number,
): WrongNumber {
  const difference = (direction: Float64Array) => centralDifferences([scalar], feeds, leaf, direction, h)[0];
  const part = (start: number, end: number) => u.map((v, i) => (i >= start && i < end ? v : 0));
  const off = (start: number, end: number) => {
    const direction = part(start, end);
    return Math.abs(difference(direction) - dot(derivative, direction));
  };
  let [start, end] = [0, u.length];
  while (end - start > FEW) {
    const middle = (start + end) >> 1;
    if (isLarger(off(middle, end), off(start, middle))) start = middle;
    else end = middle;
  }
  let worst = { index: start, found: Number.NaN, by: -1 };
  for (let index = start; index < end; index++) {
    if (leaf.free[index] === 0) continue;
    const found = difference(part(0, 0).fill(1, index, index + 1));
    const by = Math.abs(found - derivative[index]);
    if (isLarger(by, worst.by)) worst = { index, found, by };
  }
  const { index, found } = worst;
  return { ...placeOf(leaf, index), derivative: derivative[index], against: 'central differences', found };
}

/** Where the GPU's derivative is furthest from the one in f64, and by how much. */
export function gpuNumber(
  leaf: DifferentiatedLeaf,
  derivative: Float64Array,
  onGpu: Float64Array,
): { difference: number; number: WrongNumber } {
  let [index, difference] = [0, -1];
  derivative.forEach((exact, i) => {
    const by = Math.abs(onGpu[i] - exact);
    if (leaf.free[i] !== 0 && isLarger(by, difference)) [index, difference] = [i, by];
  });
  const number = {
    ...placeOf(leaf, index),
    derivative: derivative[index],
    against: 'the GPU',
    found: onGpu[index],
  } as const;
  return { difference: Math.max(0, difference), number };
}

function placeOf({ node }: DifferentiatedLeaf, index: number) {
  return { index, row: Math.floor(index / node.cols), column: index % node.cols };
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Whether a > b, where what is no number is larger than all. */
export function isLarger(a: number, b: number): boolean {
  return a > b || (Number.isNaN(a) && !Number.isNaN(b));
}
