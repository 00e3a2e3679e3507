/** A Tetris shape. */
export interface Shape {
  /** e3nn's name of it. */
  readonly name: string;
  /** Four points, row-major 4 x 3. */
  readonly points: readonly number[];
}

/**
 * The eight Tetris shapes of e3nn's examples (`tetris.py`): four points each, neighbours one unit apart, in one
 * orientation. The first two are mirror images of each other: only a network that knows parity tells them apart.
 *
 * @example
 * ```ts
 * import { tetrisShapes } from 'clebsch';
 * tetrisShapes[3]; // => { name: "line", points: [0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 3] }
 * ```
 */
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

/**
 * Irreps of the labels: an odd scalar, +1 and -1 for the chiral pair, and an even one for each other shape.
 *
 * @example
 * ```ts
 * import { Irreps, tetrisIrrepsOut } from 'clebsch';
 * Irreps.parse(tetrisIrrepsOut).dim; // => 7
 * ```
 */
export const tetrisIrrepsOut = '0o + 6x0e';

/**
 * Label of each shape, row-major 8 x 7, as e3nn's `tetris.py` has them.
 *
 * @example
 * ```ts
 * import { tetrisLabels } from 'clebsch';
 * tetrisLabels.slice(7, 14); // => [-1, 0, 0, 0, 0, 0, 0]
 * ```
 */
export const tetrisLabels: readonly number[] = tetrisShapes.flatMap((_, s) => {
  const label = new Array<number>(7).fill(0);
  if (s < 2) label[0] = s === 0 ? 1 : -1;
  else label[s - 1] = 1;
  return label;
});

/**
 * Number of the shape (0 to 7) that an output means, or -1: every number must round to that of the shape's
 * label, e3nn's rule.
 *
 * @param output 7 numbers, of irreps `tetrisIrrepsOut`
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
