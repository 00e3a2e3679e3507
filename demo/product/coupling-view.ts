import { Irrep, type Wigner3jEntry, wigner3jSparse } from '../../src/index.ts';
import { headCell, make } from '../shared/dom.ts';
import { scrolling } from '../shared/heat-table.ts';
import { decimals } from '../shared/number-text.ts';

const SVG = 'http://www.w3.org/2000/svg';
const signed = (m: number) => decimals(m, 0);

function svg(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

/** The coefficients of a path: for each m3 a map over m1 and m2, of the numbers that are not zero, and these as a list. */
export function couplingView(ir1: string, ir2: string, ir3: string): HTMLElement {
  const [a, b, c] = [ir1, ir2, ir3].map(Irrep.parse);
  const entries = wigner3jSparse(a.l, b.l, c.l);
  const largest = Math.max(...entries.map(({ value }) => Math.abs(value)));
  const maps = Array.from({ length: c.dim }, (_, k) =>
    make(
      'figure',
      'coupling',
      map(entries, a, b, k, largest, `m3 = ${signed(k - c.l)}`),
      make('figcaption', '', `m₃ = ${signed(k - c.l)}`),
    ),
  );
  const head = ['m₁', 'm₂', 'm₃', 'C'].map((text) => headCell(text, 'col'));
  const rows = entries.map(({ i, j, k, value }) =>
    make(
      'tr',
      '',
      ...[i - a.l, j - b.l, k - c.l].map((m) => make('td', 'plain', signed(m))),
      make('td', 'plain', decimals(value, 6)),
    ),
  );
  const list = make(
    'table',
    'numbers',
    make('caption', 'visually-hidden', `The coefficients of ${ir1} × ${ir2} → ${ir3} that are not zero`),
    make('thead', '', make('tr', '', ...head)),
    make('tbody', '', ...rows),
  );
  const listing = scrolling('List of coefficients', list);
  listing.classList.add('listing');
  return make(
    'div',
    'couplings',
    make(
      'p',
      'note',
      'Each map: m₁ downwards, m₂ to the right. Blue is positive, orange negative, empty zero.',
    ),
    make('div', 'maps', ...maps),
    make('details', '', make('summary', '', `All ${entries.length} numbers`), listing),
  );
}

function map(
  entries: readonly Wigner3jEntry[],
  a: Irrep,
  b: Irrep,
  at: number,
  largest: number,
  name: string,
): SVGElement {
  const own = entries.filter(({ k }) => k === at);
  const picture = svg('svg', {
    viewBox: `-0.1 -0.1 ${b.dim + 0.2} ${a.dim + 0.2}`,
    role: 'img',
    'aria-label': `${name}: ${own.length} of ${a.dim * b.dim} are not zero`,
  });
  picture.append(svg('rect', { x: 0, y: 0, width: b.dim, height: a.dim, class: 'ground' }));
  for (const { i, j, value } of own) {
    const cell = svg('rect', {
      x: j,
      y: i,
      width: 1,
      height: 1,
      class: value > 0 ? 'positive' : 'negative',
      'fill-opacity': (0.2 + (0.8 * Math.abs(value)) / largest).toFixed(3),
    });
    const title = svg('title', {});
    title.textContent = `m1 = ${signed(i - a.l)}, m2 = ${signed(j - b.l)}, ${name}: ${decimals(value, 6)}`;
    cell.append(title);
    picture.append(cell);
  }
  return picture;
}
