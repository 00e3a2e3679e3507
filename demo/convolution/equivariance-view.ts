import type { Irreps, Matrix3 } from '../../src/index.ts';
import { themeColour } from '../shared/colours.ts';
import { find, headCell, make, setText } from '../shared/dom.ts';
import { figures } from '../shared/number-text.ts';
import type { Scene } from '../shared/scene.ts';
import { POINTS, turnPoints } from './cloud.ts';
import { type Comparison, type OperationName, operationNames, operationTitles } from './operations.ts';

export const equivarianceHtml = `
  <section class="panel" aria-labelledby="equivariance-title">
    <h2 id="equivariance-title">Turn before or after</h2>
    <div class="sides">
      <figure><canvas class="scene before"></canvas><figcaption>f(g x): first turned, then computed</figcaption></figure>
      <figure><canvas class="scene after"></canvas><figcaption>g f(x): first computed, then turned</figcaption></figure>
    </div>
    <p class="side-note" role="status"></p>
    <div class="scrolls" tabindex="0" role="region" aria-label="Table of numbers at the first point"><table class="ruled sides-table"></table></div>
  </section>
  <section class="panel" aria-labelledby="operations-title">
    <h2 id="operations-title">Every operation</h2>
    <div class="scrolls" tabindex="0" role="region" aria-label="Table of operations"><table class="ruled operations"></table></div>
    <p class="note">f(x) itself is computed once; for each turn g all operations run again on the turned points and features. D(g) is computed in f64.</p>
  </section>`;

/** An operation before and after a turn, side by side, and all operations in a table. */
export class EquivarianceView {
  private readonly owner: Element;
  private readonly root: HTMLElement;
  private readonly scenes: readonly [Scene, Scene];

  constructor(owner: Element, root: HTMLElement, scenes: readonly [Scene, Scene]) {
    this.owner = owner;
    this.root = root;
    this.scenes = scenes;
  }

  show(
    compared: Readonly<Record<OperationName, Comparison>>,
    chosen: OperationName,
    positions: Float64Array,
    matrix: Matrix3,
  ): void {
    this.table(compared, chosen);
    const one = compared[chosen];
    const moved = turnPoints(matrix, positions);
    this.side(0, one.irreps, moved, one.turnedFirst, one);
    this.side(1, one.irreps, moved, one.turnedAfter, one);
    const verdict = one.error < 1e-3 * one.size ? 'the same but for rounding' : 'not the same';
    setText(
      find(this.root, '.side-note', HTMLElement),
      `${operationTitles[chosen][0].replace(/:.*/, '')}: the two sides are ${verdict}; the largest difference is ${figures(one.error)}.`,
    );
    this.numbers(one);
  }

  private table(compared: Readonly<Record<OperationName, Comparison>>, chosen: OperationName): void {
    const rows = operationNames.map((name) => {
      const { error, size, irreps } = compared[name];
      const [title, e3nn] = operationTitles[name];
      const head = headCell(title, 'row');
      head.append(make('small', '', `e3nn: ${e3nn}; to ${irreps}`));
      const data = make('data', error < 1e-3 * size ? 'right' : 'wrong', figures(error));
      data.value = String(error);
      data.dataset.operation = name;
      return make(
        'tr',
        name === chosen ? 'chosen' : '',
        head,
        make('td', '', data),
        make('td', '', size.toPrecision(3)),
      );
    });
    const head = make(
      'tr',
      '',
      ...['Operation f', '|f(gx) − g f(x)|', 'largest |f(x)|'].map((text) => headCell(text, 'col')),
    );
    find(this.root, '.operations', HTMLTableElement).replaceChildren(
      make(
        'caption',
        'visually-hidden',
        'Largest difference between turning before and after, for every operation',
      ),
      make('thead', '', head),
      make('tbody', '', ...rows),
    );
  }

  private numbers({ irreps, turnedFirst, turnedAfter }: Comparison): void {
    let at = 0;
    const rows = irreps.blocks.flatMap(({ mul, ir }) =>
      Array.from({ length: mul }, () => {
        const values = (from: ArrayLike<number>) => Array.from(from).slice(at, at + ir.dim);
        const [a, b] = [values(turnedFirst), values(turnedAfter)];
        at += ir.dim;
        const name = headCell(String(ir), 'row');
        const list = (numbers: number[]) =>
          make('td', '', numbers.map((v) => v.toFixed(3).replace('-', '−')).join('  '));
        return make('tr', '', name, list(a), list(b));
      }),
    );
    const head = make('tr', '', ...['irrep', 'f(gx)', 'g f(x)'].map((text) => headCell(text, 'col')));
    find(this.root, '.sides-table', HTMLTableElement).replaceChildren(
      make('caption', 'visually-hidden', 'The two sides at the first point, irrep by irrep'),
      make('thead', '', head),
      make('tbody', '', ...rows),
    );
  }

  /** The first vector of the output at each point (its first irrep where there is none). */
  private side(
    which: 0 | 1,
    irreps: Irreps,
    positions: Float64Array,
    values: ArrayLike<number>,
    { size }: Comparison,
  ): void {
    const scene = this.scenes[which];
    let offset = 0;
    for (const { mul, ir } of irreps.blocks) {
      if (ir.l === 1) break;
      offset += mul * ir.dim;
    }
    const { dim } = irreps;
    const vectors = Array.from({ length: POINTS }, (_, i) =>
      [0, 1, 2].map((k) => values[i * dim + offset + k]),
    ).flat();
    const longest = Math.max(
      1e-6,
      ...Array.from({ length: POINTS }, (_, i) => Math.hypot(...vectors.slice(3 * i, 3 * i + 3))),
    );
    scene.objects.length = 0;
    scene.add({
      form: 'sphere',
      positions: new Float32Array(positions),
      sizes: 0.09,
      colours: themeColour(this.owner, '--series-1'),
    });
    scene.add({
      form: 'arrow',
      positions: new Float32Array(positions),
      vectors: new Float32Array(vectors.map((v) => v / Math.max(longest, size / 20))),
      sizes: 0.04,
      colours: themeColour(this.owner, '--series-2'),
    });
    scene.label = `${which === 0 ? 'First turned, then computed' : 'First computed, then turned'}: a vector of the output at each of ${POINTS} points; the first is (${vectors
      .slice(0, 3)
      .map((v) => v.toFixed(3))
      .join(', ')})`;
  }
}
