import {
  adam,
  crossEntropy,
  type FullyConnectedNet,
  fullyConnectedNet,
  input,
  Random,
  randMatrix,
} from '../../src/index.ts';
import { allShapes, originalPoints, turn } from './tetris-batch.ts';
import type { Predictions, StartTraining, Training } from './training.ts';

const SHAPES = allShapes.length;
/** Twelve coordinates, and a one, which makes a bias of the first layer's last row. */
const INPUTS = 13;
/** Rows of a prediction: eight shapes in eight orientations. */
const ROWS = 64;

export interface OrdinaryOptions {
  /** About how many parameters the network may have. */
  readonly parameters: number;
  readonly seed: number;
  /** Random rotations of every shape in each step; 0: the shapes as they are. */
  readonly rotations: number;
}

/** Width of two hidden layers that make about so many parameters. */
export function widthFor(parameters: number): number {
  // w² + (13 + 8) w = parameters
  const linear = INPUTS + SHAPES;
  return Math.max(4, Math.round((Math.sqrt(linear * linear + 4 * parameters) - linear) / 2));
}

/** Rows of numbers for the network, from points n x 4 x 3: coordinates from the centre of each shape, and a one. */
export function coordinates(points: ArrayLike<number>): number[] {
  const rows: number[] = [];
  for (let at = 0; at < points.length; at += 12) {
    const own = Array.from({ length: 12 }, (_, i) => points[at + i]);
    const centre = [0, 1, 2].map((k) => (own[k] + own[3 + k] + own[6 + k] + own[9 + k]) / 4);
    rows.push(...own.map((v, i) => v - centre[i % 3]), 1);
  }
  return rows;
}

/**
 * A network without symmetry, to compare with: a perceptron on the coordinates, with eight outputs, one for each shape, trained
 * by cross entropy. It is shown all eight shapes; the largest output is its answer.
 */
export class OrdinaryTrainer {
  readonly training: Training;
  /** Examples that one step is shown. */
  readonly examplesPerStep: number;
  private readonly predictions: Predictions;

  private constructor(training: Training, net: FullyConnectedNet, examplesPerStep: number) {
    this.training = training;
    this.examplesPerStep = examplesPerStep;
    this.predictions = training.evaluator((weights) => ({
      output: net.apply(weights, input('x', ROWS, INPUTS)),
    }));
  }

  static async create(start: StartTraining, options: OrdinaryOptions): Promise<OrdinaryTrainer> {
    const { seed, rotations } = options;
    const width = widthFor(options.parameters);
    const net = fullyConnectedNet([INPUTS, width, width, SHAPES], 'silu');
    const orientations = Math.max(1, rotations);
    const rows = orientations * SHAPES;
    const target = Array.from({ length: rows }, (_, r) =>
      allShapes.map((s) => (s === r % SHAPES ? 1 : 0)),
    ).flat();
    const still = { x: coordinates(originalPoints), target };
    const training = await start({
      module: net,
      loss: (weights) =>
        crossEntropy(net.apply(weights, input('x', rows, INPUTS)), input('target', rows, SHAPES)),
      feeds:
        rotations === 0 ? still : (step) => ({ x: coordinates(turned(orientations, seed, step)), target }),
      optimizer: (initial) => adam(initial, { learningRate: 0.01 }),
      seed,
    });
    return new OrdinaryTrainer(training, net, rows);
  }

  /** The number of the shape that each of n x 4 x 3 points is taken for. */
  async answers(points: ArrayLike<number>): Promise<number[]> {
    const x = coordinates(points);
    const answers: number[] = [];
    for (let row = 0; row * INPUTS < x.length; row += ROWS) {
      const part = x.slice(row * INPUTS, (row + ROWS) * INPUTS);
      const count = part.length / INPUTS;
      const padded = part.concat(new Array((ROWS - count) * INPUTS).fill(0));
      const { output } = await this.predictions.run({ x: padded });
      for (let r = 0; r < count; r++) {
        const own = allShapes.map((s) => output[r * SHAPES + s]);
        answers.push(own.indexOf(Math.max(...own)));
      }
    }
    return answers;
  }

  dispose(): void {
    this.predictions.dispose();
    this.training.dispose();
  }
}

/** The eight shapes in random orientations, always the same ones for one step. */
function turned(orientations: number, seed: number, step: number): number[] {
  const random = new Random((seed % 2 ** 20) * 2 ** 32 + step);
  return Array.from({ length: orientations }, () =>
    allShapes.flatMap((s) => turn(randMatrix(random), originalPoints.slice(12 * s, 12 * s + 12))),
  ).flat();
}
