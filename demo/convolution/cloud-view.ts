import type { LayoutBlock } from '../../src/index.ts';
import { themeColour } from '../shared/colours.ts';
import { find, headCell, make, setNumber, setText } from '../shared/dom.ts';
import { figures } from '../shared/number-text.ts';
import type { Scene } from '../shared/scene.ts';
import { signalSurface } from '../shared/signal-surface.ts';
import { distance, neighbourhoods, POINTS } from './cloud.ts';
import type { PathConvolution } from './layer.ts';

export const cloudHtml = `
  <section class="panel points" aria-labelledby="cloud-title">
    <h2 id="cloud-title">The sum over neighbours</h2>
    <canvas class="scene cloud"></canvas>
    <p class="note cloud-note"></p>
    <div class="scrolls" tabindex="0" role="region" aria-label="Table of messages"><table class="ruled messages"></table></div>
    <p class="sum-line" role="status"></p>
  </section>`;

export interface CloudSettings {
  readonly centre: number;
  readonly path: number;
  /** How many neighbours have been added. */
  readonly added: number;
  readonly radius: number;
}

/** Numbers of one row and one block, component by component. */
export function componentsOf(
  values: ArrayLike<number>,
  cols: number,
  row: number,
  { ir, offset, stride }: LayoutBlock,
): number[] {
  return Array.from({ length: ir.dim }, (_, k) => values[row * cols + offset + k * stride]);
}

/** Points, the messages to one of them, and their sum. */
export class CloudView {
  private readonly owner: Element;
  private readonly root: HTMLElement;
  private readonly scene: Scene;

  constructor(owner: Element, root: HTMLElement, scene: Scene) {
    this.owner = owner;
    this.root = root;
    this.scene = scene;
  }

  show(
    layer: PathConvolution,
    positions: Float64Array,
    { centre, path, added, radius }: CloudSettings,
    messages: ArrayLike<number>,
    sums: ArrayLike<number>,
  ): void {
    const near = neighbourhoods(positions, radius);
    const edges = near.of(centre);
    const used = edges.slice(0, added);
    const { cols, blocks } = layer.tp.layoutOut;
    const block = blocks[layer.paths[path].instruction.out];
    const message = (edge: number) => componentsOf(messages, cols, edge, block);
    const partial = new Array<number>(block.ir.dim).fill(0);
    const rows = used.map((edge) => {
      const values = message(edge);
      values.forEach((v, k) => {
        partial[k] += v;
      });
      return make(
        'tr',
        '',
        headCell(String(near.src[edge]), 'row'),
        make('td', '', distance(positions, near.src[edge], centre).toFixed(3)),
        ...values.map((v) => number(v)),
      );
    });
    const table = find(this.root, '.messages', HTMLTableElement);
    const head = make(
      'tr',
      '',
      headCell('from', 'col'),
      headCell('distance', 'col'),
      ...partial.map((_, k) =>
        headCell(block.ir.l === 1 ? 'xyz'[k] : `m = ${k - block.ir.l}`.replace('-', '−'), 'col'),
      ),
    );
    const total = make('tr', 'total', headCell('sum', 'row'), make('td'), ...partial.map((v) => number(v)));
    const caption = make(
      'caption',
      'visually-hidden',
      'Messages from the neighbours, nearest first, and their sum',
    );
    table.replaceChildren(caption, make('thead', '', head), make('tbody', '', ...rows, total));
    const whole = componentsOf(sums, cols, centre, block);
    const difference = Math.max(...whole.map((v, k) => Math.abs(v - partial[k])));
    const line = find(this.root, '.sum-line', HTMLElement);
    line.replaceChildren(
      `${used.length} of ${edges.length} neighbours of point ${centre} added. The layer’s output there: `,
      make('data', 'output', `(${whole.map(fixed).join(', ')})`),
      used.length === edges.length ? '; the sum differs from it by ' : '; still missing: ',
      make('data', 'sum-difference', figures(difference)),
      '.',
    );
    setNumber(
      find(line, '.sum-difference', HTMLDataElement),
      difference,
      line.querySelector('.sum-difference')!.textContent!,
    );
    find(line, '.output', HTMLDataElement).value = whole.join(' ');
    this.picture(
      positions,
      centre,
      used.map((edge) => ({ from: near.src[edge], values: message(edge) })),
      edges.map((e) => near.src[e]),
      partial,
      block,
    );
  }

  private picture(
    positions: Float64Array,
    centre: number,
    messages: { from: number; values: number[] }[],
    neighbours: number[],
    sum: readonly number[],
    { ir }: LayoutBlock,
  ): void {
    const { owner, scene } = this;
    const at = (i: number): [number, number, number] => [
      positions[3 * i],
      positions[3 * i + 1],
      positions[3 * i + 2],
    ];
    const [muted, accent, first, second] = ['--muted', '--series-2', '--series-1', '--series-3'].map((c) =>
      themeColour(owner, c),
    );
    scene.objects.length = 0;
    const colours = new Float32Array(
      Array.from({ length: POINTS }, (_, i) =>
        [...(i === centre ? accent : neighbours.includes(i) ? first : muted)].concat(1).slice(0, 4),
      ).flat(),
    );
    scene.add({ form: 'sphere', positions: new Float32Array(positions), sizes: 0.1, colours });
    const vectors = neighbours.flatMap((j) => at(j).map((v, k) => v - at(centre)[k]));
    scene.add({
      form: 'stick',
      positions: new Float32Array(neighbours.flatMap(() => at(centre))),
      vectors: new Float32Array(vectors),
      sizes: 0.012,
      colours: muted,
    });
    const longest = Math.max(
      1e-6,
      Math.hypot(...sum),
      ...messages.map(({ values }) => Math.hypot(...values)),
    );
    const scale = 1 / longest;
    if (ir.l === 1) {
      const arrows = (from: number[], values: number[]) => ({
        form: 'arrow' as const,
        positions: new Float32Array(from),
        vectors: new Float32Array(values.map((v) => v * scale)),
        sizes: 0.035,
      });
      scene.add({
        ...arrows(
          messages.flatMap(({ from }) => at(from)),
          messages.flatMap(({ values }) => values),
        ),
        colours: second,
      });
      scene.add({ ...arrows(at(centre), [...sum]), sizes: 0.05, colours: accent });
    } else
      for (const { from, values } of [...messages, { from: centre, values: sum }])
        scene.add(
          signalSurface([[1, ir]], values, {
            scale: 0.8 * scale,
            positive: themeColour(owner, '--positive'),
            negative: themeColour(owner, '--negative'),
            position: at(from),
          }),
        );
    const kind = ir.l === 1 ? 'arrows' : 'surfaces';
    setText(
      find(this.root, '.cloud-note', HTMLElement),
      `${ir.l === 1 ? 'Arrows' : 'Surfaces'} at the neighbours: their messages (${ir}); at the orange point: the sum. The longest is ${longest.toPrecision(3)}. ` +
        `${ir.p === (ir.l % 2 ? -1 : 1) ? '' : 'It is a pseudotensor: inversion gives it the sign opposite to that of a tensor. '}Drag, or use the arrow keys, to look from elsewhere.`,
    );
    scene.label = `Point ${centre} with ${neighbours.length} neighbours; ${kind} show ${messages.length} messages and their sum (${sum.map(fixed).join(', ')})`;
  }
}

const fixed = (v: number) =>
  v
    .toFixed(3)
    .replace(/^-(0\.0+)$/, '$1')
    .replace('-', '−');

function number(value: number): HTMLTableCellElement {
  const data = make('data', '', fixed(value));
  data.value = String(value);
  return make('td', '', data);
}
