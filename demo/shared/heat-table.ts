import { headCell, make, setText } from './dom.ts';
import { decimals } from './number-text.ts';
import { stopsWhereItScrolls } from './scroll-stop.ts';

/** Writes a number into a cell, and colours the cell by sign and size; `full` is the size of the strongest colour. */
export function heatCell(cell: HTMLElement, value: number, full: number, digits = 2): void {
  const text = decimals(value, digits);
  if (cell.textContent === text && cell.dataset.full === String(full)) return;
  setText(cell, text);
  cell.dataset.full = String(full);
  cell.classList.toggle('negative', value < 0);
  cell.style.setProperty('--heat', full > 0 ? Math.min(1, Math.abs(value) / full).toFixed(2) : '0');
}

/** A table whose numbers are shown as a heat map: `rows` x `cols`, with headings. */
export class HeatTable {
  readonly element = make('table', 'numbers');
  private readonly cells: readonly HTMLTableCellElement[];

  constructor(caption: string, rows: readonly string[], cols: readonly string[]) {
    const cells: HTMLTableCellElement[] = [];
    const body = make('tbody');
    for (const name of rows) {
      const own = cols.map(() => make('td'));
      cells.push(...own);
      body.append(make('tr', '', ...(rows.some(Boolean) ? [headCell(name, 'row')] : []), ...own));
    }
    this.element.append(make('caption', 'visually-hidden', caption));
    if (cols.some(Boolean)) {
      const corner = rows.some(Boolean) ? [make('td', 'plain')] : [];
      this.element.append(
        make('thead', '', make('tr', '', ...corner, ...cols.map((name) => headCell(name, 'col')))),
      );
    }
    this.element.append(body);
    this.cells = cells;
  }

  /** Numbers, row-major, one for each cell. */
  show(values: ArrayLike<number>, full: number, digits = 2): void {
    for (const [i, cell] of this.cells.entries()) heatCell(cell, values[i], full, digits);
  }

  /** Which cells have a frame. */
  mark(marked: (cell: number) => boolean): void {
    for (const [i, cell] of this.cells.entries()) cell.classList.toggle('moved', marked(i));
  }
}

/** What is too wide for a narrow screen scrolls in a region that the keyboard reaches. */
export function scrolling(label: string, ...content: (Node | string)[]): HTMLElement {
  const region = make('div', 'scrolls', ...content);
  stopsWhereItScrolls(region);
  region.setAttribute('role', 'region');
  region.setAttribute('aria-label', label);
  return region;
}
