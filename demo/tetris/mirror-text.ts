import { recognise } from '../../src/index.ts';
import type { Parity } from '../shared/parity.ts';
import { numberText } from './shape-names.ts';

/** Two outputs this near are the same. */
const SAME = 1e-3;

/**
 * What the numbers of the chiral pair mean, in words.
 *
 * @param still the outputs of all shapes as they are, 8 x 7
 */
export function mirrorText(parity: Parity, still: Float32Array, trained: boolean): string {
  const [first, second] = [still.subarray(0, 7), still.subarray(7, 14)];
  const [a, b] = [first[0], second[0]];
  const told = `The first output is ${numberText(a)} for chiral 1 and ${numberText(b)} for chiral 2. `;
  const known = recognise(first) === 0;
  if (parity === 'o3') {
    const opposite = Math.abs(a + b) < SAME;
    return (
      told +
      (opposite ? 'They are opposite at every step, trained or not: the output is an odd scalar, 0o. ' : '') +
      (known
        ? 'So the mirror image is told apart, though it was never shown.'
        : 'Once chiral 2 is learned as −1, its mirror image has to be +1.')
    );
  }
  if (parity === 'even') {
    const same = Math.max(...Array.from(first, (v, i) => Math.abs(v - second[i]))) < SAME;
    return (
      told +
      (same ? 'All seven outputs are the same for both: a mirror changes no even scalar. ' : '') +
      'Whatever is learned of chiral 2 is said of its mirror image too; no training can tell them apart.'
    );
  }
  return (
    told +
    (!trained
      ? 'This network sees that they differ, but nothing ties one to the other: '
      : known
        ? 'It happens to be right here, which nothing makes it be; try other seeds: '
        : 'It was never shown chiral 1 and does not know what to call it: ') +
    'rotations alone say nothing of mirrors. It would have to be shown both.'
  );
}
