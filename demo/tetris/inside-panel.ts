import { Irreps, solidHarmonics } from '../../src/index.ts';
import { find, fragment, headCell, make, setText } from '../shared/dom.ts';
import { LineChart } from '../shared/line-chart.ts';
import { stopsWhereItScrolls } from '../shared/scroll-stop.ts';
import { originalPoints } from '../shared/tetris-batch.ts';
import { type Learner, RADII } from './learner.ts';
import type { Session } from './session.ts';
import { shapeNames } from './shape-names.ts';

const SIZE = 160;
/** While it trains, features are looked at again after so many milliseconds. */
const EVERY_MS = 500;

/** Features of each layer by irrep, radial functions and filters, as they are learned. */
export class InsidePanel {
  readonly element: HTMLElement;
  private readonly session: Session;
  private readonly layer: HTMLSelectElement;
  private readonly filterLayer: HTMLSelectElement;
  private readonly path: HTMLSelectElement;
  private readonly canvas: HTMLCanvasElement;
  private chart: LineChart | null = null;
  private lines = 0;
  private seen: { learner: Learner; steps: number; at: number } | null = null;
  private features: Float32Array[] = [];
  private wanted = true;
  private visible = false;
  private readonly observer: IntersectionObserver;

  constructor(session: Session) {
    this.session = session;
    this.element = make('section', 'panel');
    this.element.dataset.controls = 'inside';
    this.element.setAttribute('aria-labelledby', 'inside-heading');
    this.element.append(
      fragment(`
        <h2 id="inside-heading">Inside</h2>
        <p>
          Between the layers a node has features: copies of irreps. The table gives their size, which turning a shape does
          not change: the root of the mean of |x|² over copies and nodes.
        </p>
        <div class="controls"><label>After layer <select id="feature-layer" autocomplete="off"></select></label></div>
        <div class="scrolls" role="group" aria-label="Features"><table id="features" class="ruled"></table></div>
        <p>
          A filter is a learned function of the distance times a spherical harmonic of the direction. Curves: the radial
          functions of a path, one for each copy. Picture: the first of them times the harmonic with m = 0, in the plane of x
          (to the right) and y (up), from −1.5 to 1.5.
        </p>
        <div class="controls">
          <label>Layer <select id="filter-layer" autocomplete="off"></select></label>
          <label>Path <select id="filter-path" autocomplete="off"></select></label>
        </div>
        <div class="columns">
          <div class="chart" id="radial-chart" role="img" aria-label="Radial functions over the distance"></div>
          <figure class="filter"><canvas width="${SIZE}" height="${SIZE}" role="img" aria-label="Filter"></canvas>
            <figcaption>blue: positive, orange: negative</figcaption></figure>
        </div>
        <p id="radial-text" class="note"></p>`),
    );
    stopsWhereItScrolls(find(this.element, '.scrolls', HTMLElement));
    this.layer = find(this.element, '#feature-layer', HTMLSelectElement);
    this.filterLayer = find(this.element, '#filter-layer', HTMLSelectElement);
    this.path = find(this.element, '#filter-path', HTMLSelectElement);
    this.canvas = find(this.element, '.filter canvas', HTMLCanvasElement);
    this.layer.addEventListener('change', () => this.showFeatures());
    this.filterLayer.addEventListener('change', () => {
      this.listPaths();
      this.look();
    });
    this.path.addEventListener('change', () => this.look());
    // What nobody sees is not computed.
    this.observer = new IntersectionObserver((entries) => {
      this.visible = entries.at(-1)!.isIntersecting;
      if (this.visible) this.look();
    });
    this.observer.observe(this.element);
    session.jobs.add(this.job);
  }

  built({ facts }: Learner): void {
    const { irreps, paths } = facts;
    options(
      this.layer,
      irreps.map((_, i) => (i === irreps.length - 1 ? 'the last, before the sum' : String(i + 1))),
    );
    options(
      this.filterLayer,
      paths.map((_, i) => String(i + 1)),
    );
    this.listPaths();
    this.seen = null;
    this.look();
  }

  dispose(): void {
    this.observer.disconnect();
    this.session.jobs.delete(this.job);
    this.chart?.dispose();
  }

  private look(): void {
    this.wanted = true;
    this.session.wake();
  }

  private listPaths(): void {
    const paths = this.session.current?.facts.paths[Number(this.filterLayer.value)] ?? [];
    options(
      this.path,
      paths.map(({ from, filter, to }) => `${from} × Y ${filter} → ${to}`),
    );
  }

  private readonly job = async (): Promise<boolean> => {
    const { session } = this;
    const learner = session.current;
    if (!this.visible || !learner) return false;
    const now = performance.now();
    const changed = this.seen?.learner !== learner || this.seen.steps !== session.stepsTaken;
    const due = !session.isTraining || now - (this.seen?.at ?? 0) > EVERY_MS;
    if (!this.wanted && !(changed && due)) return false;
    this.wanted = false;
    this.seen = { learner, steps: session.stepsTaken, at: now };
    this.features = await learner.features(originalPoints);
    const layer = Number(this.filterLayer.value);
    const path = Number(this.path.value);
    const functions = await learner.radial(layer, path);
    if (session.current !== learner) return true;
    this.showFeatures();
    this.showRadial(learner, layer, path, functions);
    return true;
  };

