/** How far a training has come. */
export interface Progress {
  readonly step: number;
  /** The step at which it ends. */
  readonly total: number;
  readonly stepsPerSecond: number;
  /** Seconds left at that speed. */
  readonly secondsLeft: number;
  /** Seconds since the start, pauses left out. */
  readonly seconds: number;
}

/** Seconds after which an older speed counts for a third. */
const MEMORY = 10;

/**
 * Measures speed and time left. The speed is an average in which the last ten seconds count most, so that a slow first
 * step (compilation) or a slower machine is soon forgotten.
 *
 * @param now a clock in milliseconds; by default `performance.now`
 * @example
 * ```ts
 * import { ProgressMeter } from 'clebsch';
 * let time = 0;
 * const meter = new ProgressMeter(0, 100, () => time);
 * time = 5000;
 * meter.at(20); // => { step: 20, total: 100, stepsPerSecond: 4, secondsLeft: 20, seconds: 5 }
 * ```
 */
export class ProgressMeter {
  private readonly total: number;
  private readonly now: () => number;
  private last: { step: number; time: number };
  private seconds = 0;
  private rate = 0;
  private paused: number | null = null;

  constructor(step: number, total: number, now: () => number = () => performance.now()) {
    this.total = total;
    this.now = now;
    this.last = { step, time: now() };
  }

  /** Time from here to `resume` does not count. */
  pause(): void {
    this.paused ??= this.now();
  }

  resume(): void {
    if (this.paused !== null) this.last.time += this.now() - this.paused;
    this.paused = null;
  }

  /** The progress after so many steps in all. A step that is taken again (after a lost device) counts again. */
  at(step: number): Progress {
    this.resume();
    const time = this.now();
    const seconds = (time - this.last.time) / 1000;
    const steps = Math.max(0, step - this.last.step);
    if (seconds > 0) {
      const rate = steps / seconds;
      const weight = this.seconds === 0 ? 1 : 1 - Math.exp(-seconds / MEMORY);
      this.rate += weight * (rate - this.rate);
      this.seconds += seconds;
    }
    this.last = { step, time };
    return {
      step,
      total: this.total,
      stepsPerSecond: this.rate,
      secondsLeft: this.rate > 0 ? (this.total - step) / this.rate : Number.POSITIVE_INFINITY,
      seconds: this.seconds,
    };
  }
}
