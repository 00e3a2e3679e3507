import type { Node } from '../../src/graph/node.ts';
import type { Feeds } from '../../src/graph/reference.ts';
import { reference } from '../../src/graph/reference.ts';
import { Random } from '../../src/o3/random.ts';

/** Fourth-order central difference of f at 0. */
export function centralDifference(f: (step: number) => number, h = 1e-4): number {
  return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
}

/**
 * How far `grads`, said to be the gradient of the 1 x 1 `value` by the inputs `wrt`, are from central differences
 * along a random direction in all of them; relative to the sum of the sizes of its terms (or 1). With `within`, numbers
 * of an input where that is 0 stay what they are (padding).
 */
export function directionalError(
  value: Node,
  wrt: readonly Node[],
  grads: readonly Node[],
  feeds: Feeds,
  options: { seed?: number; h?: number; within?: Feeds } = {},
): number {
  const random = new Random(options.seed ?? 1);
  const directions = wrt.map((node) => {
    const free = options.within?.[node.attrs.name];
    return random.normals(node.rows * node.cols).map((v, i) => (free ? v * free[i] : v));
  });
  const numeric = centralDifference((step) => {
    const moved: Record<string, ArrayLike<number>> = { ...feeds };
    wrt.forEach((node, i) => {
      const { name } = node.attrs;
      moved[name] = Float64Array.from(feeds[name], (v, j) => v + step * directions[i][j]);
    });
    return reference([value], moved)[0][0];
  }, options.h);
  let exact = 0;
  let size = 1;
  reference(grads, feeds).forEach((grad, i) => {
    grad.forEach((g, j) => {
      exact += g * directions[i][j];
      size += Math.abs(g * directions[i][j]);
    });
  });
  return Math.abs(numeric - exact) / size;
}

/**
 * The derivative of the 1 x 1 `value` along a direction in the input `name`: central differences, extrapolated twice
 * (Richardson), so that the error is of the sixth order in the step.
 */
export function slopeAlong(value: Node, name: string, direction: ArrayLike<number>, feeds: Feeds): number {
  const at = (step: number) => {
    const moved = Float64Array.from(feeds[name], (v, i) => v + step * direction[i]);
    return reference([value], { ...feeds, [name]: moved })[0][0];
  };
  const [a, b, c] = [4e-3, 2e-3, 1e-3].map((h) => (at(h) - at(-h)) / (2 * h));
  const [ab, bc] = [(4 * b - a) / 3, (4 * c - b) / 3];
  return (16 * bc - ab) / 15;
}

/** How far the slope along a unit vector is from that of a gradient, relative to the gradient's length. */
export function slopeError(slope: number, grad: ArrayLike<number>, direction: ArrayLike<number>): number {
  const exact = Array.from(grad).reduce((sum, g, i) => sum + g * direction[i], 0);
  return Math.abs(slope - exact) / Math.hypot(...Array.from(grad));
}

/** A random vector of length 1; where `mask` is 0, so is the vector. */
export function unitVector(length: number, seed: number, mask?: ArrayLike<number>): Float64Array {
  const values = new Random(seed).normals(length).map((v, i) => (mask ? v * mask[i] : v));
  const norm = Math.hypot(...values);
  return values.map((v) => v / norm);
}
