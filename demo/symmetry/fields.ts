import { flag, numberBetween, oneOf, type StateOf, wholeNumber } from '../shared/fields.ts';
import { distortionNames, structureNames } from './structures.ts';

/** What may be set of the symmetry element: attributes, and the page's URL. */
export const fields = {
  part: oneOf('all', ['all', 'square', 'structure']),
  seed: wholeNumber(1, 0, 99999),
  learningRate: numberBetween(0.01, 0, 0.1, { key: 'lr', open: true }),
  stretch: numberBetween(0.3, 0.05, 0.6),
  order: oneOf('1o+1e+2e', ['1o+1e', '2e', '1o+1e+2e', '1o+1e+2e+3o+4e']),
  turned: flag(false),
  structure: oneOf('octahedron', structureNames),
  distortion: oneOf('none', distortionNames),
  amount: numberBetween(0.2, 0, 0.5),
  shown: oneOf('1o', ['1o', '1e', '2e', '3o', '4e']),
};

export type State = StateOf<typeof fields>;
