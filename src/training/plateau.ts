/** When `Plateau` lowers the learning rate; the defaults are torch's. */
export interface PlateauOptions {
  /** What the learning rate is multiplied by; default 0.1. */
  readonly factor?: number;
  /** Looks without improvement that are let pass; default 10. */
  readonly patience?: number;
  /** An improvement is a fall by this fraction of the best value; default 1e-4. */
  readonly threshold?: number;
  /** The learning rate does not fall below this; default 0. */
  readonly least?: number;
}

/**
 * Lowers a learning rate when a loss has stopped falling (torch `ReduceLROnPlateau`).
 *
 * @throws Error from the constructor if the factor does not lie between 0 and 1.
 * @example
 * ```ts
 * import { Plateau } from 'clebsch';
 * const plateau = new Plateau(0.5, { factor: 0.5, patience: 1 });
 * [3, 2, 2, 2, 2].map((loss) => plateau.after(loss)); // => [0.5, 0.5, 0.5, 0.25, 0.25]
 * ```
 */
export class Plateau {
  private rate: number;
  private best: number | null = null;
  private idle = 0;
  private readonly options: Required<PlateauOptions>;

  constructor(
    learningRate: number,
    { factor = 0.1, patience = 10, threshold = 1e-4, least = 0 }: PlateauOptions = {},
  ) {
    if (!(factor > 0 && factor < 1))
      throw new Error(`Plateau: the factor is ${factor}, but must lie between 0 and 1`);
    if (!(learningRate > 0))
      throw new Error(`Plateau: the learning rate is ${learningRate}, but must be positive`);
    this.rate = learningRate;
    this.options = { factor, patience, threshold, least };
  }

  /** What to note in a checkpoint (`Trainer.checkpoint`) and to set again, so that a resumed training goes on alike. */
  get state(): { rate: number; best: number | null; idle: number } {
    return { rate: this.rate, best: this.best, idle: this.idle };
  }

  set state({ rate, best, idle }: { rate: number; best: number | null; idle: number }) {
    this.rate = rate;
    this.best = best;
    this.idle = idle;
  }

  /**
   * The learning rate to go on with after this validation loss.
   *
   * @throws Error if the loss is not finite.
   */
  after(loss: number): number {
    if (!Number.isFinite(loss)) throw new Error(`Plateau: the loss is ${loss}`);
    const { factor, patience, threshold, least } = this.options;
    if (this.best === null || loss < this.best - threshold * Math.abs(this.best)) {
      this.best = loss;
      this.idle = 0;
    } else if (++this.idle > patience) {
      this.rate = Math.max(least, this.rate * factor);
      this.idle = 0;
    }
    return this.rate;
  }
}
