import type { Irreps } from '../../src/index.ts';
import { normOf } from '../shared/dense.ts';
import { make, setNumber } from '../shared/dom.ts';
import { HeatTable, scrolling } from '../shared/heat-table.ts';
import { decimals } from '../shared/number-text.ts';
import type { ReducedKind } from './tensor-kinds.ts';

/** Names of components of an irrep in e3nn's order. */
const components: readonly (readonly string[])[] = [[''], ['x', 'y', 'z'], ['xz', 'xy', 'y²', 'yz', 'z²−x²']];

/** Numbers count as changed from here on, relative to the size of the tensor. */
const MOVED = 1e-5;

/** Which numbers differ. */
export function movedOf(before: ArrayLike<number>, after: ArrayLike<number>): (at: number) => boolean {
  const size = Math.max(1e-12, normOf(before));
  return (at) => Math.abs(after[at] - before[at]) > MOVED * size;
}

/** How many of so many numbers differ. */
export function countOf(length: number, moved: (at: number) => boolean): number {
  return Array.from({ length }, (_, at) => at).filter(moved).length;
}

/** Names of the irreps that are as they were. */
export function stillBlocks(before: ArrayLike<number>, after: ArrayLike<number>, irreps: Irreps): string[] {
  const moved = movedOf(before, after);
  return irreps.slices().flatMap(({ start, stop }, i) => {
    const all = Array.from({ length: stop - start }, (_, k) => start + k);
    return all.some(moved) ? [] : [String(irreps.blocks[i].ir)];
  });
}

/** The cartesian components: what the visitor may change, and what they are after the turn. */
export class CartesianTables {
  readonly element = make('div', 'cartesian');
  private readonly inputs: HTMLInputElement[] = [];
  private readonly before: HeatTable | null;
  private readonly after: HeatTable;
  private readonly compact: (values: ArrayLike<number>) => number[];

  constructor(
    kind: ReducedKind,
    compact: (values: ArrayLike<number>) => number[],
    edited: (at: number, text: string) => string | null,
  ) {
    const axes = kind.width === 3 ? ['x', 'y', 'z'] : [''];
    const voigt = ['xx', 'yy', 'zz', 'yz', 'xz', 'xy'];
    const rows = kind.rank === 4 ? voigt : axes;
    const cols = kind.rank === 4 ? voigt : kind.rank === 2 ? axes : [''];
    this.compact = compact;
    this.after = new HeatTable('Cartesian components after the turn', rows, cols);
    this.before = kind.rank === 4 ? new HeatTable('Cartesian components before the turn', rows, cols) : null;
    const editable = () => {
      const table = make(
        'table',
        'numbers',
        make('caption', 'visually-hidden', 'Cartesian components, to be changed'),
      );
      if (cols.some(Boolean)) {
        const heads = cols.map((name) => make('th', '', name));
        for (const head of heads) head.scope = 'col';
        table.append(make('thead', '', make('tr', '', make('td', 'plain'), ...heads)));
      }
      const body = make('tbody');
      for (const [r, row] of rows.entries()) {
        const head = make('th', '', row);
        head.scope = 'row';
        const cells = cols.map((col, c) => {
          const input = make('input');
          input.type = 'number';
          input.step = 'any';
          input.ariaLabel = `component ${row}${col}`.trim();
          input.addEventListener('change', () => {
            const problem = edited(r * cols.length + c, input.value);
            input.setCustomValidity(problem ?? '');
            if (problem) input.reportValidity();
          });
          this.inputs.push(input);
          return make('td', 'plain', input);
        });
        body.append(make('tr', '', ...(row ? [head] : []), ...cells));
      }
      table.append(body);
      return table;
    };
    const titled = (title: string, table: HTMLElement) =>
      make('div', 'titled', make('h3', '', title), scrolling(`${title} the turn`, table));
    this.element.append(
      titled('before', this.before?.element ?? editable()),
      titled('after', this.after.element),
    );
    if (kind.rank === 4)
      this.element.append(
        make('p', 'note', 'In Voigt’s notation, GPa: 21 different numbers stand for the 81 components.'),
      );
  }

  show(before: ArrayLike<number>, after: ArrayLike<number>): void {
    const [from, to] = [this.compact(before), this.compact(after)];
    const full = Math.max(...from.map(Math.abs), ...to.map(Math.abs));
    const digits = full > 50 ? 1 : 2;
    this.before?.show(from, full, digits);
    for (const [i, input] of this.inputs.entries())
      if (Number(input.value) !== from[i] || input.value === '') input.value = String(from[i]);
    this.after.show(to, full, digits);
    this.after.mark(movedOf(from, to));
  }
}

/** The irreps: each block before and after, and its length, which does not change. */
export class IrrepsTables {
  readonly element = make('div', 'irreps');
  private readonly blocks: {
    readonly start: number;
    readonly end: number;
    readonly table: HeatTable;
    readonly lengths: readonly [HTMLDataElement, HTMLDataElement];
  }[] = [];

  constructor(irreps: Irreps) {
    irreps.slices().forEach(({ start }, i) => {
      const { mul, ir } = irreps.blocks[i];
      for (let u = 0; u < mul; u++) {
        const cols =
          components[ir.l] ?? Array.from({ length: ir.dim }, (_, k) => String(k - ir.l).replace('-', '−'));
        const name = `${ir}${mul > 1 ? `, ${u + 1} of ${mul}` : ''}`;
        const table = new HeatTable(
          `Components of ${name}, before and after the turn`,
          ['before', 'after'],
          cols,
        );
        const lengths = [make('data'), make('data')] as const;
        const id = `${ir}${mul > 1 ? `-${u + 1}` : ''}`;
        lengths[0].id = `length-before-${id}`;
        lengths[1].id = `length-after-${id}`;
        const numbers = ir.dim === 1 ? '1 number' : `${ir.dim} numbers`;
        this.element.append(
          make(
            'section',
            'irrep',
            make('h3', '', name, make('small', '', ` ${numbers}, length `, lengths[0], ' → ', lengths[1])),
            scrolling(`The irrep ${name}`, table.element),
          ),
        );
        this.blocks.push({ start: start + u * ir.dim, end: start + (u + 1) * ir.dim, table, lengths });
      }
    });
  }

  show(before: ArrayLike<number>, after: ArrayLike<number>): void {
    const size = Math.max(...Array.from(before, Math.abs), ...Array.from(after, Math.abs));
    const digits = size > 50 ? 1 : 2;
    const moved = movedOf(before, after);
    for (const { start, end, table, lengths } of this.blocks) {
      const part = [...Array.from(before).slice(start, end), ...Array.from(after).slice(start, end)];
      table.show(part, size, digits);
      table.mark((cell) => cell >= end - start && moved(start + cell - (end - start)));
      for (const [i, values] of [before, after].entries()) {
        const length = normOf(values, start, end);
        setNumber(lengths[i], length, decimals(length, digits + 1));
      }
    }
  }
}
