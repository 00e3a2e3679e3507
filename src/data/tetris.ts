/** The eight Tetris shapes of e3nn's examples: four points each, one unit apart, in one orientation. */

export interface Shape {
  readonly name: string;
  /** Four points, row-major [4, 3]. */
  readonly points: readonly number[];
}

/** The first two are mirror images of each other: only a network that knows parity tells them apart. */
export const tetrisShapes: readonly Shape[] = [
  { name: 'chiral_shape_1', points: [0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0] },
  { name: 'chiral_shape_2', points: [0, 0, 0, 0, 0, 1, 1, 0, 0, 1, -1, 0] },
  { name: 'square', points: [0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0] },
  { name: 'line', points: [0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 3] },
  { name: 'corner', points: [0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0] },
  { name: 'L', points: [0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 1, 0] },
  { name: 'T', points: [0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 1, 1] },
  { name: 'zigzag', points: [0, 0, 0, 1, 0, 0, 1, 1, 0, 2, 1, 0] },
];

/** Irreps of the labels: an odd scalar, +1 and -1 for the chiral pair, and an even one for each other shape. */
export const tetrisIrrepsOut = '0o + 6x0e';

/** Label of each shape, row-major [8, 7], as e3nn's `tetris.py` has them. */
export const tetrisLabels: readonly number[] = tetrisShapes.flatMap((_, s) => {
  const label = new Array<number>(7).fill(0);
  if (s < 2) label[0] = s === 0 ? 1 : -1;
  else label[s - 1] = 1;
  return label;
});

/**
 * Which shape an output (7 numbers) means, or -1: every number must round to that of the shape's label, e3nn's rule.
 *
 * @example
 * ```ts
 * import { recognise } from 'clebsch';
 * recognise([-0.9, 0.1, 0, 0.2, 0, 0, 0]); // => 1
 * ```
 */
export function recognise(output: ArrayLike<number>): number {
  return tetrisShapes.findIndex((_, s) =>
    tetrisLabels.slice(7 * s, 7 * s + 7).every((label, i) => Math.abs(output[i] - label) < 0.5),
  );
}
