import { make, setNumber, setText } from '../shared/dom.ts';
import { decimals } from '../shared/number-text.ts';
import { vectorPaths } from './vector-paths.ts';

/** Text in which what follows an underscore is a subscript. */
function lowered(text: string): (Node | string)[] {
  return text.split(/_(\w+)/).map((part, i) => (i % 2 === 1 ? make('sub', '', part) : part));
}

/** The nine numbers of the product of two vectors beside those of the textbook, and what is between them. */
export class PathsTable {
  readonly element = make('table', 'numbers paths');
  private readonly rows: {
    readonly engine: HTMLDataElement;
    readonly textbook: HTMLDataElement;
    readonly ratio: HTMLTableCellElement;
  }[] = [];

  constructor() {
    const head = (text: string, scope: 'col' | 'row' | 'rowgroup') => {
      const cell = make('th', '', ...lowered(text));
      cell.scope = scope;
      return cell;
    };
    this.element.append(
      make('caption', 'visually-hidden', 'The product of a and b, path by path'),
      make(
        'thead',
        '',
        make('tr', '', ...['component', 'engine', 'textbook', 'ratio'].map((text) => head(text, 'col'))),
      ),
    );
    for (const { irrep, name, components, writtenRatio, ratio } of vectorPaths) {
      const title = head(
        `1o × 1o → ${irrep}: ${name}, times ${writtenRatio} = ${decimals(ratio, 4)}`,
        'rowgroup',
      );
      title.colSpan = 4;
      const body = make('tbody', '', make('tr', '', title));
      for (const [i, component] of components.entries()) {
        const [engine, textbook, between] = [make('data'), make('data'), make('td')];
        engine.id = `engine-${irrep}-${i}`;
        textbook.id = `textbook-${irrep}-${i}`;
        this.rows.push({ engine, textbook, ratio: between });
        body.append(
          make('tr', '', head(component, 'row'), make('td', '', engine), make('td', '', textbook), between),
        );
      }
      this.element.append(body);
    }
  }

  show(product: ArrayLike<number>, a: readonly number[], b: readonly number[]): void {
    const textbook = vectorPaths.flatMap((path) => path.textbook(a, b));
    const full = Math.max(...Array.from(product, Math.abs));
    for (const [i, { engine, textbook: book, ratio }] of this.rows.entries()) {
      setNumber(engine, product[i], decimals(product[i], 4));
      setNumber(book, textbook[i], decimals(textbook[i], 4));
      setText(ratio, Math.abs(textbook[i]) < 1e-6 ? '–' : decimals(product[i] / textbook[i], 4));
      const cell = engine.parentElement!;
      cell.classList.toggle('negative', product[i] < 0);
      cell.style.setProperty('--heat', full > 0 ? (Math.abs(product[i]) / full).toFixed(2) : '0');
    }
  }
}
