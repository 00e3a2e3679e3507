import { type GpuContext, Random, wignerDFromMatrix } from '../../src/index.ts';
import { axesObject, labelAxes } from '../shared/axes.ts';
import { CodeView } from '../shared/code-view.ts';
import { onThemeChange, themeColour } from '../shared/colours.ts';
import { degreesOf } from '../shared/degrees.ts';
import { normOf, transposed } from '../shared/dense.ts';
import { whatComputes } from '../shared/device.ts';
import { icosphere } from '../shared/direction-mesh.ts';
import { find, fragment, make, setNumber, setText } from '../shared/dom.ts';
import { ClebschElement } from '../shared/element.ts';
import { flag, numberList, numbers, type StateOf, wholeNumber } from '../shared/fields.ts';
import { HeatTable, scrolling } from '../shared/heat-table.ts';
import { latest, liveProgram, programText, ShownProgram } from '../shared/live-program.ts';
import { decimals, powerOfTen } from '../shared/number-text.ts';
import picturesCss from '../shared/pictures.css?inline';
import { matrixOf, RotationControl } from '../shared/rotation-control.ts';
import { Scene } from '../shared/scene.ts';
import { surfaceOf } from '../shared/surface-object.ts';
import tablesCss from '../shared/tables.css?inline';
import { Gallery } from './gallery.ts';
import styles from './harmonics.css?inline';
import { LMAX, turnedFunction } from './harmonics-nodes.ts';
import source from './harmonics-nodes.ts?raw';
import { hasMixture, mixture, mixtureNames } from './mixtures.ts';
import { template } from './template.ts';
import { WignerTable } from './wigner-table.ts';

const fields = {
  l: wholeNumber(2, 0, LMAX),
  c: numberList(2 * LMAX + 1),
  turn: numbers([30, 40, 20], { digits: 8 }),
  inverted: flag(false),
};
type State = StateOf<typeof fields>;

const surfaceMesh = icosphere(4);
const probes = icosphere(2);
const AXES = 1.2;
const degrees = Array.from({ length: LMAX + 1 }, (_, l) => l);
const signed = (m: number) => decimals(m, 0);

/** Spherical harmonics up to l = 6: a mixture of one degree that the visitor turns, and the matrix by which it mixes. */
export class HarmonicsElement extends ClebschElement<State> {
  static override readonly fields = fields;
  static override readonly styles = [tablesCss, picturesCss, styles];

  private gpu: GpuContext | null = null;
  private scene: Scene | null = null;
  private gallery: Gallery | null = null;
  private readonly program = new ShownProgram();
  private table: WignerTable | null = null;
  private readonly shares = new HeatTable(
    'Share of each degree in the turned function',
    ['share'],
    degrees.map((l) => `l = ${l}`),
  );
  private readonly buttons = new Map<string, HTMLButtonElement>();
  private ended = new AbortController();
  private statusTimer = 0;
  private readonly control = new RotationControl((patch) => this.set(patch));
  private readonly code = new CodeView();
  private readonly update = latest(() => this.compute());

  protected override render(): void {
    this.view.append(fragment(template));
    find(this.view, '#rotation', HTMLElement).append(this.control.element);
    find(this.view, '#shares', HTMLElement).append(scrolling('Shares of the degrees', this.shares.element));
    this.code.element.dataset.controls = 'code';
    find(this.view, '#adapter', HTMLElement).before(this.code.element);
    const all = find(this.view, '.all', HTMLElement);
    for (const l of degrees)
      for (let m = -l; m <= l; m++) {
        const button = make('button', 'cell');
        button.type = 'button';
        button.ariaLabel = `l = ${l}, m = ${signed(m)}`;
        button.title = button.ariaLabel;
        button.style.gridRow = String(l + 1);
        button.style.gridColumn = String(LMAX + 1 + m);
        button.addEventListener('click', () => this.set({ l, c: mixture('one m', l, m) }));
        this.buttons.set(`${l} ${m}`, button);
        all.append(button);
      }
    const degree = find(this.view, '#l', HTMLSelectElement);
    degree.append(...degrees.map((l) => new Option(String(l))));
    degree.addEventListener('change', () => this.set({ l: Number(degree.value), c: [] }));
    const choice = find(this.view, '#function', HTMLSelectElement);
    choice.addEventListener('change', () => {
      const c = this.choices().get(choice.value);
      if (c) this.set({ c });
    });
    const random = new Random(1);
    find(this.view, '#mix', HTMLButtonElement).addEventListener('click', () => {
      const c = random.normals(2 * this.state.l + 1);
      const length = normOf(c);
      this.set({ c: Array.from(c, (v) => Number((v / length).toFixed(3))) });
    });
    this.control.show(this.state);
    this.showChoice();
  }

