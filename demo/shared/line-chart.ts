import { extent, nice, ticks } from 'd3-array';
import { curveLinear, curveStepAfter, line } from 'd3-shape';
import { axisMargins, type Scale, scaleOf, svg } from './chart-scale.ts';

export interface ChartSeries {
  readonly label: string;
  /** A colour of tokens.css. */
  readonly colour: string;
  readonly dashed?: boolean;
  readonly width?: number;
  /** Over the axis on the right, which has a range of its own. */
  readonly right?: boolean;
  /** A value holds until the next one. */
  readonly stepped?: boolean;
}

export interface ChartOptions {
  readonly series: readonly ChartSeries[];
  readonly logarithmic?: boolean;
  /** Ends of the vertical axis; by default what is drawn, and around that whole decades where it is logarithmic. */
  readonly range?: readonly [number, number];
  /** Ends of a logarithmic axis while there is nothing to draw. */
  readonly empty?: readonly [number, number];
  /** Ends of the axis on the right. */
  readonly right?: readonly [number, number];
  /** What the horizontal axis counts. */
  readonly across?: string;
  /** Least end of the horizontal axis, which then begins at zero. */
  readonly least?: number;
  /** Curves go on over missing values. */
  readonly spanGaps?: boolean;
  /** What the picture shows, for those who do not see it; by default the host says it. */
  readonly label?: string;
  /** Told which row of the columns is under the pointer, and null where none is any more. */
  readonly inspect?: (row: number | null) => void;
}

type Columns = readonly (readonly (number | null)[])[];

/** Curves over one horizontal axis, as wide as the element that they stand in, in the colours of the page. */
export class LineChart {
  private readonly host: HTMLElement;
  private readonly options: ChartOptions;
  private readonly picture = svg('svg', { class: 'curves' });
  private readonly axes = svg('g', {});
  /** What lies outside of the axes is cut off. */
  private readonly plot = svg('svg', {});
  private readonly pointer = svg('path', { class: 'pointer' });
  private readonly paths: readonly SVGPathElement[];
  private readonly ended = new AbortController();
  private columns: Columns;
  private x: Scale | null = null;
  private drawnAxes = '';

  /** `host` has a height, and the rules of line-chart.css. */
  constructor(host: HTMLElement, options: ChartOptions) {
    this.host = host;
    this.options = options;
    this.columns = [[], ...options.series.map(() => [])];
    host.setAttribute('role', 'img');
    if (options.label !== undefined) host.setAttribute('aria-label', options.label);
    this.paths = options.series.map(({ colour, dashed, width = 2 }) => {
      const path = svg('path', {
        'stroke-width': String(width),
        'stroke-dasharray': dashed ? '6 4' : 'none',
      });
      path.style.stroke = `var(${colour})`;
      return path;
    });
    this.plot.append(...this.paths, this.pointer);
    this.picture.append(this.axes, this.plot);
    host.append(this.picture);
    const observer = new ResizeObserver(() => this.redraw());
    observer.observe(host);
    const { signal } = this.ended;
    signal.addEventListener('abort', () => observer.disconnect());
    if (!options.inspect) return;
    host.addEventListener('pointermove', ({ offsetX }) => this.point(offsetX), { signal });
    host.addEventListener('pointerleave', () => this.point(null), { signal });
  }

  /** Columns: the horizontal values, then one for each series; null leaves a gap. */
  draw(columns: Columns): void {
    this.columns = columns;
    this.redraw();
  }

  dispose(): void {
    this.ended.abort();
    this.picture.remove();
  }

