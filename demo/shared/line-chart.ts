import uPlot from 'uplot';
import { axisStyle, decadesOnly, powersOfTen, wholeDecades } from './chart-style.ts';
import { onThemeChange, themeCss } from './colours.ts';

export interface ChartSeries {
  readonly label: string;
  /** A colour of tokens.css. */
  readonly colour: string;
  readonly dashed?: boolean;
  readonly width?: number;
}

export interface ChartOptions {
  readonly series: readonly ChartSeries[];
  readonly logarithmic?: boolean;
  /** Ends of the vertical axis; by default what is drawn. */
  readonly range?: readonly [number, number];
  /** What the horizontal axis counts. */
  readonly across?: string;
  /** Least end of the horizontal axis, which then begins at zero. */
  readonly least?: number;
  /** Curves go on over missing values. */
  readonly spanGaps?: boolean;
  /** What the picture shows, for those who do not see it; by default the host says it. */
  readonly label?: string;
}

/** Curves over one horizontal axis, in the colours of the page, as wide as the element that they stand in. */
export class LineChart {
  private readonly plot: uPlot;
  private readonly host: HTMLElement;
  private readonly ended = new AbortController();
  private colours = new Map<string, string>();

  /** `owner` is the element whose colours are taken; `host` stands in it, with a height. */
  constructor(owner: Element, host: HTMLElement, options: ChartOptions) {
    this.host = host;
    host.setAttribute('role', 'img');
    if (options.label !== undefined) host.setAttribute('aria-label', options.label);
    const colour = (name: string) => () => {
      let value = this.colours.get(name);
      if (value === undefined) {
        value = themeCss(owner, name);
        this.colours.set(name, value);
      }
      return value;
    };
    const axis = axisStyle(host, colour);
    const { logarithmic = false, range, least, across } = options;
    const decades = logarithmic ? { filter: decadesOnly, values: powersOfTen } : {};
    this.plot = new uPlot(
      {
        ...this.size(),
        padding: [10, 16, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: {
            time: false,
            ...(least !== undefined && {
              range: (_: uPlot, __: number, max: number | null) => [0, Math.max(least, max ?? 0)],
            }),
          } as uPlot.Scale,
          y: logarithmic
            ? { distr: 3, range: (_, min, max) => wholeDecades(min, max, [1e-3, 1]) }
            : range
              ? { range: [...range] }
              : {},
        },
        axes: [
          {
            ...axis,
            size: 28,
            ...(across !== undefined && { label: across, labelSize: 18, labelGap: 0, labelFont: axis.font }),
          },
          {
            ...axis,
            size: 48,
            ...decades,
            ...(logarithmic ? { grid: { ...axis.grid, filter: decadesOnly } } : {}),
          },
        ],
        series: [
          {},
          ...options.series.map((series) => ({
            stroke: colour(series.colour),
            width: series.width ?? 2,
            dash: series.dashed ? [6, 4] : undefined,
            points: { show: false },
            spanGaps: options.spanGaps,
          })),
        ],
      },
      [[], ...options.series.map(() => [])],
      host,
    );
    const observer = new ResizeObserver(() => this.plot.setSize(this.size()));
    observer.observe(host);
    const { signal } = this.ended;
    signal.addEventListener('abort', () => observer.disconnect());
    onThemeChange(() => {
      this.colours.clear();
      this.plot.redraw(false);
    }, signal);
  }

  /** Columns: the horizontal values, then one for each series; null leaves a gap. */
  draw(columns: readonly (readonly (number | null)[])[]): void {
    this.plot.setData(columns as uPlot.AlignedData);
  }

  dispose(): void {
    this.ended.abort();
    this.plot.destroy();
  }

  private size(): { width: number; height: number } {
    return { width: Math.max(1, this.host.clientWidth), height: Math.max(1, this.host.clientHeight) };
  }
}
