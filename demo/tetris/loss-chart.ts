import uPlot from 'uplot';
import { axisStyle, decadesOnly, powersOfTen, wholeDecades } from '../shared/chart-style.ts';
import { themeCss } from '../shared/colours.ts';

/** More points than a screen has pixels: then every second one is dropped. */
const MAX_POINTS = 4000;

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
  private readonly plot: uPlot;
  private readonly observer: ResizeObserver;

  /** `inspect` is told what lies under the pointer, and null where it leaves the chart. */
  constructor(
    host: HTMLElement,
    shapes: number,
    inspect: (point: { step: number; loss: number | null; recognised: number } | null) => void,
  ) {
    const color = (name: string) => () => themeCss(host, name);
    const axis = axisStyle(host, color);
    const { history } = this;
    const size = () => ({ width: host.clientWidth, height: host.clientHeight });
    this.plot = new uPlot(
      {
        ...size(),
        padding: [10, 4, 0, 0],
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
        scales: {
          x: { time: false, range: (_, __, max) => [0, Math.max(50, max ?? 0)] },
          loss: { distr: 3, range: (_, min, max) => wholeDecades(min, max, [1e-3, 10]) },
          recognised: { range: [0, shapes] },
        },
        axes: [
          { ...axis, size: 28 },
          {
            ...axis,
            scale: 'loss',
            size: 46,
            grid: { ...axis.grid, filter: decadesOnly },
            ticks: { ...axis.ticks, filter: decadesOnly },
            filter: decadesOnly,
            values: powersOfTen,
          },
          {
            ...axis,
            scale: 'recognised',
            side: 1,
            size: 24,
            splits: [0, shapes / 2, shapes],
            grid: { show: false },
          },
        ],
        series: [
          {},
          {
            scale: 'recognised',
            stroke: color('--series-2'),
            width: 1.5,
            paths: uPlot.paths.stepped!({ align: 1 }),
            points: { show: false },
          },
          { scale: 'loss', stroke: color('--series-1'), width: 2, points: { show: false } },
        ],
        hooks: {
          setCursor: [
            ({ cursor: { idx } }) =>
              inspect(
                idx === null || idx === undefined || history.steps[idx] === undefined
                  ? null
                  : {
                      step: history.steps[idx],
                      loss: history.losses[idx],
                      recognised: history.recognised[idx],
                    },
              ),
          ],
        },
      },
      [[], [], []],
      host,
    );
    this.observer = new ResizeObserver(() => this.plot.setSize(size()));
    this.observer.observe(host);
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

  /** In other colours. */
  redraw(): void {
    this.plot.redraw(false);
  }

  dispose(): void {
    this.observer.disconnect();
    this.plot.destroy();
  }

  draw(): void {
    const { steps, losses, recognised } = this.history;
    this.plot.setData([steps, recognised, losses]);
  }
}
