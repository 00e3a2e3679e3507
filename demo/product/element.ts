import { type GpuContext, Irrep, type Matrix3, Random, randMatrix } from '../../src/index.ts';
import { axesObject, labelAxes } from '../shared/axes.ts';
import { CodeView } from '../shared/code-view.ts';
import { onThemeChange, themeColour } from '../shared/colours.ts';
import { largestDifference, normOf, times } from '../shared/dense.ts';
import { whatComputes } from '../shared/device.ts';
import { icosphere } from '../shared/direction-mesh.ts';
import { find, fragment, make, setNumber, setText } from '../shared/dom.ts';
import { ClebschElement } from '../shared/element.ts';
import { numbers, oneOf, type StateOf, wholeNumber } from '../shared/fields.ts';
import { scrolling } from '../shared/heat-table.ts';
import { type LiveProgram, latest, liveProgram, programText } from '../shared/live-program.ts';
import { decimals, powerOfTen } from '../shared/number-text.ts';
import picturesCss from '../shared/pictures.css?inline';
import { type Instances, Scene } from '../shared/scene.ts';
import { surfaceOf } from '../shared/surface-object.ts';
import tablesCss from '../shared/tables.css?inline';
import { PathPanel } from './path-panel.ts';
import { PathsTable } from './paths-table.ts';
import styles from './product.css?inline';
import { vectorProduct } from './product-nodes.ts';
import source from './product-nodes.ts?raw';
import { template } from './template.ts';
import { Tip } from './tip.ts';
import { vectorPaths } from './vector-paths.ts';

const LMAX = 6;
const irreps = [...Irrep.iterator(LMAX)].map(String).sort();

const fields = {
  a: numbers([1, 0, 0]),
  b: numbers([1, 1, 0]),
  ir1: oneOf<string>('1o', irreps, { key: 'ir1' }),
  ir2: oneOf<string>('1o', irreps, { key: 'ir2' }),
  ir3: oneOf<string>('1e', irreps, { key: 'ir3' }),
  rotation: wholeNumber(1, 0, 9999),
};
type State = StateOf<typeof fields>;
type Vector = readonly number[];

const mesh = icosphere(4);
const AXES = 1.6;
/** Vectors stay inside the picture. */
const LONGEST = 1.7;
const identity: Matrix3 = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** The product of two vectors in all its parts, and the coefficients of any path with the code that was made of them. */
export class ProductElement extends ClebschElement<State> {
  static override readonly fields = fields;
  static override readonly styles = [tablesCss, picturesCss, styles];

  private gpu: GpuContext | null = null;
  private scene: Scene | null = null;
  private arrows: Instances | null = null;
  private tips: readonly [Tip, Tip] | null = null;
  private vectors: LiveProgram | null = null;
  private ended = new AbortController();
  private statusTimer = 0;
  private readonly table = new PathsTable();
  private readonly path = new PathPanel(this.view);
  private readonly code = new CodeView();
  private readonly update = latest(() => this.compute());

  protected override render(): void {
    this.view.append(fragment(template));
    find(this.view, '#paths', HTMLElement).append(scrolling('The product, path by path', this.table.element));
    this.code.element.dataset.controls = 'code';
    find(this.view, '#adapter', HTMLElement).before(this.code.element);
    for (const name of ['a', 'b'] as const)
      for (const [i, axis] of [...'xyz'].entries()) {
        const input = find(this.view, `#${name}${axis}`, HTMLInputElement);
        input.addEventListener('change', () => {
          const value = input.value.trim() === '' ? Number.NaN : Number(input.value);
          const problem =
            Math.abs(value) <= LONGEST ? '' : `This must be a number from -${LONGEST} to ${LONGEST}.`;
          input.setCustomValidity(problem);
          if (problem) input.reportValidity();
          else this.set({ [name]: this.state[name].map((v, k) => (k === i ? value : v)) });
        });
      }
    for (const name of ['ir1', 'ir2', 'ir3'] as const) {
      const select = find(this.view, `#${name}`, HTMLSelectElement);
      select.append(...irreps.map((ir) => new Option(ir)));
      select.addEventListener('change', () => this.set({ [name]: select.value }));
    }
    find(this.view, '#another', HTMLButtonElement).addEventListener('click', () =>
      this.set({ rotation: (this.state.rotation + 1) % 10_000 }),
    );
    this.showState();
  }

  protected override async start(gpu: GpuContext | null): Promise<void> {
    this.gpu = gpu;
    setText(find(this.view, '#adapter', HTMLElement), whatComputes(gpu));
    this.ended = new AbortController();
    const picture = find(this.view, '#picture', HTMLElement);
    const canvas = make('canvas', 'scene');
    const scene = new Scene(canvas, gpu, {
      label: '',
      camera: { radius: 1.8 },
      turns: (further) => {
        const matrix = further(identity);
        this.set({ a: rounded(times(matrix, this.state.a)), b: rounded(times(matrix, this.state.b)) });
      },
    });
    this.scene = scene;
    const tip = (name: 'a' | 'b') =>
      new Tip(scene, name, (to) => {
        this.set({ [name]: rounded(shortened(to)) });
        return this.state[name];
      });
    this.tips = [tip('a'), tip('b')];
    picture.replaceChildren(canvas, ...this.tips.map(({ element }) => element));
    labelAxes(picture, scene, AXES);
    onThemeChange(() => this.repaint(), this.ended.signal);
    const vectors = await liveProgram(gpu, vectorProduct(mesh));
    if (this.scene !== scene) return vectors.dispose();
    this.vectors = vectors;
    this.repaint();
    this.code.show([
      {
        name: 'The programs',
        code: source,
        note: 'demo/product/product-nodes.ts: what is computed, as nodes of the engine.',
      },
      programText(
        vectors,
        gpu !== null,
        'What runs on the GPU whenever a or b moves.',
        'WGSL of two vectors',
      ),
      {
        name: 'e3nn',
        note: 'The same numbers in Python.',
        code: `from e3nn import o3

tp = o3.FullTensorProduct('1o', '1o')     # 1x0e+1x1e+1x2e
tp(a, b)                                  # the nine numbers
o3.wigner_3j(1, 1, 1)                     # the coefficients of one path
o3.TensorProduct('1o', '1o', '1e', [(0, 0, 0, 'uuu', False)])(a, b)`,
      },
    ]);
    await this.preparePath();
  }

