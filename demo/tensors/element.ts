import { type GpuContext, Irrep, sphericalHarmonics } from '../../src/index.ts';
import { labelAxes } from '../shared/axes.ts';
import { CodeView } from '../shared/code-view.ts';
import { onThemeChange, themeColour } from '../shared/colours.ts';
import { degreesOf } from '../shared/degrees.ts';
import { kronecker, largestDifference, normOf, times, transposed } from '../shared/dense.ts';
import { whatComputes } from '../shared/device.ts';
import { icosphere } from '../shared/direction-mesh.ts';
import { find, fragment, make, setNumber, setText } from '../shared/dom.ts';
import { ClebschElement } from '../shared/element.ts';
import { flag, numberList, numbers, oneOf, type StateOf, wholeNumber } from '../shared/fields.ts';
import { latest, liveProgram, programText, ShownProgram } from '../shared/live-program.ts';
import { powerOfTen } from '../shared/number-text.ts';
import picturesCss from '../shared/pictures.css?inline';
import { matrixOf, RotationControl } from '../shared/rotation-control.ts';
import { Scene } from '../shared/scene.ts';
import { surfaceOf } from '../shared/surface-object.ts';
import tablesCss from '../shared/tables.css?inline';
import { pythonOf } from './python-text.ts';
import { template } from './template.ts';
import {
  directionalPart,
  type KindName,
  kindNames,
  reduceKind,
  tensorKinds,
  toVoigt,
} from './tensor-kinds.ts';
import { turnedTensor } from './tensor-nodes.ts';
import source from './tensor-nodes.ts?raw';
import { REACH, TensorPicture } from './tensor-picture.ts';
import { CartesianTables, countOf, IrrepsTables, movedOf, stillBlocks } from './tensor-tables.ts';
import styles from './tensors.css?inline';

const fields = {
  kind: oneOf<KindName>('matrix', kindNames),
  example: wholeNumber(0, 0, 9),
  values: numberList(9),
  turn: numbers([0, 0, 0], { digits: 8 }),
  inverted: flag(false),
};
type State = StateOf<typeof fields>;

const surfaceMesh = icosphere(4);
const AXES = 1.7;

/** A geometric tensor, cartesian and as irreps, that the visitor turns and inverts. */
export class TensorsElement extends ClebschElement<State> {
  static override readonly fields = fields;
  static override readonly styles = [tablesCss, picturesCss, styles];

  private gpu: GpuContext | null = null;
  private scene: Scene | null = null;
  private picture: TensorPicture | null = null;
  private readonly program = new ShownProgram();
  private cartesian: CartesianTables | null = null;
  private irreps: IrrepsTables | null = null;
  private ended = new AbortController();
  private statusTimer = 0;
  private readonly control = new RotationControl((patch) => this.set(patch));
  private readonly code = new CodeView();
  private readonly update = latest(() => this.compute());

  protected override render(): void {
    this.view.append(fragment(template));
    find(this.view, '#rotation', HTMLElement).append(this.control.element);
    this.code.element.dataset.controls = 'code';
    find(this.view, '#adapter', HTMLElement).before(this.code.element);
    const kind = find(this.view, '#kind', HTMLSelectElement);
    kind.append(...kindNames.map((name) => new Option(tensorKinds[name].name, name)));
    kind.addEventListener('change', () => this.set({ kind: kind.value as KindName, example: 0, values: [] }));
    const example = find(this.view, '#example', HTMLSelectElement);
    example.addEventListener('change', () => {
      if (example.value !== '') this.set({ example: Number(example.value), values: [] });
    });
  }

  protected override async start(gpu: GpuContext | null): Promise<void> {
    this.gpu = gpu;
    setText(find(this.view, '#adapter', HTMLElement), whatComputes(gpu));
    this.ended = new AbortController();
    const holder = find(this.view, '#picture', HTMLElement);
    const canvas = make('canvas', 'scene');
    holder.replaceChildren(canvas);
    this.scene = new Scene(canvas, gpu, {
      label: '',
      camera: { radius: 1.9 },
      turns: (further) => {
        // Of an inverted tensor the rotation is turned, and it stays inverted.
        this.set({ turn: degreesOf(further(matrixOf({ turn: this.state.turn, inverted: false }))) });
      },
    });
    labelAxes(holder, this.scene, AXES);
    onThemeChange(() => this.repaint(), this.ended.signal);
    this.repaint();
    await this.prepareKind();
  }

