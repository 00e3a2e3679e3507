/** The square and the rectangle of the lesson: four corners in the xy plane, and what a network is to do to them. */

/** Corners in order round the polygon, 4 x 3. */
export type Corners = readonly number[];

const signs = [
  [1, 1],
  [-1, 1],
  [-1, -1],
  [1, -1],
] as const;

/** A square of half side 1: point group D4h, C4 about z. */
export const square: Corners = signs.flatMap(([x, y]) => [x, y, 0]);

/** The square stretched by s along x and shortened by s along y: point group D2h. */
export function rectangle(s: number): Corners {
  return signs.flatMap(([x, y]) => [x * (1 + s), y * (1 - s), 0]);
}

/** What takes one polygon to another, corner by corner: 4 x 3. */
export function displacements(from: Corners, to: Corners): number[] {
  return from.map((v, i) => to[i] - v);
}

/** (1/4) sum over corners of |d - target|^2. */
export function meanSquare(d: ArrayLike<number>, target: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < target.length; i++) sum += (d[i] - target[i]) ** 2;
  return sum / (target.length / 3);
}

/**
 * The least loss that displacements with the symmetry of the square can have when they are to make the rectangle.
 * A corner lies on a mirror plane through the diagonal, another through the polygon, and both send its displacement to
 * itself: it is t (x, y, 0)/sqrt(2), the same t at every corner. |t (1, 1)/sqrt(2) - (s, -s)|^2 = t^2 + 2 s^2: the best that such a network can do
 * is not to move at all.
 */
export const symmetricOptimum = (s: number) => 2 * s ** 2;
