import { find, fragment, headCell, make, setNumber, setText } from '../shared/dom.ts';
import { LineChart } from '../shared/line-chart.ts';
import { stopsWhereItScrolls } from '../shared/scroll-stop.ts';
import { type Comparison, type Contestant, TARGET } from './comparison.ts';

const percent = (value: number | null) => (value === null ? '–' : `${Math.round(100 * value)} %`);

/** What it takes to teach an ordinary network what the equivariant one knows. */
export class OrdinaryPanel {
  readonly element: HTMLElement;
  private readonly comparison: Comparison;
  private readonly button: HTMLButtonElement;
  private readonly rows: readonly HTMLDataElement[][];
  private readonly text: HTMLElement;
  private chart: LineChart | null = null;

  constructor(comparison: Comparison) {
    this.comparison = comparison;
    this.element = make('section', 'panel');
    this.element.dataset.controls = 'ordinary';
    this.element.setAttribute('aria-labelledby', 'ordinary-heading');
    this.element.append(
      fragment(`
        <div class="panel-head">
          <h2 id="ordinary-heading">An ordinary network beside it</h2>
          <button id="ordinary-train" type="button">Train both</button>
        </div>
        <p>
          A perceptron on the coordinates, with about as many parameters, is even shown all eight shapes. Once as they are;
          once turned at random, other orientations at every step, until it knows ${100 * TARGET} % of shapes in
          orientations that it was not shown. Guessing gives 12.5 %.
        </p>
        <div class="columns">
          <div>
            <div class="scrolls" role="group" aria-label="Comparison">
              <table class="ruled"><thead><tr>
                <th scope="col">Network</th><th scope="col">Parameters</th><th scope="col">Steps</th>
                <th scope="col">Examples</th><th scope="col">As trained</th><th scope="col">Turned</th>
              </tr></thead><tbody></tbody></table>
            </div>
            <p id="ordinary-text" role="status"></p>
          </div>
          <div>
            <div class="chart" id="ordinary-chart" role="img"
              aria-label="Accuracy of the two ordinary networks on turned shapes over the training steps; the latest values stand in the table"></div>
            <p class="key"><span class="plain-key">as they are</span><span class="augmented-key">turned examples</span>
              <span>accuracy on turned shapes over steps</span></p>
          </div>
        </div>`),
    );
    stopsWhereItScrolls(find(this.element, '.scrolls', HTMLElement));
    this.button = find(this.element, '#ordinary-train', HTMLButtonElement);
    this.text = find(this.element, '#ordinary-text', HTMLElement);
    this.button.addEventListener('click', () => comparison.train(!comparison.training));
    const names = ['equivariant', 'plain', 'augmented'] as const;
    this.rows = names.map((name) => {
      const cells = ['parameters', 'steps', 'examples', 'as-trained', 'turned'].map((what) => {
        const cell = make('data', '', '–');
        cell.id = `${name}-${what}`;
        return cell;
      });
      find(this.element, 'tbody', HTMLElement).append(
        make('tr', '', headCell(comparison[name].name, 'row'), ...cells.map((cell) => make('td', '', cell))),
      );
      return cells;
    });
  }

  show(): void {
    const { comparison } = this;
    const { equivariant, plain, augmented } = comparison;
    setText(this.button, comparison.training ? 'Pause' : comparison.done ? 'Train both again' : 'Train both');
    for (const [i, one] of [equivariant, plain, augmented].entries()) this.row(this.rows[i], one);
    setText(this.text, this.words());
    if (!this.chart) {
      const host = find(this.element, '#ordinary-chart', HTMLElement);
      if (host.clientWidth === 0) return;
      this.chart = new LineChart(host, {
        series: [
          { label: 'as trained', colour: '--series-1' },
          { label: 'augmented', colour: '--series-2' },
        ],
        range: [0, 1],
        least: 100,
        across: 'steps',
        spanGaps: true,
      });
    }
    const steps = [...new Set([...plain.history, ...augmented.history].map(([step]) => step))].sort(
      (a, b) => a - b,
    );
    const line = ({ history }: Contestant) => {
      const known = new Map(history);
      return steps.map((step) => known.get(step) ?? null);
    };
    this.chart.draw([steps, line(plain), line(augmented)]);
  }

  dispose(): void {
    this.chart?.dispose();
  }

  private row(cells: readonly HTMLDataElement[], one: Contestant): void {
    const { learner, steps, examples, asTrained, turned } = one;
    const count = (value: number | null) => (value === null ? '–' : value.toLocaleString('en'));
    const parameters = learner?.facts.parameters ?? null;
    setNumber(cells[0], parameters, count(parameters));
    setNumber(cells[1], learner ? steps : null, learner ? count(steps) : '–');
    setNumber(cells[2], learner ? examples : null, learner ? count(examples) : '–');
    setNumber(cells[3], asTrained, percent(asTrained));
    setNumber(cells[4], turned, percent(turned));
  }

  private words(): string {
    const { equivariant, plain, augmented } = this.comparison;
    const parts: string[] = [];
    if (plain.turned !== null)
      parts.push(
        `As trained the ordinary network knows ${percent(plain.asTrained)}, turned ${percent(plain.turned)}.`,
      );
    if (augmented.turned !== null)
      parts.push(
        augmented.turned >= TARGET
          ? `With turned examples it needed ${augmented.examples.toLocaleString('en')} of them, in ${augmented.steps} steps, to know ${percent(augmented.turned)}.`
          : `With turned examples it knows ${percent(augmented.turned)} after ${augmented.examples.toLocaleString('en')} of them.`,
      );
    if (equivariant.turned !== null)
      parts.push(
        `The equivariant network was shown seven, and knows ${percent(equivariant.turned)} turned, after ${equivariant.steps} steps.`,
      );
    return parts.join(' ');
  }
}