  protected override changed(names: ReadonlySet<string>): void {
    if (!this.scene) return;
    const ready = names.has('kind') ? this.prepareKind() : this.update();
    ready.catch((error) => this.fail(error));
  }

  protected override resume(): void {
    void this.update();
  }

  protected override stop(): void {
    clearTimeout(this.statusTimer);
    this.ended.abort();
    this.program.dispose();
    this.scene?.dispose();
    this.scene = null;
    this.picture = null;
  }

  /** The components before the turn: the visitor's, or an example's. */
  private get tensor(): readonly number[] {
    const { size } = reduceKind(this.state.kind);
    if (this.state.values.length === size) return this.state.values;
    const examples = Object.values(tensorKinds[this.state.kind].examples) as (readonly number[])[];
    return examples[this.state.example] ?? examples[0];
  }

  /** Tables and program of another kind of tensor. */
  private async prepareKind(): Promise<void> {
    const name = this.state.kind;
    const kind = reduceKind(name);
    const compact = kind.rank === 4 ? toVoigt : (values: ArrayLike<number>) => Array.from(values);
    this.cartesian = new CartesianTables(kind, compact, (at, text) => this.edit(at, text));
    this.irreps = new IrrepsTables(kind.irreps);
    find(this.view, '#cartesian', HTMLElement).replaceChildren(this.cartesian.element);
    find(this.view, '#irreps', HTMLElement).replaceChildren(this.irreps.element);
    setText(find(this.view, '#irreps-heading', HTMLElement), `As irreps: ${kind.irreps}`);
    const letters =
      kind.formula === 'i' ? `o3.Irreps('${kind.irreps}')` : `CartesianTensor('${kind.formula}')`;
    setText(find(this.view, '#such', HTMLElement), `Such as ${kind.such}. In e3nn: ${letters}.`);
    this.program.retire();
    const program = await liveProgram(this.gpu, turnedTensor(kind, surfaceMesh));
    if (name !== this.state.kind || !this.scene) return program.dispose();
    this.program.replace(program);
    this.code.show([
      {
        name: 'The program',
        code: source,
        note: 'demo/tensors/tensor-nodes.ts: what is computed, as nodes of the engine.',
      },
      programText(program, this.gpu !== null, 'What runs on the GPU at every turn, dispatch by dispatch.'),
      { name: 'e3nn', code: pythonOf(name), note: 'The same numbers in Python.' },
    ]);
    await this.update();
    this.program.drawn();
  }