  protected override async start(gpu: GpuContext | null): Promise<void> {
    this.gpu = gpu;
    setText(find(this.view, '#adapter', HTMLElement), whatComputes(gpu));
    this.ended = new AbortController();
    const picture = find(this.view, '#picture', HTMLElement);
    const canvas = make('canvas', 'scene');
    picture.replaceChildren(canvas);
    this.scene = new Scene(canvas, gpu, {
      label: '',
      camera: { radius: 1.3 },
      turns: (further) =>
        this.set({ turn: degreesOf(further(matrixOf({ turn: this.state.turn, inverted: false }))) }),
    });
    labelAxes(picture, this.scene, AXES);
    onThemeChange(() => void this.repaint().catch((error) => this.fail(error)), this.ended.signal);
    const small = make('canvas', 'scene');
    find(this.view, '#all-canvas', HTMLElement).replaceChildren(small);
    const region = find(this.view, '#all-region', HTMLElement);
    region.scrollLeft = (region.scrollWidth - region.clientWidth) / 2;
    this.gallery = await Gallery.on(small, gpu, this.paint);
    await this.prepareDegree();
  }

  protected override changed(names: ReadonlySet<string>): void {
    if (!this.scene) return;
    const done = names.has('l') ? this.prepareDegree() : this.update();
    done.catch((error) => this.fail(error));
  }

  protected override resume(): void {
    void this.update();
  }

  protected override stop(): void {
    clearTimeout(this.statusTimer);
    this.ended.abort();
    for (const part of [this.program, this.scene, this.gallery]) part?.dispose();
    this.scene = null;
    this.gallery = null;
  }

  /** The coefficients, or the harmonic m = 0 where the list is not of this degree. */
  private get coefficients(): readonly number[] {
    const { l, c } = this.state;
    return c.length === 2 * l + 1 ? c : mixture('zonal', l, 0);
  }

  /** What the second list offers: names and their coefficients. */
  private choices(): Map<string, number[]> {
    const { l } = this.state;
    const found = new Map<string, number[]>();
    for (let m = -l; m <= l; m++) found.set(`m = ${signed(m)}`, mixture('one m', l, m));
    for (const name of mixtureNames)
      if (name !== 'one m' && name !== 'zonal' && hasMixture(name, l)) found.set(name, mixture(name, l, 0));
    return found;
  }

  private get paint() {
    return { positive: themeColour(this, '--positive'), negative: themeColour(this, '--negative') };
  }

  private async repaint(): Promise<void> {
    await this.gallery?.repaint(this.paint);
    await this.update();
  }

  /** Program and table of another degree. */
  private async prepareDegree(): Promise<void> {
    const { l } = this.state;
    this.table = new WignerTable(l, (m, text) => this.edit(m, text));
    find(this.view, '#wigner', HTMLElement).replaceChildren(
      scrolling('The coefficients and the Wigner matrix', this.table.element),
    );
    setText(
      find(this.view, '#wigner-heading', HTMLElement),
      `The Wigner matrix of l = ${l}: ${2 * l + 1} × ${2 * l + 1}`,
    );
    this.program.retire();
    const program = await liveProgram(this.gpu, turnedFunction(l, surfaceMesh, probes));
    if (l !== this.state.l || !this.scene) return program.dispose();
    this.program.replace(program);
    for (const object of [...this.scene.objects]) this.scene.remove(object);
    this.scene.add(axesObject(AXES, themeColour(this, '--muted')));
    this.scene.add(surfaceOf(program.drawn, surfaceMesh.triangles));
    this.code.show([
      {
        name: 'The program',
        code: source,
        note: 'demo/harmonics/harmonics-nodes.ts: what is computed, as nodes of the engine.',
      },
      programText(
        program,
        this.gpu !== null,
        `What runs on the GPU at every turn, dispatch by dispatch; the harmonics of l = ${l} are written out.`,
      ),
      {
        name: 'e3nn',
        note: 'The same numbers in Python.',
        code: `from e3nn import o3

R = o3.angles_to_matrix(alpha, beta, gamma)
D = o3.wigner_D(${l}, alpha, beta, gamma)
Y = lambda x: o3.spherical_harmonics(${l}, x, normalize=True, normalization='norm')
assert torch.allclose(Y(x @ R.T), Y(x) @ D.T, atol=1e-5)`,
      },
    ]);
    await this.update();
    this.program.drawn();
  }

