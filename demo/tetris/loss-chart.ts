import { LineChart } from '../shared/line-chart.ts';

/** More points than a screen has pixels: then every second one is dropped. */
const MAX_POINTS = 2000;

/** The loss after each number of steps, and how many shapes were recognised. */
class History {
  readonly steps: number[] = [];
  readonly losses: (number | null)[] = [];
  readonly recognised: number[] = [];
  private stride = 1;
  private latest = 0;

  addLoss(step: number, loss: number): void {
    // Where a logarithm has nothing to show there is a gap.
    const value = loss > 0 && Number.isFinite(loss) ? loss : null;
    const last = this.steps.length - 1;
    if (this.steps[last] === step) this.losses[last] = value;
    else this.add(step, value);
  }

  addRecognised(step: number, count: number): void {
    this.latest = count;
    const last = this.steps.length - 1;
    if (this.steps[last] === step) this.recognised[last] = count;
    else this.add(step, null);
  }

  clear(): void {
    this.stride = 1;
    this.latest = 0;
    for (const column of [this.steps, this.losses, this.recognised]) column.length = 0;
  }

  private add(step: number, loss: number | null): void {
    if (step % this.stride !== 0) return;
    this.steps.push(step);
    this.losses.push(loss);
    this.recognised.push(this.latest);
    if (this.steps.length <= MAX_POINTS) return;
    this.stride *= 2;
    const kept = this.steps.flatMap((s, i) => (s % this.stride === 0 ? [i] : []));
    for (const column of [this.steps, this.losses, this.recognised] as (number | null)[][])
      column.splice(0, column.length, ...kept.map((i) => column[i]));
  }
}

/** The loss on a logarithmic scale, and over it how many of the shapes are recognised. */
export class LossChart {
  private readonly history = new History();
  private readonly chart: LineChart;

  /** `inspect` is told what lies under the pointer, and null where it leaves the chart. */
  constructor(
    host: HTMLElement,
    shapes: number,
    inspect: (point: { step: number; loss: number | null; recognised: number } | null) => void,
  ) {
    const { steps, losses, recognised } = this.history;
    this.chart = new LineChart(host, {
      logarithmic: true,
      empty: [1e-3, 10],
      right: [0, shapes],
      least: 50,
      series: [
        { label: 'recognised', colour: '--series-2', width: 1.5, right: true, stepped: true },
        { label: 'loss', colour: '--series-1' },
      ],
      inspect: (row) =>
        inspect(row === null ? null : { step: steps[row], loss: losses[row], recognised: recognised[row] }),
    });
  }

  addLoss(step: number, loss: number): void {
    this.history.addLoss(step, loss);
  }

  addRecognised(step: number, count: number): void {
    this.history.addRecognised(step, count);
  }

  clear(): void {
    this.history.clear();
  }

  dispose(): void {
    this.chart.dispose();
  }

  draw(): void {
    const { steps, losses, recognised } = this.history;
    this.chart.draw([steps, recognised, losses]);
  }
}