  private edit(at: number, text: string): string | null {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!Number.isFinite(value) || Math.abs(value) > 1e3) return 'This must be a number from -1000 to 1000.';
    const values = [...this.tensor];
    values[at] = value;
    // A symmetric matrix stays one.
    if (tensorKinds[this.state.kind].formula === 'ij=ji') values[3 * (at % 3) + Math.floor(at / 3)] = value;
    this.set({ values });
    return null;
  }

  private repaint(): void {
    if (!this.scene) return;
    for (const object of [...this.scene.objects]) this.scene.remove(object);
    this.picture = new TensorPicture(this.scene, {
      positive: themeColour(this, '--positive'),
      negative: themeColour(this, '--negative'),
      before: themeColour(this, '--edge'),
      axis: themeColour(this, '--muted'),
    });
    void this.update();
  }

  private async compute(): Promise<void> {
    const { state, tensor } = this;
    const program = this.program.current;
    if (!program || !this.awake) return;
    const name = state.kind;
    const kind = reduceKind(name);
    const matrix = matrixOf(state);
    const index = Irrep.parse(kind.index).D({ matrix });
    const scale = scaleOf(name, tensor);
    const drawn = directionalPart(kind).some((v) => v !== 0);
    const out = await program.compute({
      tensor,
      indices: transposed(kronecker(new Array(kind.rank).fill(index)), kind.size),
      wigner: transposed(kind.irreps.D({ matrix }), kind.irreps.dim),
      ...(drawn && {
        scale: [scale],
        positive: themeColour(this, '--positive'),
        negative: themeColour(this, '--negative'),
      }),
    });
    if (program !== this.program.current) return;
    this.show(out, scale);
  }

  private show(out: Readonly<Record<string, ArrayLike<number>>>, scale: number): void {
    const { state, tensor, picture, scene } = this;
    const program = this.program.current;
    const name = state.kind;
    const kind = reduceKind(name);
    this.control.show(state);
    find(this.view, '#kind', HTMLSelectElement).value = name;
    const examples = Object.keys(tensorKinds[name].examples);
    const own = state.values.length === kind.size;
    const select = find(this.view, '#example', HTMLSelectElement);
    const options = own ? [...examples, 'your own'] : examples;
    if ([...select.options].map(({ text }) => text).join() !== options.join())
      select.replaceChildren(
        ...options.map((text, i) => new Option(text, i < examples.length ? String(i) : '')),
      );
    select.value = own ? '' : String(state.example < examples.length ? state.example : 0);

    this.cartesian!.show(tensor, out.turned);
    this.irreps!.show(out.irreps, out.turnedIrreps);
    const [cartesian, irreps] = [
      countOf(tensor.length, movedOf(tensor, out.turned)),
      countOf(kind.irreps.dim, movedOf(out.irreps, out.turnedIrreps)),
    ];
    const data = (id: string) => find(this.view, `#${id}`, HTMLDataElement);
    setNumber(data('moved-cartesian'), cartesian, `${cartesian} of ${tensor.length}`);
    setNumber(data('moved-irreps'), irreps, `${irreps} of ${kind.irreps.dim}`);
    // In shares of the tensor's length.
    const difference =
      largestDifference(out.irrepsOfTurned, out.turnedIrreps) / Math.max(1e-12, normOf(out.irreps));
    setNumber(data('two-ways'), difference, powerOfTen(difference));
    const still = stillBlocks(out.irreps, out.turnedIrreps, kind.irreps);
    clearTimeout(this.statusTimer);
    this.statusTimer = window.setTimeout(() => {
      setText(
        find(this.view, '#status', HTMLElement),
        cartesian + irreps === 0
          ? 'Nothing has moved. Turn it, or invert it.'
          : `${cartesian} of ${tensor.length} cartesian numbers have moved, and ${irreps} of ${kind.irreps.dim} numbers of the irreps${
              still.length > 0 ? `; ${still.join(', ')} stayed` : ''
            }. Every length stayed.`,
      );
    }, 300);

    if (!picture || !scene || !program) return;
    const surface =
      kind.rank % 2 === 0 && kind.width === 3 ? surfaceOf(program.drawn, surfaceMesh.triangles) : null;
    const note = picture.show(name, {
      before: tensor,
      now: out.turned,
      irreps: out.turnedIrreps,
      scale,
      surface,
    });
    scene.label = `A ${kind.name}, turned. ${note}`;
    setText(find(this.view, '#picture-note', HTMLElement), note);
    scene.draw();
  }
}

/** What makes the largest value of a tensor as long as the picture reaches. */
function scaleOf(name: KindName, tensor: readonly number[]): number {
  const kind = reduceKind(name);
  if (kind.rank % 2 !== 0) return Math.min(0.47, REACH / Math.max(1e-9, Math.hypot(...tensor)));
  const coefficients = times(directionalPart(kind), times(kind.basis, tensor));
  const y = sphericalHarmonics([0, 1, 2, 3, 4], icosphere(2).directions, {
    normalize: false,
    normalization: 'norm',
  });
  let largest = 0;
  for (let at = 0; at < y.length; at += 25)
    largest = Math.max(largest, Math.abs(times(y.subarray(at, at + 25), coefficients)[0]));
  return largest < 1e-9 ? 1 : REACH / largest;
}

customElements.define('clebsch-tensors', TensorsElement);
