import { headCell, make, setNumber, setText } from '../shared/dom.ts';
import { powerOfTen } from '../shared/number-text.ts';
import { distance, nameOf, type RotationReport } from '../shared/rotation-report.ts';
import { answerText, numberText, outputNames, shapeNames } from './shape-names.ts';

interface Row {
  readonly outputs: readonly HTMLElement[];
  readonly answer: HTMLElement;
  readonly error: HTMLDataElement;
  readonly rotations: HTMLElement;
}

/** The seven outputs of each shape as numbers, and by how much turning has changed them. */
export class OutputsTable {
  readonly element = make('div', 'scrolls');
  private readonly rows: readonly Row[];

  constructor() {
    const head = make('tr');
    head.append(
      ...['Shape', ...outputNames, 'Answer', 'Error', 'Rotations'].map((text) => headCell(text, 'col')),
    );
    const body = make('tbody');
    this.rows = shapeNames.map((name) => {
      const row = {
        outputs: outputNames.map(() => make('td', 'output', '–')),
        answer: make('td', 'answer', '–'),
        error: make('data', 'error', '–'),
        rotations: make('td', 'rotations', '–'),
      };
      const line = make('tr', '', headCell(name, 'row'), ...row.outputs, row.answer);
      line.append(make('td', '', row.error), row.rotations);
      body.append(line);
      return row;
    });
    const table = make('table', 'ruled outputs');
    table.append(
      make(
        'caption',
        'visually-hidden',
        'The eight shapes as they stand now: the seven outputs of the network for each, its answer, the difference that ' +
          'turning makes, and in how many random rotations the answer is right',
      ),
      make('thead', '', head),
      body,
    );
    this.element.append(table);
    this.element.setAttribute('role', 'group');
    this.element.setAttribute('aria-label', 'Outputs of the network');
  }

  /**
   * @param mirror by what the first output is to change: 1 where the shapes are not mirrored, null where nothing is known
   * @returns the largest difference; null where there is none to tell
   */
  show(
    still: Float32Array,
    turned: Float32Array,
    moves: readonly boolean[],
    mirrored: boolean,
    mirror: number | null,
  ): number | null {
    let largest: number | null = null;
    for (const [s, row] of this.rows.entries()) {
      const values = turned.subarray(7 * s, 7 * s + 7);
      row.outputs.forEach((cell, i) => {
        setText(cell, numberText(values[i]));
        cell.classList.toggle('negative', values[i] < 0);
        cell.style.setProperty('--heat', Math.min(1, Math.abs(values[i])).toFixed(2));
      });
      const { text, right } = answerText(values, nameOf(s, mirrored ? -1 : 1));
      setText(row.answer, text);
      row.answer.classList.toggle('right', right === true);
      row.answer.classList.toggle('wrong', right === false);
      const error =
        moves[s] && mirror !== null ? distance(values, still.subarray(7 * s, 7 * s + 7), mirror) : null;
      if (error !== null) largest = Math.max(largest ?? 0, error);
      setNumber(row.error, error, error === null ? '–' : powerOfTen(error));
    }
    return largest;
  }

  showRotations({ recognised, rotations }: RotationReport): void {
    for (const [s, { rotations: cell }] of this.rows.entries()) {
      setText(cell, `${recognised[s]} of ${rotations}`);
      cell.classList.toggle('right', recognised[s] === rotations);
    }
  }

  clearRotations(): void {
    for (const { rotations } of this.rows) {
      setText(rotations, '–');
      rotations.classList.remove('right');
    }
  }
}
