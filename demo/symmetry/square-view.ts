import { Irreps } from '../../src/index.ts';
import { themeColour } from '../shared/colours.ts';
import { Curves } from '../shared/curves.ts';
import { find, headCell, make, setNumber, setText } from '../shared/dom.ts';
import type { ChartOptions, LineChart } from '../shared/line-chart.ts';
import { figures } from '../shared/number-text.ts';
import type { Scene } from '../shared/scene.ts';
import { signalSurface } from '../shared/signal-surface.ts';
import { aboutZ, SOLVED, type TaskName, type TaskResult, taskNames, turnError } from './lesson.ts';
import { type Corners, rectangle, square, symmetricOptimum } from './polygons.ts';

const titles: Readonly<Record<TaskName, string>> = {
  collapse: 'Rectangle → square',
  stretch: 'Square → rectangle',
  broken: 'Square → rectangle, with an order parameter',
};

/** The HTML of the three tasks, their curves and the order parameter. */
export const squareHtml = `
  <div class="tasks">${taskNames
    .map(
      (name) => `
    <section class="panel task" data-task="${name}" aria-labelledby="${name}-title">
      <h2 id="${name}-title">${titles[name]}</h2>
      <svg class="polygon" viewBox="-1.7 -1.7 3.4 3.4" role="img"></svg>
      <dl class="facts">
        <div><dt>Loss</dt><dd><data class="loss" value="">–</data></dd></div>
        <div><dt class="turn-name">${name === 'collapse' ? 'Turned by 180°' : 'Turned by 90°'}, it differs by</dt><dd><data class="turn-error" value="">–</data></dd></div>
      </dl>
    </section>`,
    )
    .join('')}
  </div>
  <p class="note key"><span class="from-key">before</span> <span class="to-key">asked for</span> <span class="now-key">the network’s answer</span></p>
  <p class="verdict" role="status"></p>
  <div class="panels">
    <section class="panel" aria-labelledby="curves-title">
      <div class="panel-head"><h2 id="curves-title">Losses</h2><p class="note">over steps: <data class="steps" value="0">0</data></p></div>
      <div class="chart curves"></div>
      <p class="note key">
        <span class="series-1-key">rectangle → square</span> <span class="series-2-key">square → rectangle</span>
        <span class="series-3-key">with an order parameter</span> <span class="optimum-key">2s² = <data class="optimum"></data></span>
      </p>
    </section>
    <section class="panel" aria-labelledby="order-title">
      <div class="panel-head"><h2 id="order-title">The order parameter</h2>
        <label class="check" data-controls="turned"><input type="checkbox" class="turned"> turn it by 90°</label></div>
      <div class="order-view">
        <canvas class="scene order-scene"></canvas>
        <div class="scrolls" tabindex="0" role="region" aria-label="Components of the order parameter"><table class="ruled order"></table></div>
      </div>
      <p class="note">θ as a function of the direction: blue where it is positive, orange where it is negative. The dots are the corners of the square.</p>
      <p class="note turned-note"></p>
    </section>
  </div>`;

/** The curves of the three losses. */
export const lossChart: ChartOptions = {
  logarithmic: true,
  least: 100,
  across: 'steps',
  label: 'Losses of the three networks over the training steps, on a logarithmic scale',
  series: [
    { label: 'optimum', colour: '--muted', dashed: true, width: 1.5 },
    { label: 'rectangle to square', colour: '--series-1' },
    { label: 'square to rectangle', colour: '--series-2' },
    { label: 'with an order parameter', colour: '--series-3' },
  ],
};

/** What components about the z axis are called, by degree, for m = -l .. l; higher degrees go by m alone. */
const polynomials: Readonly<Record<number, readonly string[]>> = {
  0: ['1'],
  1: ['y', 'z', 'x'],
  2: ['xy', 'yz', '3z²−r²', 'zx', 'x²−y²'],
};

/** Shows results of a lesson: polygons, curves, the order parameter. */
export class SquareView {
  private readonly root: HTMLElement;
  private readonly owner: Element;
  private readonly chart: LineChart;
  private readonly scene: Scene;
  private curves = new Curves(4);
  private stretch = 0;
  private irreps = Irreps.parse('');

  constructor(owner: Element, root: HTMLElement, scene: Scene, chart: LineChart) {
    this.owner = owner;
    this.root = root;
    this.scene = scene;
    this.chart = chart;
  }

  /** Another lesson: nothing has been learned yet. */
  begin(stretch: number, irreps: Irreps): void {
    this.stretch = stretch;
    this.irreps = irreps;
    this.curves = new Curves(4);
    const optimum = symmetricOptimum(stretch);
    setNumber(find(this.root, '.optimum', HTMLDataElement), optimum, optimum.toPrecision(3));
    this.verdict('');
    this.chart.draw(this.curves.columns);
    setNumber(find(this.root, '.steps', HTMLDataElement), 0, '0');
    for (const name of taskNames) {
      this.polygon(name, new Array(12).fill(0));
      for (const number of ['.loss', '.turn-error'])
        setNumber(find(this.card(name), number, HTMLDataElement), null, '–');
    }
    this.order(new Array(irreps.dim).fill(0));
  }

  show(step: number, results: Readonly<Record<TaskName, TaskResult>>): void {
    setNumber(find(this.root, '.steps', HTMLDataElement), step, String(step));
    for (const name of taskNames) {
      const { loss, displacements } = results[name];
      const card = this.card(name);
      setNumber(find(card, '.loss', HTMLDataElement), loss, figures(loss));
      const off = turnError(displacements, name === 'collapse' ? 2 : 1);
      setNumber(find(card, '.turn-error', HTMLDataElement), off, figures(off));
      this.polygon(name, displacements);
    }
    this.order(results.broken.order);
  }

