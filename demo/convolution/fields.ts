import { flag, numberBetween, numbers, oneOf, type StateOf, wholeNumber } from '../shared/fields.ts';
import { POINTS } from './cloud.ts';
import { planes } from './filter-view.ts';
import { pathConvolution } from './layer.ts';
import { operationNames } from './operations.ts';

/** The paths of the layer, as the visitor chooses among them. */
export const paths = pathConvolution(3).paths.map(({ name }) => name);

/** What may be set of the convolution element: attributes, and the page's URL. */
export const fields = {
  part: oneOf('all', ['all', 'filter', 'equivariance']),
  seed: wholeNumber(0, 0, 99999),
  learningRate: numberBetween(0.02, 0, 0.2, { key: 'lr', open: true }),
  radius: numberBetween(3, 1.5, 4),
  path: wholeNumber(1, 0, paths.length - 1),
  from: wholeNumber(0, 0, 4),
  to: wholeNumber(1, 0, 4),
  plane: oneOf('xy', planes),
  centre: wholeNumber(0, 0, POINTS - 1),
  added: wholeNumber(POINTS - 1, 0, POINTS - 1),
  operation: oneOf('convolution', operationNames),
  rotate: numbers([35, 50, -25], { digits: 8 }),
  invert: flag(false),
};
export type State = StateOf<typeof fields>;