  private edit(m: number, text: string): string | null {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!(Math.abs(value) <= 10)) return 'This must be a number from -10 to 10.';
    const c = [...this.coefficients];
    c[m + this.state.l] = value;
    this.set({ c });
    return null;
  }

  private async compute(): Promise<void> {
    const { table, state, coefficients } = this;
    const program = this.program.current;
    if (!program || !table || !this.awake) return;
    const { l } = state;
    if (table.l !== l) return;
    const rotation = matrixOf(state);
    const D = wignerDFromMatrix(l, rotation, l % 2 === 0 ? 1 : -1);
    const out = await program.compute({
      coefficients,
      rotation,
      rotationT: transposed(rotation, 3),
      wignerRows: D,
      wignerT: transposed(D, 2 * l + 1),
      ...this.paint,
    });
    if (program !== this.program.current) return;
    this.scene?.draw();
    this.control.show(state);
    table.show(coefficients, D, out.turned);
    this.showChoice();
    this.showErrors(out);
  }

  private showChoice(): void {
    const { coefficients } = this;
    const { l } = this.state;
    find(this.view, '#l', HTMLSelectElement).value = String(l);
    const choices = this.choices();
    const text = coefficients.join();
    const same = (c: readonly number[]) => c.every((v, i) => Math.abs(v - coefficients[i]) < 1e-5);
    const name = [...choices].find(([, c]) => same(c))?.[0] ?? 'your own';
    const select = find(this.view, '#function', HTMLSelectElement);
    const options = name === 'your own' ? [...choices.keys(), name] : [...choices.keys()];
    if ([...select.options].map((option) => option.text).join() !== options.join())
      select.replaceChildren(...options.map((option) => new Option(option)));
    select.value = name;
    for (const [key, button] of this.buttons) {
      const [own, m] = key.split(' ').map(Number);
      button.classList.toggle('row', own === l);
      const chosen = own === l && same(mixture('one m', l, m)) && text !== '';
      button.setAttribute('aria-pressed', String(chosen));
    }
    if (this.scene)
      this.scene.label = `A function of degree l = ${l}, ${name}, turned: the radius is its size, blue where it is positive, orange where it is negative`;
  }

  private showErrors({
    turned,
    projected,
    difference,
    gram,
  }: Readonly<Record<string, ArrayLike<number>>>): void {
    const { l } = this.state;
    const dim = 2 * l + 1;
    const data = (id: string) => find(this.view, `#${id}`, HTMLDataElement);
    const lengths = [normOf(this.coefficients), normOf(turned)];
    setNumber(data('length-before'), lengths[0], decimals(lengths[0], 4));
    setNumber(data('length-after'), lengths[1], decimals(lengths[1], 4));
    const powers = degrees.map((k) => normOf(projected, k * k, (k + 1) ** 2) ** 2);
    const total = powers.reduce((sum, power) => sum + power, 0) || 1;
    this.shares.show(
      powers.map((power) => power / total),
      1,
      4,
    );
    const errors = {
      outside: Math.max(
        ...Array.from(projected, (v, i) => (i >= l * l && i < (l + 1) ** 2 ? 0 : Math.abs(v))),
      ),
      orthogonality: Math.max(...Array.from(gram, (v, i) => Math.abs(v - (i % (dim + 1) === 0 ? 1 : 0)))),
      difference: Math.max(...Array.from(difference, Math.abs)),
    };
    for (const [id, error] of Object.entries(errors)) setNumber(data(id), error, powerOfTen(error));
    clearTimeout(this.statusTimer);
    this.statusTimer = window.setTimeout(() => {
      const many = Array.from(turned).filter((v) => Math.abs(v) > 1e-5 * lengths[1]).length;
      setText(
        find(this.view, '#status', HTMLElement),
        `Turned, the function is made of ${many} of the ${dim} harmonics of l = ${l}, and of no others; its length is ${decimals(lengths[1], 4)} as before.`,
      );
    }, 300);
  }
}

customElements.define('clebsch-harmonics', HarmonicsElement);