  private redraw(): void {
    const { series, logarithmic = false, range, empty = [1e-3, 1], right, least, spanGaps } = this.options;
    const { clientWidth: width, clientHeight: height } = this.host;
    const { left, top, ...margins } = axisMargins;
    const bottom = margins.bottom + (this.options.across === undefined ? 0 : margins.name);
    const end = width - (right ? margins.scale : margins.right);
    if (width * height === 0 || end <= left) return;
    const [along, ...columns] = this.columns;
    const [first = 0, last = 1] = extent(along.filter((value) => value !== null));
    const horizontal = [least === undefined ? first : 0, Math.max(last, least ?? last)] as const;
    const x = scaleOf(horizontal, [left, end], ticks(...horizontal, Math.max(2, width / 90)));
    const shown = columns.flatMap((column, i) => (series[i].right ? [] : column)).filter((v) => v !== null);
    const [low, high] = extent(shown);
    const span = [height - bottom, top] as const;
    const vertical = logarithmic
      ? wholeDecades(low, high, empty)
      : (range ?? nice(low ?? 0, high === low ? (low ?? 0) + 1 : high!, 5));
    const y = scaleOf(
      vertical,
      span,
      logarithmic ? decades(vertical) : ticks(...vertical, height / 45),
      logarithmic,
    );
    const other = right && scaleOf(right, span, [right[0], (right[0] + right[1]) / 2, right[1]]);
    this.x = x;
    // The ends of the range show the whole width of a line.
    const place = { x: left, y: top - 2, width: end - left, height: height - bottom - top + 4 };
    for (const [key, value] of Object.entries(place)) this.plot.setAttribute(key, String(value));
    this.plot.setAttribute('viewBox', Object.values(place).join(' '));
    this.drawAxes(x, y, other);
    for (const [i, path] of this.paths.entries()) {
      const scale = series[i].right ? other! : y;
      const rows = along.map((_, row) => row);
      const isThere = (row: number) => columns[i][row] !== null && along[row] !== null;
      const curve = line<number>()
        .x((row) => x.to(along[row]!))
        .y((row) => scale.to(columns[i][row]!))
        .defined(isThere)
        .digits(1)
        .curve(series[i].stepped ? curveStepAfter : curveLinear);
      path.setAttribute('d', curve(spanGaps ? rows.filter(isThere) : rows) ?? '');
    }
  }

  /** Lines and numbers, made again only where they have changed. */
  private drawAxes(x: Scale, y: Scale, other: Scale | undefined): void {
    const [start, end] = x.span;
    const [bottom, top] = y.span;
    const all = [x, y, ...(other ? [other] : [])];
    const key = JSON.stringify(all.map(({ span, ticks, labels }) => [span, ticks, labels]));
    if (key === this.drawnAxes) return;
    this.drawnAxes = key;
    const grid = [
      ...x.ticks.map((tick) => `M${x.to(tick)} ${top}V${bottom + 4}`),
      ...y.ticks.map((tick) => `M${start - 4} ${y.to(tick)}H${end}`),
    ];
    const text = (at: readonly [number, number], anchor: string, content: string) => {
      const label = svg('text', { x: String(at[0]), y: String(at[1]), 'text-anchor': anchor });
      label.textContent = content;
      return label;
    };
    this.axes.replaceChildren(
      svg('path', { class: 'grid', d: grid.join('') }),
      ...x.ticks.map((tick, i) => text([x.to(tick), bottom + 18], 'middle', x.labels[i])),
      ...y.ticks.map((tick, i) => text([start - 8, y.to(tick) + 4], 'end', y.labels[i])),
      text([(start + end) / 2, bottom + 36], 'middle', this.options.across ?? ''),
      ...(other?.ticks ?? []).map((tick, i) =>
        text([end + 6, other!.to(tick) + 4], 'start', other!.labels[i]),
      ),
    );
  }

  /** The row nearest to a place of the pointer. */
  private point(at: number | null): void {
    const { x } = this;
    const [along] = this.columns;
    let nearest: number | null = null;
    if (at !== null && x)
      for (const [row, value] of along.entries())
        if (nearest === null || Math.abs(x.to(value!) - at) < Math.abs(x.to(along[nearest]!) - at))
          nearest = row;
    const there =
      nearest === null ? '' : `M${x!.to(along[nearest]!)} ${axisMargins.top}V${this.host.clientHeight}`;
    this.pointer.setAttribute('d', there);
    this.options.inspect!(nearest);
  }
}

/** The powers of ten around some numbers; where there is none, those given. */
function wholeDecades(
  low: number | undefined,
  high: number | undefined,
  empty: readonly [number, number],
): readonly [number, number] {
  if (!low || !high) return empty;
  const from = Math.floor(Math.log10(low));
  return [10 ** from, 10 ** Math.max(Math.ceil(Math.log10(high)), from + 1)];
}

function decades([low, high]: readonly [number, number]): number[] {
  const from = Math.round(Math.log10(low));
  const count = Math.round(Math.log10(high)) - from + 1;
  // Not more than there is room for.
  const stride = Math.ceil(count / 10);
  return Array.from({ length: count }, (_, i) => 10 ** (from + i)).filter((_, i) => i % stride === 0);
}