  remember(step: number, results: Readonly<Record<TaskName, TaskResult>>): void {
    // A loss below this is rounding; on a logarithmic scale it would be all that one sees.
    const shown = taskNames.map((name) => Math.max(results[name].loss, 1e-12));
    this.curves.add(step, [symmetricOptimum(this.stretch), ...shown]);
  }

  drawCurves(): void {
    this.chart.draw(this.curves.columns);
  }

  /** One sentence a task. */
  verdict(text: string): void {
    setText(find(this.root, '.verdict', HTMLElement), text);
  }

  /** What the turned order parameter shows; `difference` is how far the turned answer is from it. */
  turnedNote(text: string, difference: number | null = null): void {
    const note = find(this.root, '.turned-note', HTMLElement);
    note.dataset.difference = String(difference ?? '');
    setText(note, text);
  }

  polygon(name: TaskName, displacements: ArrayLike<number>): void {
    const shape = rectangle(this.stretch);
    const [from, to] = name === 'collapse' ? [shape, square] : [square, shape];
    const now = from.map((v, i) => v + displacements[i]);
    const svg = find(this.card(name), 'svg', SVGElement);
    svg.replaceChildren(
      path('from', from),
      path('to', to),
      path('now', now),
      ...[0, 1, 2, 3].map((i) => line(from.slice(3 * i, 3 * i + 3), now.slice(3 * i, 3 * i + 3))),
    );
    const corner = (corners: Corners) => `(${corners[0].toFixed(2)}, ${corners[1].toFixed(2)})`;
    svg.setAttribute(
      'aria-label',
      `${titles[name]}: the corner at ${corner(from)} is asked to go to ${corner(to)}; the network sends it to ${corner(now)}`,
    );
  }

  order(order: ArrayLike<number>): void {
    const table = find(this.root, '.order', HTMLTableElement);
    const shown = aboutZ(this.irreps, order);
    const lmax = Math.max(1, ...this.irreps.blocks.map(({ ir }) => ir.l));
    const ms = Array.from({ length: 2 * lmax + 1 }, (_, i) => i - lmax);
    let at = 0;
    const head = make(
      'tr',
      '',
      headCell('irrep', 'col'),
      ...ms.map((m) => headCell(`m = ${m}`.replace('-', '−'), 'col')),
    );
    const rows = this.irreps.blocks.map(({ ir }) => {
      const start = at;
      at += ir.dim;
      return make(
        'tr',
        '',
        headCell(String(ir), 'row'),
        ...ms.map((m) => {
          const cell = make('td');
          if (Math.abs(m) > ir.l) return cell;
          const value = shown[start + ir.l + m];
          const number = make(
            'data',
            Math.abs(value) > 1e-3 ? 'strong' : '',
            value
              .toFixed(3)
              .replace(/^-(0\.0+)$/, '$1')
              .replace('-', '−'),
          );
          number.value = String(value);
          number.dataset.component = `${ir} ${m}`;
          cell.append(number);
          const name = polynomials[ir.l]?.[ir.l + m];
          if (name) cell.append(make('small', '', ir.p === (ir.l % 2 ? -1 : 1) ? name : `(${name})`));
          return cell;
        }),
      );
    });
    const caption = make('caption', 'visually-hidden', 'Components of the order parameter about the z axis');
    table.replaceChildren(caption, make('thead', '', head), make('tbody', '', ...rows));
    this.surface(order);
  }

  private surface(order: ArrayLike<number>): void {
    const most = Math.max(...Array.from(order, Math.abs), 0.05);
    this.scene.objects.length = 0;
    this.scene.add(
      signalSurface(this.irreps, order, {
        scale: 1 / most / 1.4,
        positive: themeColour(this.owner, '--positive'),
        negative: themeColour(this.owner, '--negative'),
      }),
    );
    this.scene.add({
      form: 'sphere',
      positions: new Float32Array(square.map((v) => v * 1.15)),
      sizes: 0.08,
      colours: themeColour(this.owner, '--muted'),
    });
  }

  dispose(): void {
    this.chart.dispose();
  }

  private card(name: TaskName): HTMLElement {
    return find(this.root, `[data-task="${name}"]`, HTMLElement);
  }
}

/** How the three trainings stand. */
export function verdictOf(
  step: number,
  stretch: number,
  results: Readonly<Record<TaskName, TaskResult>>,
): string {
  const optimum = symmetricOptimum(stretch);
  const solved = (name: TaskName) => results[name].loss < SOLVED;
  const stuck = (name: TaskName) => Math.abs(results[name].loss - optimum) < 0.01 * optimum;
  const say = (name: TaskName) =>
    solved(name) ? 'solved' : stuck(name) ? 'stuck at the optimum of symmetric outputs, 2s²' : 'learning';
  return (
    `After ${step} steps: rectangle to square ${say('collapse')} (loss ${figures(results.collapse.loss)}); square to rectangle ` +
    `${say('stretch')} (${figures(results.stretch.loss)}); with an order parameter ${say('broken')} (${figures(results.broken.loss)}).`
  );
}

const svgElement = (name: string, attributes: Readonly<Record<string, string>>) => {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};

function path(kind: string, corners: Corners): SVGElement {
  const points = [0, 3, 6, 9].map((i) => `${corners[i].toFixed(4)},${(-corners[i + 1]).toFixed(4)}`);
  return svgElement('polygon', { class: kind, points: points.join(' ') });
}

function line(from: readonly number[], to: readonly number[]): SVGElement {
  const at = (v: number) => v.toFixed(4);
  return svgElement('line', {
    class: 'move',
    x1: at(from[0]),
    y1: at(-from[1]),
    x2: at(to[0]),
    y2: at(-to[1]),
  });
}
