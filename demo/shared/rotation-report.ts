import { Random, randMatrix, recognise } from '../../src/index.ts';
import { allShapes, originalPoints, turn } from './tetris-batch.ts';

/** Seven numbers for each of the eight shapes, wherever their points are (8 x 4 x 3). */
export type ShapeOutputs = (points: readonly number[]) => Promise<Float32Array>;

export interface RotationReport {
  /** For each shape how many of its rotations were recognised as what they are. */
  readonly recognised: readonly number[];
  readonly rotations: number;
  /** Largest difference between the output for a rotated shape and the rotated output. */
  readonly equivarianceError: number;
}

/**
 * Turns every shape by random rotations, every second one with inversion, and compares with the output for the
 * shape as it is: even scalars must stay; the first number changes by the factor `mirror` under inversion.
 *
 * @param mirror null where inversion is no symmetry of the network: then only recognition counts there
 */
export async function rotationReport(
  outputs: ShapeOutputs,
  rotations: number,
  seed: number,
  mirror: 1 | -1 | null = -1,
): Promise<RotationReport> {
  const random = new Random(seed);
  const still = await outputs(originalPoints);
  const recognised = allShapes.map(() => 0);
  let equivarianceError = 0;
  for (let r = 0; r < rotations; r++) {
    const sign = r % 2 === 0 ? 1 : -1;
    const output = await outputs(
      turn(
        randMatrix(random).map((v) => sign * v),
        originalPoints,
      ),
    );
    for (const s of allShapes) {
      const row = output.subarray(7 * s, 7 * s + 7);
      if (recognise(row) === nameOf(s, sign)) recognised[s]++;
      const first = sign < 0 ? mirror : 1;
      if (first !== null)
        equivarianceError = Math.max(
          equivarianceError,
          distance(row, still.subarray(7 * s, 7 * s + 7), first),
        );
    }
  }
  return { recognised, rotations, equivarianceError };
}

/** What a shape is after an inversion (sign -1) or without: inversion makes one of the chiral pair the other. */
export const nameOf = (shape: number, sign: number) => (sign < 0 && shape < 2 ? 1 - shape : shape);

/** Largest difference between an output and the expected one, whose first number is changed by a factor. */
export function distance(output: ArrayLike<number>, still: ArrayLike<number>, first: number): number {
  let largest = 0;
  for (let i = 0; i < 7; i++)
    largest = Math.max(largest, Math.abs(output[i] - (i === 0 ? first : 1) * still[i]));
  return largest;
}