  protected override changed(names: ReadonlySet<string>): void {
    if (!this.scene) return;
    const another = names.has('ir1') || names.has('ir2') || names.has('ir3');
    (another ? this.preparePath() : this.update()).catch((error) => this.fail(error));
  }

  protected override resume(): void {
    void this.update();
  }

  protected override stop(): void {
    clearTimeout(this.statusTimer);
    this.ended.abort();
    for (const part of [this.vectors, this.path, this.scene]) part?.dispose();
    this.vectors = null;
    this.scene = null;
    this.tips = null;
  }

  private repaint(): void {
    const { scene, vectors } = this;
    if (!scene || !vectors) return;
    for (const object of [...scene.objects]) scene.remove(object);
    scene.add(axesObject(AXES, themeColour(this, '--muted')));
    const colours = (['--series-1', '--series-2', '--series-3'] as const).flatMap((name) => {
      const [r, g, b] = themeColour(this, name);
      return [r, g, b, 1];
    });
    this.arrows = scene.add({
      form: 'arrow',
      positions: new Float32Array(9),
      vectors: this.arrowEnds(),
      sizes: 0.04,
      colours: new Float32Array(colours),
    });
    scene.add(surfaceOf(vectors.drawn, mesh.triangles));
    void this.update();
  }

  private async preparePath(): Promise<void> {
    const { ir1, ir2, ir3 } = this.state;
    await this.path.prepare(this.gpu, [ir1, ir2, ir3]);
    await this.update();
  }

  private async compute(): Promise<void> {
    const { vectors, state, scene } = this;
    if (!vectors || !scene || !this.awake) return;
    const { a, b } = state;
    const random = new Random(state.rotation);
    // Every second rotation with inversion.
    const matrix = randMatrix(random).map((v) => (state.rotation % 2 === 0 ? -v : v));
    const out = await vectors.compute({
      x: a,
      y: b,
      turnedX: times(matrix, a),
      turnedY: times(matrix, b),
      scale: [0.6],
      positive: themeColour(this, '--positive'),
      negative: themeColour(this, '--negative'),
    });
    if (vectors !== this.vectors) return;
    this.showVectors(out.product);
    const parts = vectorPaths.map(({ irrep, start, end }) =>
      Array.from(times(Irrep.parse(irrep).D({ matrix }), Array.from(out.product).slice(start, end))),
    );
    const error = largestDifference(parts.flat(), out.productOfTurned);
    setNumber(find(this.view, '#vectors-error', HTMLDataElement), error, powerOfTen(error));
    await this.path.compute(matrix, random);
  }

  /** Of a, b and a x b. */
  private arrowEnds(): Float32Array {
    const { a, b } = this.state;
    return new Float32Array([...a, ...b, ...vectorPaths[1].textbook(a, b)]);
  }

  /** What the visitor has chosen, in the controls. */
  private showState(): void {
    const { a, b, rotation } = this.state;
    for (const [name, vector] of Object.entries({ a, b }))
      for (const [i, axis] of [...'xyz'].entries()) {
        const input = find(this.view, `#${name}${axis}`, HTMLInputElement);
        if (input.value === '' || Number(input.value) !== vector[i]) input.value = String(vector[i]);
      }
    for (const name of ['ir1', 'ir2', 'ir3'] as const)
      find(this.view, `#${name}`, HTMLSelectElement).value = this.state[name];
    setNumber(find(this.view, '#rotation', HTMLDataElement), rotation, String(rotation));
  }

  private showVectors(product: ArrayLike<number>): void {
    const { a, b } = this.state;
    const cross = vectorPaths[1].textbook(a, b);
    this.showState();
    this.table.show(product, a, b);
    if (this.arrows) this.arrows.vectors = this.arrowEnds();
    this.tips?.[0].show(a);
    this.tips?.[1].show(b);
    const [squares, lengths] = [normOf(product) ** 2, (normOf(a) * normOf(b)) ** 2];
    setNumber(find(this.view, '#squares', HTMLDataElement), squares, decimals(squares, 4));
    setNumber(find(this.view, '#lengths', HTMLDataElement), lengths, decimals(lengths, 4));
    const [dot] = vectorPaths[0].textbook(a, b);
    const sentence = `a · b = ${decimals(dot, 3)}, a × b = (${cross.map((v) => decimals(v, 3)).join(', ')}).`;
    clearTimeout(this.statusTimer);
    this.statusTimer = window.setTimeout(() => {
      setText(find(this.view, '#status', HTMLElement), sentence);
    }, 300);
    if (!this.scene) return;
    this.scene.label = `The vectors a and b, their cross product, and the surface of the part of degree 2. ${sentence}`;
    this.scene.draw();
  }
}

function rounded(vector: ArrayLike<number>): Vector {
  return Array.from(vector, (v) => Math.round(v * 1e4) / 1e4 + 0);
}

function shortened(vector: Vector): Vector {
  const length = Math.hypot(...vector);
  return length > LONGEST ? vector.map((v) => (v * LONGEST) / length) : vector;
}

customElements.define('clebsch-product', ProductElement);
