import { find, fragment, make, setText } from '../shared/dom.ts';
import { originalPoints, turn } from '../shared/tetris-batch.ts';
import { accuracy, type Comparison, recognisedOf } from './comparison.ts';
import type { Learner } from './learner.ts';
import { FRAME_BUDGET_MS, type Session } from './session.ts';
import { accuracyColour, cellAt, fromMollweide, mapCells } from './sphere-map.ts';

const COLUMNS = 21;
const ROWS = 11;
const [WIDTH, HEIGHT] = [440, 220];
/** Orientations that an ordinary network is asked about at a time. */
const AT_ONCE = 8;

const cells = mapCells(COLUMNS, ROWS);

/** The cell of each pixel of the map; -1 outside. */
const cellOf = Int16Array.from({ length: WIDTH * HEIGHT }, (_, i) => {
  const [column, row] = [i % WIDTH, Math.floor(i / WIDTH)];
  const place = fromMollweide(((column + 0.5) / WIDTH) * 4 - 2, 1 - ((row + 0.5) / HEIGHT) * 2);
  return place ? cellAt(...place, COLUMNS, ROWS) : -1;
});

interface SphereMap {
  readonly canvas: HTMLCanvasElement;
  readonly mean: HTMLDataElement;
  /** Accuracy in each cell, as far as it is known. */
  readonly known: (number | null)[];
  next: number;
  learner: Learner | null;
  steps: number;
}

/** The sphere of orientations, coloured by how many of the eight shapes each network knows in them. */
export class SpherePanel {
  readonly element: HTMLElement;
  private readonly session: Session;
  private readonly comparison: Comparison;
  private readonly maps: Readonly<Record<'equivariant' | 'plain' | 'augmented', SphereMap>>;

  constructor(session: Session, comparison: Comparison) {
    this.session = session;
    this.comparison = comparison;
    this.element = make('section', 'panel');
    this.element.dataset.controls = 'sphere';
    this.element.setAttribute('aria-labelledby', 'sphere-heading');
    this.element.append(
      fragment(`
        <h2 id="sphere-heading">The sphere of orientations</h2>
        <p>
          Every point is a rotation, the shortest one that takes the x axis there; the middle of the map is the orientation of
          the training. The colour says how many of the eight shapes a network knows when they are turned so. The map keeps
          areas (Mollweide). It is drawn when training rests.
        </p>
        <div class="maps"></div>
        <div class="scale"><span>0 of 8</span><canvas width="160" height="12" aria-hidden="true"></canvas><span>8 of 8</span></div>`),
    );
    const place = find(this.element, '.maps', HTMLElement);
    const map = (name: string, title: string): SphereMap => {
      const canvas = make('canvas');
      canvas.width = WIDTH;
      canvas.height = HEIGHT;
      canvas.setAttribute('role', 'img');
      canvas.setAttribute('aria-label', `${title}: not known yet`);
      const mean = make('data', '', 'not trained yet');
      mean.id = `sphere-${name}`;
      place.append(make('figure', '', canvas, make('figcaption', '', `${title}: `, mean)));
      return { canvas, mean, known: cells.map(() => null), next: 0, learner: null, steps: -1 };
    };
    this.maps = {
      equivariant: map('equivariant', 'Equivariant'),
      plain: map('plain', 'Ordinary, as they are'),
      augmented: map('augmented', 'Ordinary, turned examples'),
    };
    this.drawScale();
    for (const one of Object.values(this.maps)) this.draw(one, 'Orientations');
    session.jobs.add(this.job);
  }

  dispose(): void {
    this.session.jobs.delete(this.job);
  }

  private readonly job = async (): Promise<boolean> => {
    const { session, comparison, maps } = this;
    if (session.isTraining || comparison.training) return false;
    const learner = session.stepsTaken > 0 ? session.current : null;
    const equivariant = await this.slice(maps.equivariant, 'Equivariant', learner, session.stepsTaken, 1);
    if (equivariant) return true;
    for (const name of ['plain', 'augmented'] as const) {
      const one = comparison[name];
      if (await this.slice(maps[name], one.name, one.learner, one.steps, AT_ONCE)) return true;
    }
    return false;
  };

  /** Some more cells of a map; false if it is complete. */
  private async slice(
    map: SphereMap,
    title: string,
    learner: Learner | null,
    steps: number,
    atOnce: number,
  ): Promise<boolean> {
    if (map.learner !== learner || map.steps !== steps) {
      map.learner = learner;
      map.steps = steps;
      map.next = 0;
      if (!learner) {
        map.known.fill(null);
        this.draw(map, title);
      }
    }
    if (!learner || steps === 0 || map.next >= cells.length) return false;
    const began = performance.now();
    do {
      const part = cells.slice(map.next, map.next + atOnce);
      const points = part.flatMap(({ rotation }) => turn(rotation, originalPoints));
      const values =
        atOnce === 1
          ? [recognisedOf(await learner.outputs(points)) / 8]
          : await learner
              .answers(points)
              .then((answers) => part.map((_, i) => accuracy(answers.slice(8 * i, 8 * i + 8))));
      if (map.learner !== learner) return true;
      values.forEach((value, i) => {
        map.known[map.next + i] = value;
      });
      map.next += part.length;
    } while (map.next < cells.length && performance.now() - began < FRAME_BUDGET_MS);
    this.draw(map, title);
    return true;
  }

  private draw({ canvas, known, mean, next }: SphereMap, title: string): void {
    const context = canvas.getContext('2d')!;
    const image = context.createImageData(WIDTH, HEIGHT);
    const pixels = new Uint8ClampedArray(4 * cells.length);
    known.forEach((value, cell) => {
      pixels.set(value === null ? [128, 128, 128, 60] : [...accuracyColour(value), 255], 4 * cell);
    });
    // Four bytes at a time.
    const [from, to] = [new Uint32Array(pixels.buffer), new Uint32Array(image.data.buffer)];
    for (let i = 0; i < to.length; i++) if (cellOf[i] >= 0) to[i] = from[cellOf[i]];
    context.putImageData(image, 0, 0);
    // Where it was trained.
    context.strokeStyle = '#fff';
    context.lineWidth = 2;
    context.strokeRect(WIDTH / 2 - 6, HEIGHT / 2 - 6, 12, 12);
    context.strokeStyle = '#000';
    context.lineWidth = 1;
    context.strokeRect(WIDTH / 2 - 7.5, HEIGHT / 2 - 7.5, 15, 15);
    if (known.includes(null)) {
      mean.value = '';
      setText(mean, known.some((v) => v !== null) ? 'being drawn …' : 'not trained yet');
      return;
    }
    if (next < cells.length) return;
    const values = known as number[];
    const average = values.reduce((sum, value, i) => sum + value * cells[i].weight, 0);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    mean.value = String(average);
    setText(mean, `${Math.round(100 * average)} % on average`);
    const middle = values[(cells.length - 1) / 2];
    canvas.setAttribute(
      'aria-label',
      `${title}: map of the orientations. On average ${Math.round(100 * average)} % of the shapes are known; ` +
        `${Math.round(100 * low)} % in the worst orientation, ${Math.round(100 * high)} % in the best, ` +
        `${Math.round(100 * middle)} % in that of the training.`,
    );
  }

  private drawScale(): void {
    const canvas = find(this.element, '.scale canvas', HTMLCanvasElement);
    const context = canvas.getContext('2d')!;
    for (let x = 0; x < canvas.width; x++) {
      context.fillStyle = `rgb(${accuracyColour(x / (canvas.width - 1)).join(' ')})`;
      context.fillRect(x, 0, 1, canvas.height);
    }
  }
}
