import { type Field, flag, numberBetween, oneOf, type StateOf, wholeNumber } from '../shared/fields.ts';
import { parities } from '../shared/parity.ts';

/** How one shape stands that was turned by itself: its number, and the angles of its rotation in degrees. */
export type Pose = readonly [shape: number, alpha: number, beta: number, gamma: number];

const poses: Field<readonly Pose[]> = {
  default: [],
  rule: 'shape,alpha,beta,gamma for each turned shape: a number from 0 to 7 and three angles in degrees, all with commas between them',
  parse(text) {
    const values = text.trim() === '' ? [] : text.split(',').map(Number);
    const parsed = Array.from(
      { length: values.length / 4 },
      (_, i) => values.slice(4 * i, 4 * i + 4) as unknown as Pose,
    );
    const isShape = ([shape]: Pose) => Number.isInteger(shape) && shape >= 0 && shape < 8;
    const ok = values.length % 4 === 0 && values.every(Number.isFinite) && parsed.every(isShape);
    return ok ? parsed : undefined;
  },
  write: (all) => all.flatMap(([shape, ...angles]) => [shape, ...angles.map((a) => +a.toFixed(2))]).join(),
};

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
  /** Of the shapes that were turned one by one, instead of that. */
  poses,
  mirror: flag(false),
  /** Trains without being asked. */
  autoplay: flag(false),
};

export type TetrisState = StateOf<typeof fields>;
