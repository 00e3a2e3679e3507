import { flag, numberBetween, oneOf, type StateOf, wholeNumber } from '../shared/fields.ts';
import { parities } from '../shared/parity.ts';

/** What may be set of the Tetris element: attributes, and the page's URL. */
export const fields = {
  /** Copies of each hidden irrep. */
  mul: wholeNumber(8, 1, 64),
  /** Highest degree of hidden irreps and harmonics. */
  lmax: wholeNumber(2, 1, 3),
  /** Gated layers. */
  layers: wholeNumber(3, 1, 4),
  parity: oneOf('o3', parities),
  seed: wholeNumber(0, 0, 2 ** 32 - 1),
  learningRate: numberBetween(0.01, 0, 1, { key: 'lr', open: true }),
  /** 0: the shapes stand as they are trained; else the seed of random rotations. */
  turn: wholeNumber(0, 0, 999),
  mirror: flag(false),
  /** Trains without being asked. */
  autoplay: flag(false),
};

export type TetrisState = StateOf<typeof fields>;
