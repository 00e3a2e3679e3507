import {
  composeMatrix,
  type Matrix3,
  matrixX,
  matrixY,
  matrixZ,
  Random,
  randMatrix,
} from '../../src/index.ts';
import { type Degrees, degreesOf, matrixOfDegrees } from './degrees.ts';
import { find, fragment, setText } from './dom.ts';

/** A rotation as the pages keep it: e3nn's angles, and whether everything is inverted as well. */
export interface Turned {
  readonly turn: Degrees;
  readonly inverted: boolean;
}

/** The orthogonal matrix, of determinant -1 when inverted. */
export function matrixOf({ turn, inverted }: Turned): Matrix3 {
  const matrix = matrixOfDegrees(turn);
  return inverted ? matrix.map((value) => -value) : matrix;
}

const names = ['alpha', 'beta', 'gamma'] as const;
const letters = { alpha: 'α', beta: 'β', gamma: 'γ' } as const;
const quarters: Readonly<Record<string, (angle: number) => Matrix3>> = { x: matrixX, y: matrixY, z: matrixZ };

/** Sliders for the angles, buttons for quarter turns about the axes, for any turn and for none, and inversion. */
export class RotationControl {
  readonly element: HTMLElement;
  private current: Turned = { turn: [0, 0, 0], inverted: false };
  private readonly random = new Random(Math.floor(Math.random() * 2 ** 32));

  constructor(changed: (patch: Partial<Turned>) => void) {
    const slider = (name: (typeof names)[number]) => `
      <label><span>${letters[name]} = <output></output></span>
        <input id="${name}" type="range" min="${name === 'beta' ? 0 : -180}" max="180" step="1"
          aria-label="Angle ${name} of the rotation, in degrees">
      </label>`;
    this.element = document.createElement('div');
    this.element.className = 'rotation';
    this.element.dataset.controls = 'rotate';
    this.element.append(
      fragment(`
        <div class="angles" role="group" aria-label="Angles of the rotation">${names.map(slider).join('')}</div>
        <div class="buttons">
          ${Object.keys(quarters)
            .map(
              (axis) =>
                `<button type="button" id="quarter-${axis}"><span class="visually-hidden">Quarter turn, </span>90° ${axis}</button>`,
            )
            .join('')}
          <button type="button" id="any">Random</button>
          <button type="button" id="none">Back</button>
          <button type="button" id="invert" aria-pressed="false">Invert</button>
        </div>`),
    );
    for (const [i, name] of names.entries())
      this.slider(name).addEventListener('input', ({ target }) => {
        const turn = [...this.current.turn];
        turn[i] = (target as HTMLInputElement).valueAsNumber;
        changed({ turn });
      });
    const turned = (id: string, matrix: () => Matrix3) =>
      this.button(id).addEventListener('click', () => changed({ turn: degreesOf(matrix()) }));
    for (const [axis, about] of Object.entries(quarters))
      turned(`quarter-${axis}`, () => composeMatrix(about(Math.PI / 2), matrixOfDegrees(this.current.turn)));
    turned('any', () => randMatrix(this.random));
    this.button('none').addEventListener('click', () => changed({ turn: [0, 0, 0], inverted: false }));
    this.button('invert').addEventListener('click', () => changed({ inverted: !this.current.inverted }));
  }

  /** What the sliders and the button are to say. */
  show(turned: Turned): void {
    this.current = turned;
    for (const [i, name] of names.entries()) {
      const slider = this.slider(name);
      const text = String(Math.round(turned.turn[i]));
      if (slider.value !== text) slider.value = text;
      setText(slider.parentElement!.querySelector('output')!, `${text.replace('-', '−')}°`);
    }
    this.button('invert').setAttribute('aria-pressed', String(turned.inverted));
  }

  private slider(name: string): HTMLInputElement {
    return find(this.element, `#${name}`, HTMLInputElement);
  }

  private button(id: string): HTMLButtonElement {
    return find(this.element, `#${id}`, HTMLButtonElement);
  }
}