  private showFeatures(): void {
    const { current } = this.session;
    const layer = Number(this.layer.value);
    const values = this.features[layer];
    if (!current || !values) return;
    const blocks = Irreps.parse(current.facts.irreps[layer]).blocks;
    const columns = blocks.reduce((sum, { mul }) => sum + mul, 0);
    const rows = shapeNames.map((_, s) => {
      let at = s * columns;
      return blocks.map(({ mul }) => {
        const part = values.subarray(at, at + mul);
        at += mul;
        return Math.sqrt(part.reduce((sum, v) => sum + v * v, 0) / mul);
      });
    });
    const largest = Math.max(1e-12, ...rows.flat());
    const head = make('tr', '', headCell('Shape', 'col'));
    for (const { mul, ir } of blocks) head.append(headCell(`${mul}x${ir}`, 'col'));
    const lines = rows.map((row, s) => {
      const line = make('tr', '', headCell(shapeNames[s], 'row'));
      for (const value of row) {
        const cell = make('td', 'cell', value.toPrecision(3));
        cell.style.setProperty('--heat', (value / largest).toFixed(3));
        line.append(cell);
      }
      return line;
    });
    const caption = make('caption', 'visually-hidden', 'Size of the features of each shape by irrep');
    find(this.element, '#features', HTMLTableElement).replaceChildren(
      caption,
      make('thead', '', head),
      make('tbody', '', ...lines),
    );
  }

  private showRadial(learner: Learner, layer: number, path: number, functions: Float32Array[]): void {
    const described = learner.facts.paths[layer]?.[path];
    if (!described || functions.length === 0) return;
    const host = find(this.element, '#radial-chart', HTMLElement);
    if (this.lines !== functions.length) {
      this.chart?.dispose();
      this.lines = functions.length;
      this.chart = new LineChart(host, {
        series: functions.map((_, i) => ({
          label: `R${i + 1}`,
          colour: `--series-${(i % 4) + 1}`,
          width: i === 0 ? 3 : 1.2,
        })),
        least: 0,
        across: 'distance',
      });
    }
    this.chart!.draw([RADII, ...functions.map((f) => [...f])]);
    const [first] = functions;
    const largest = Math.max(...functions.map((f) => Math.max(...f.map(Math.abs))));
    const name = `${described.from} × Y ${described.filter} → ${described.to}`;
    const atOne = first[Math.round((1 / 1.5) * (RADII.length - 1))];
    setText(
      find(this.element, '#radial-text', HTMLElement),
      `Layer ${layer + 1}, path ${name}: ${functions.length} radial function${functions.length > 1 ? 's' : ''} up to ${largest.toPrecision(3)} in size, zero from 1.5 on. ` +
        `The first is ${atOne.toPrecision(3).replace('-', '−')} at distance 1, between neighbouring cubes; ` +
        'the shapes have edges of length 1 and √2 only.',
    );
    host.setAttribute('aria-label', `Radial functions of ${name} over the distance, from 0 to 1.5`);
    this.canvas.setAttribute('aria-label', `Filter of ${name}: first radial function times Y ${described.l}`);
    this.drawFilter(first, described.l);
  }

  private drawFilter(radial: Float32Array, l: number): void {
    const context = this.canvas.getContext('2d')!;
    const image = context.createImageData(SIZE, SIZE);
    const values = new Float64Array(SIZE * SIZE);
    for (let row = 0; row < SIZE; row++)
      for (let column = 0; column < SIZE; column++) {
        const x = ((column + 0.5) / SIZE) * 3 - 1.5;
        const y = 1.5 - ((row + 0.5) / SIZE) * 3;
        const r = Math.hypot(x, y);
        const at = (r / 1.5) * (RADII.length - 1);
        const i = Math.floor(at);
        if (i >= RADII.length - 1) continue;
        const f = radial[i] + (at - i) * (radial[i + 1] - radial[i]);
        values[row * SIZE + column] = f * solidHarmonics(l, x / r, y / r, 0)[l * l + l];
      }
    const largest = Math.max(1e-12, ...values.map(Math.abs));
    values.forEach((value, i) => {
      const colour = value > 0 ? [47, 111, 237] : [224, 123, 22];
      image.data.set([...colour, Math.round((255 * Math.abs(value)) / largest)], 4 * i);
    });
    context.putImageData(image, 0, 0);
  }
}

/** Other options; the number that was chosen stays where there is one. */
function options(select: HTMLSelectElement, texts: readonly string[]): void {
  const chosen = Math.min(Math.max(0, select.selectedIndex), texts.length - 1);
  select.replaceChildren(
    ...texts.map((text, i) => {
      const option = make('option', '', text);
      option.value = String(i);
      return option;
    }),
  );
  select.selectedIndex = chosen;
}
