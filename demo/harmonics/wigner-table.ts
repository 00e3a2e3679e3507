import { make, setText } from '../shared/dom.ts';
import { heatCell } from '../shared/heat-table.ts';
import { decimals } from '../shared/number-text.ts';

const signed = (m: number) => decimals(m, 0);

/** The product D c as it is written: coefficients c on top, the matrix D under them, and D c at the right. */
export class WignerTable {
  readonly element = make('table', 'numbers wigner');
  readonly l: number;
  private readonly inputs: HTMLInputElement[] = [];
  private readonly matrix: HTMLTableCellElement[] = [];
  private readonly turned: HTMLTableCellElement[] = [];

  /** `edited` takes what was typed for m, and says what is wrong with it. */
  constructor(l: number, edited: (m: number, text: string) => string | null) {
    this.l = l;
    const ms = Array.from({ length: 2 * l + 1 }, (_, k) => k - l);
    const head = (text: string, scope: 'col' | 'row') => {
      const cell = make('th', '', text);
      cell.scope = scope;
      return cell;
    };
    const inputs = ms.map((m) => {
      const input = make('input');
      input.type = 'number';
      input.step = 'any';
      input.ariaLabel = `coefficient of m = ${signed(m)}`;
      input.addEventListener('change', () => {
        const problem = edited(m, input.value);
        input.setCustomValidity(problem ?? '');
        if (problem) input.reportValidity();
      });
      this.inputs.push(input);
      return make('td', 'plain', input);
    });
    const body = make('tbody', '', make('tr', 'given', head('c', 'row'), ...inputs, make('td', 'plain')));
    for (const m of ms) {
      const cells = ms.map(() => make('td'));
      const result = make('td', 'result');
      this.matrix.push(...cells);
      this.turned.push(result);
      body.append(make('tr', '', head(signed(m), 'row'), ...cells, result));
    }
    this.element.append(
      make('caption', 'visually-hidden', `The coefficients c, the matrix D of l = ${l}, and D c`),
      make(
        'thead',
        '',
        make('tr', '', head('m', 'col'), ...ms.map((m) => head(signed(m), 'col')), head('D c', 'col')),
      ),
      body,
    );
  }

  show(c: ArrayLike<number>, D: ArrayLike<number>, turned: ArrayLike<number>): void {
    for (const [i, input] of this.inputs.entries()) {
      const text = String(Number(c[i].toFixed(3)));
      if (input.value !== text) input.value = text;
    }
    for (const [i, cell] of this.matrix.entries()) heatCell(cell, D[i], 1);
    const full = Math.max(...Array.from(turned, Math.abs));
    for (const [i, cell] of this.turned.entries()) {
      heatCell(cell, turned[i], full);
      setText(cell, decimals(turned[i], 3));
    }
  }
}
