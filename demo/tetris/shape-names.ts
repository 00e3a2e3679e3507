import { recognise, tetrisShapes } from '../../src/index.ts';

export const shapeNames: readonly string[] = tetrisShapes.map(({ name }) =>
  name.replace('_shape', '').replaceAll('_', ' '),
);

/** What each of the seven outputs is for. */
export const outputNames: readonly string[] = ['chiral ±', ...shapeNames.slice(2)];

/** What an output means, in words. */
export function answerText(
  output: ArrayLike<number>,
  expected: number,
): { text: string; right: boolean | null } {
  const answer = recognise(output);
  if (answer < 0) return { text: 'unsure', right: null };
  return { text: `${answer === expected ? '✓' : '✗'} ${shapeNames[answer]}`, right: answer === expected };
}

/** A number as it stands in tables: two digits, a proper minus, no -0.00. */
const format = new Intl.NumberFormat('en', {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
  signDisplay: 'negative',
});
export const numberText = (value: number) => format.format(value).replace('-', '−');
