import { recognise, tetrisShapes } from '../../src/index.ts';
import type { Evaluation, RotationReport } from '../shared/tetris-trainer.ts';
import { shapePicture } from './shape-picture.ts';

const names = tetrisShapes.map(({ name }) => name.replace('_shape', '').replaceAll('_', ' '));
/** The trainer leaves out the first shape. */
const notes: Readonly<Record<number, string>> = { 0: 'never trained on', 1: 'its mirror image' };
const outputNames = ['chiral', ...names.slice(2)];

const format = new Intl.NumberFormat('en', {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
  signDisplay: 'negative', // no -0.00
});

interface Row {
  readonly outputs: readonly HTMLElement[];
  readonly answer: HTMLElement;
  readonly rotations: HTMLElement;
}

/** The eight shapes, what the network makes of each, and in how many orientations it is right. */
export class ShapeTable {
  private readonly rows: readonly Row[];

  constructor(table: HTMLTableElement) {
    const headings = row();
    // The roles are what a table has anyway; browsers forget them where CSS lays the rows out as a grid.
    table.setAttribute('role', 'table');
    headings.append(
      withClass('name', heading('Shape', 'col')),
      ...outputNames.map((name, i) => withClass('output', heading(i === 0 ? `${name} ±` : name, 'col'))),
      withClass('answer', heading('Answer', 'col')),
      withClass('rotations', heading('Rotations', 'col')),
    );
    const head = document.createElement('thead');
    head.setAttribute('role', 'rowgroup');
    head.append(headings);
    const body = document.createElement('tbody');
    body.setAttribute('role', 'rowgroup');
    this.rows = tetrisShapes.map(({ points }, s) => {
      const line = row();
      const name = withClass(s === 0 ? 'name unseen' : 'name', heading('', 'row'));
      const text = document.createElement('span');
      text.append(names[s]);
      if (notes[s]) {
        const note = document.createElement('small');
        note.textContent = notes[s];
        text.append(note);
      }
      const picture = document.createElement('span');
      picture.className = 'pictured';
      picture.append(shapePicture(points), text);
      name.append(picture);
      const outputs = outputNames.map((label) => {
        const cell = withClass('output', dataCell());
        cell.dataset.label = label;
        return cell;
      });
      const answer = withClass('answer', dataCell());
      const rotations = withClass('rotations', dataCell());
      line.append(name, ...outputs, answer, rotations);
      body.append(line);
      return { outputs, answer, rotations };
    });
    table.append(head, body);
  }

  showEvaluation({ outputs }: Evaluation): void {
    this.rows.forEach((line, s) => {
      const values = outputs.subarray(7 * s, 7 * s + 7);
      line.outputs.forEach((cell, i) => {
        const text = format.format(values[i]).replace('-', '−');
        if (cell.textContent === text) return;
        cell.textContent = text;
        cell.classList.toggle('negative', values[i] < 0);
        cell.style.setProperty('--heat', Math.min(1, Math.abs(values[i])).toFixed(2));
      });
      const answer = recognise(values);
      const text = answer < 0 ? 'unsure' : `${answer === s ? '✓' : '✗'} ${names[answer]}`;
      if (line.answer.textContent === text) return;
      line.answer.textContent = text;
      line.answer.classList.toggle('right', answer === s);
      line.answer.classList.toggle('wrong', answer >= 0 && answer !== s);
    });
  }

  showRotations({ recognised, rotations }: RotationReport): void {
    this.rows.forEach((line, s) => {
      line.rotations.textContent = `${recognised[s]} of ${rotations}`;
      line.rotations.classList.toggle('right', recognised[s] === rotations);
    });
  }

  clearRotations(): void {
    for (const { rotations } of this.rows) {
      rotations.textContent = '–';
      rotations.classList.remove('right');
    }
  }
}

function row(): HTMLTableRowElement {
  const element = document.createElement('tr');
  element.setAttribute('role', 'row');
  return element;
}

function heading(text: string, scope: 'col' | 'row'): HTMLTableCellElement {
  const element = document.createElement('th');
  element.scope = scope;
  element.setAttribute('role', scope === 'col' ? 'columnheader' : 'rowheader');
  element.textContent = text;
  return element;
}

function dataCell(): HTMLTableCellElement {
  const element = document.createElement('td');
  element.setAttribute('role', 'cell');
  element.textContent = '–';
  return element;
}

function withClass(className: string, cell: HTMLTableCellElement): HTMLTableCellElement {
  cell.className = className;
  return cell;
}
