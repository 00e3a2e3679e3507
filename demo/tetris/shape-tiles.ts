import { type GpuContext, type Matrix3, tetrisShapes } from '../../src/index.ts';
import { themeColour } from '../shared/colours.ts';
import { make, nextFrame, setText } from '../shared/dom.ts';
import { nameOf } from '../shared/rotation-report.ts';
import { type Colour, type Instances, Scene } from '../shared/scene.ts';
import { answerText, numberText, outputNames, shapeNames } from './shape-names.ts';

const IDENTITY: Matrix3 = [1, 0, 0, 0, 1, 0, 0, 0, 1];
/** The trainer leaves out the first shape. */
const notes: Readonly<Record<number, string>> = { 0: 'never trained on', 1: 'its mirror image' };

/** A shape that the visitor has turned. */
export interface Dragged {
  readonly shape: number;
  readonly rotation: Matrix3;
}

interface Tile {
  readonly holder: HTMLElement;
  readonly bars: readonly HTMLElement[];
  readonly picture: HTMLElement;
  readonly answer: HTMLElement;
  scene: Scene | null;
  boxes: Instances | null;
  rotation: Matrix3;
}

/** Coordinates of a shape about its centre. */
function centred(shape: number): number[] {
  const { points } = tetrisShapes[shape];
  const centre = [0, 1, 2].map((k) => (points[k] + points[3 + k] + points[6 + k] + points[9 + k]) / 4);
  return points.map((v, i) => v - centre[i % 3]);
}

/** The eight shapes in 3D, each to be turned by itself, and what the network says of it. */
export class ShapeTiles {
  readonly element = make('ul', 'tiles');
  private readonly tiles: readonly Tile[];
  private readonly host: HTMLElement;
  private readonly moved: (dragged: Dragged | null) => void;
  private mirrored = false;
  private turnable = true;
  private connection = 0;
  /** Whether the pictures are there, or are about to be. */
  isConnected = false;

  /** `moved` is told when a shape stands differently, and which one where the visitor has turned it. */
  constructor(host: HTMLElement, moved: (dragged: Dragged | null) => void) {
    this.host = host;
    this.moved = moved;
    this.element.setAttribute('role', 'list');
    this.tiles = shapeNames.map((name, s) => {
      const holder = make('div', 'holder');
      const bars = outputNames.map(() => make('span', 'bar'));
      const picture = make('div', 'bars', ...bars.map((bar) => make('span', 'slot', bar)));
      picture.setAttribute('role', 'img');
      picture.setAttribute('aria-label', 'No outputs yet');
      const answer = make('span', 'answer', '–');
      const title = make('span', 'title', make('b', '', name));
      if (notes[s]) title.append(' ', make('small', '', notes[s]));
      this.element.append(make('li', s === 0 ? 'tile unseen' : 'tile', title, holder, picture, answer));
      return { holder, bars, picture, answer, scene: null, boxes: null, rotation: IDENTITY };
    });
  }

  /** Draws with this GPU, or on 2D canvases; one picture a frame, because each takes a while to begin. */
  async connect(gpu: GpuContext | null, turnable: boolean): Promise<void> {
    this.disconnect();
    this.isConnected = true;
    this.turnable = turnable;
    const { connection } = this;
    for (const [s, tile] of this.tiles.entries()) {
      await nextFrame();
      if (connection !== this.connection) return;
      const canvas = make('canvas', 'scene');
      tile.holder.replaceChildren(canvas);
      tile.scene = new Scene(canvas, gpu, {
        label: `${shapeNames[s]}: four cubes`,
        camera: { radius: 2.15, azimuth: 0.7, elevation: 0.5 },
        turns: turnable
          ? (further) => {
              tile.rotation = further(tile.rotation);
              this.place(s);
              this.moved({ shape: s, rotation: tile.rotation });
            }
          : 'nothing',
      });
      tile.boxes = tile.scene.add({
        form: 'box',
        positions: new Float32Array(12),
        sizes: 0.5,
        colours: this.colourOf(s),
      });
      this.place(s);
    }
  }

  disconnect(): void {
    this.isConnected = false;
    this.connection++;
    for (const tile of this.tiles) {
      tile.scene?.dispose();
      tile.scene = null;
      tile.boxes = null;
    }
  }

  recolour(): void {
    for (const [s, { boxes, scene }] of this.tiles.entries()) {
      if (!boxes || !scene) continue;
      boxes.colours = this.colourOf(s);
      scene.draw();
    }
  }

  private colourOf(shape: number): Colour {
    return themeColour(this.host, shape === 0 ? '--series-2' : '--series-1');
  }

  /** All shapes turned by these, and mirrored or not. */
  stand(rotations: readonly Matrix3[], mirrored: boolean): void {
    this.mirrored = mirrored;
    for (const [s, tile] of this.tiles.entries()) {
      tile.rotation = rotations[s];
      this.place(s);
    }
    this.moved(null);
  }

  get isMirrored(): boolean {
    return this.mirrored;
  }

  /** Whether each shape stands differently than it is trained. */
  get moves(): readonly boolean[] {
    return this.tiles.map(({ rotation }) => this.mirrored || rotation !== IDENTITY);
  }

  /** Where the points of all shapes are: 8 x 4 x 3; null if they are as in training. */
  get points(): number[] | null {
    if (!this.moves.includes(true)) return null;
    const sign = this.mirrored ? -1 : 1;
    return this.tiles.flatMap(({ rotation: m }, s) => {
      const { points } = tetrisShapes[s];
      const out: number[] = [];
      for (let i = 0; i < 12; i += 3)
        for (let r = 0; r < 3; r++)
          out.push(
            sign * (m[3 * r] * points[i] + m[3 * r + 1] * points[i + 1] + m[3 * r + 2] * points[i + 2]),
          );
      return out;
    });
  }

  show(outputs: Float32Array): void {
    for (const [s, tile] of this.tiles.entries()) {
      const values = outputs.subarray(7 * s, 7 * s + 7);
      const expected = nameOf(s, this.mirrored ? -1 : 1);
      const { text, right } = answerText(values, expected);
      tile.bars.forEach((bar, i) => {
        const height = Math.min(1.2, Math.abs(values[i])) / 1.2;
        bar.style.setProperty('--size', height.toFixed(3));
        bar.classList.toggle('down', values[i] < 0);
      });
      const words = outputNames.map((name, i) => `${name} ${numberText(values[i])}`).join(', ');
      tile.picture.setAttribute('aria-label', `Outputs: ${words}`);
      tile.picture.title = words;
      setText(tile.answer, text);
      tile.answer.classList.toggle('right', right === true);
      tile.answer.classList.toggle('wrong', right === false);
    }
  }

  private place(s: number): void {
    const { boxes, scene, rotation } = this.tiles[s];
    if (!boxes || !scene) return;
    const sign = this.mirrored ? -1 : 1;
    boxes.positions = Float32Array.from(centred(s), (v) => sign * v);
    boxes.rotation = rotation;
    const state = rotation === IDENTITY ? 'as in training' : 'turned';
    const help = this.turnable ? '; drag or use the arrow keys to turn it' : '';
    scene.label = `${shapeNames[s]}: four cubes, ${state}${this.mirrored ? ', mirrored' : ''}${help}`;
    scene.draw();
  }
}

export { IDENTITY };
