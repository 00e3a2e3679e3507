import uPlot from 'uplot';
import { themeCss } from '../shared/colours.ts';

export interface LineChartOptions {
  /** Names of colours in tokens.css, one a line. */
  readonly colours: readonly string[];
  readonly widths?: readonly number[];
  /** Of the vertical axis; by default what the numbers need. */
  readonly range?: readonly [number, number];
  /** Least end of the horizontal axis. */
  readonly least?: number;
}

/** Some lines over one axis. */
export class LineChart {
  private readonly plot: uPlot;
  private readonly observer: ResizeObserver;

  constructor(host: HTMLElement, { colours, widths = [], range, least = 0 }: LineChartOptions) {
    const style = getComputedStyle(host);
    const color = (name: string) => () => themeCss(host, name);
    const axis = {
      stroke: color('--muted'),
      grid: { stroke: color('--line'), width: 1 },
      ticks: { stroke: color('--line'), width: 1, size: 4 },
      font: `12px ${style.fontFamily}`,
      gap: 4,
    };
    const size = () => ({ width: host.clientWidth, height: host.clientHeight });
    this.plot = new uPlot(
      {
        ...size(),
        padding: [10, 8, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false, range: (_, __, max) => [0, Math.max(least, max ?? 0)] },
          y: range ? { range: [...range] } : {},
        },
        axes: [
          { ...axis, size: 28 },
          { ...axis, size: 46 },
        ],
        series: [
          {},
          ...colours.map((name, i) => ({
            stroke: color(name),
            width: widths[i] ?? 2,
            points: { show: false },
            spanGaps: true,
          })),
        ],
      },
      [[], ...colours.map(() => [])],
      host,
    );
    this.observer = new ResizeObserver(() => this.plot.setSize(size()));
    this.observer.observe(host);
  }

  draw(x: readonly number[], lines: readonly (readonly (number | null)[])[]): void {
    this.plot.setData([[...x], ...lines.map((line) => [...line])] as uPlot.AlignedData);
  }

  /** In other colours. */
  redraw(): void {
    this.plot.redraw(false);
  }

  dispose(): void {
    this.observer.disconnect();
    this.plot.destroy();
  }
}
