import { type GpuContext, Layout, type Matrix3, packIndexMap, Random, randMatrix } from '../../src/index.ts';
import { CodeView } from '../shared/code-view.ts';
import { onThemeChange } from '../shared/colours.ts';
import { degreesOf, matrixOfDegrees } from '../shared/degrees.ts';
import { whatComputes } from '../shared/device.ts';
import { find, fragment, make, nextFrame, setNumber, setText } from '../shared/dom.ts';
import { ClebschElement } from '../shared/element.ts';
import chartCss from '../shared/line-chart.css?inline';
import { latest } from '../shared/live-program.ts';
import picturesCss from '../shared/pictures.css?inline';
import { Scene, type SceneOptions } from '../shared/scene.ts';
import { lostSoon, type StatefulProgram } from '../shared/stateful-program.ts';
import tablesCss from '../shared/tables.css?inline';
import { cloud, cloudFeatures, neighbourhoods, POINTS } from './cloud.ts';
import { CloudView } from './cloud-view.ts';
import { showState } from './controls.ts';
import css from './convolution.css?inline';
import { EquivarianceView } from './equivariance-view.ts';
import { fields, type State } from './fields.ts';
import { FilterView, planeGrid, radialChart, unitFeatures } from './filter-view.ts';
import { irrepsIn, type PathConvolution } from './layer.ts';
import { Operations } from './operations.ts';
import { ConvolutionPrograms } from './programs.ts';
import { template } from './template.ts';

/** How long training may hold up a frame, and how often pictures follow it, in milliseconds. */
const FRAME_BUDGET = 12;
const PICTURE_EVERY = 150;

/** The loss of a batch below which `trained` is told. */
const SOLVED = 0.01;

interface Live {
  readonly programs: ConvolutionPrograms;
  readonly training: StatefulProgram;
  readonly picture: StatefulProgram;
  readonly radial: StatefulProgram;
  readonly slice: StatefulProgram;
  readonly filterView: FilterView;
  readonly positions: Float64Array;
}

/** A convolution on points, path by path; and every operation before and after a turn. */
export class ConvolutionElement extends ClebschElement<State> {
  static override readonly fields = fields;
  static override readonly styles = [chartCss, tablesCss, picturesCss, css];
  private gpu: GpuContext | null = null;
  private live: Live | null = null;
  private operations: Operations | null = null;
  private cloudView: CloudView | null = null;
  private sides: EquivarianceView | null = null;
  private scenes: Scene[] = [];
  private playing = false;
  private looping = false;
  private toldSolved = false;
  private saved: { steps: number; states: Record<string, ArrayLike<number>> } | null = null;
  private readonly code = new CodeView();
  private readonly adapter = make('p', 'note adapter');
  private themes = new AbortController();
  private making: Promise<void> = Promise.resolve();
  private readonly drawFilter = latest(() => this.computeFilter());
  private readonly drawTurn = latest(() => this.computeTurn());
  private turns = 0;

  protected override render(): void {
    this.view.append(fragment(template), this.code.element, this.adapter);
    this.code.element.dataset.controls = 'code';
    const on = (selector: string, act: () => void) =>
      find(this.view, selector, HTMLButtonElement).addEventListener('click', act);
    on('.play', () => this.play(!this.playing));
    on('.one-step', () => {
      this.play(false);
      void this.step()
        .then(() => this.keep())
        .then(() => this.showFilter());
    });
    on('.reset', () => this.again());
    on('.build', () => void this.build());
    on('.random', () => {
      const rotation = randMatrix(new Random(this.state.seed * 1000 + ++this.turns));
      this.set({ rotate: degreesOf(rotation) });
    });
    find(this.view, '.invert', HTMLInputElement).addEventListener('change', (event) =>
      this.set({ invert: (event.target as HTMLInputElement).checked }),
    );
    for (const slider of this.view.querySelectorAll<HTMLInputElement>('.angle'))
      slider.addEventListener('input', () => {
        const rotate = [...this.state.rotate];
        rotate[Number(slider.dataset.angle)] = Number(slider.value);
        this.set({ rotate });
      });
    this.bindControls();
    showState(this.view, this.state);
  }

  protected override async start(gpu: GpuContext | null): Promise<void> {
    this.gpu = gpu;
    setText(this.adapter, whatComputes(gpu));
    const scene = (selector: string, radius: number, turns: SceneOptions['turns'], label: string) => {
      const made = new Scene(find(this.view, selector, HTMLCanvasElement), gpu, {
        label,
        camera: { radius },
        turns,
      });
      this.scenes.push(made);
      return made;
    };
    this.cloudView = new CloudView(
      this,
      this.view,
      scene('.cloud', 2.6, 'camera', 'Points, messages and their sum'),
    );
    const turn = (further: (rotation: Matrix3) => Matrix3) =>
      this.set({ rotate: degreesOf(further(matrixOfDegrees(this.state.rotate))) });
    this.sides = new EquivarianceView(this, this.view, [
      scene('.before', 2.9, turn, 'First turned, then computed'),
      scene('.after', 2.9, turn, 'First computed, then turned'),
    ]);
    this.themes = new AbortController();
    onThemeChange(() => void this.showAll(), this.themes.signal);
    await this.remake();
  }

  protected override changed(names: ReadonlySet<keyof State & string>): void {
    showState(this.view, this.state);
    if (!this.cloudView) return;
    const has = (...wanted: (keyof State & string)[]) => wanted.some((name) => names.has(name));
    if (has('seed', 'learningRate', 'radius', 'part')) this.again();
    else if (has('path', 'from', 'to', 'plane', 'centre', 'added')) void this.showFilter();
    if (has('rotate', 'invert', 'operation')) void this.showTurn();
  }

  protected override resume(): void {
    if (this.playing) void this.loop();
  }

  protected override stop(): void {
    this.themes.abort();
    this.forget();
    for (const scene of this.scenes) scene.dispose();
    this.scenes = [];
    this.cloudView = null;
    this.sides = null;
  }

  private forget(): void {
    this.live?.programs.dispose();
    this.live?.filterView.dispose();
    this.operations?.dispose();
    this.live = null;
    this.operations = null;
  }

  // ---- training ----

  private again(): void {
    this.saved = null;
    this.play(false);
    this.making = this.making.then(() => this.remake()).catch((error) => this.fail(error));
  }

  private async remake(): Promise<void> {
    const { seed, learningRate, radius, part } = this.state;
    const { cloudView } = this;
    if (!cloudView) return;
    this.buttons(false);
    this.forget();
    if (part !== 'equivariance') {
      const programs = new ConvolutionPrograms(this.gpu, { seed, learningRate, radius, points: POINTS });
      // One after the other, so that the page breathes in between.
      const training = await programs.training();
      const picture = await programs.picture();
      const radial = await programs.radial();
      const slice = await programs.slice();
      // Charts load after the page has been laid out.
      const { LineChart } = await import('../shared/line-chart.ts');
      if (cloudView !== this.cloudView) return programs.dispose(); // stopped meanwhile
      const chart = new LineChart(find(this.view, '.radial', HTMLElement), radialChart(programs.layer));
      const filterView = new FilterView(this, this.view, chart);
      const positions = cloud(seed);
      const { src, dst } = neighbourhoods(positions, radius);
      const capacity = POINTS * (POINTS - 1);
      picture.write({
        pos: positions,
        x: Layout.of(irrepsIn).pack(cloudFeatures(seed, irrepsIn)),
        src: packIndexMap(src, capacity, POINTS),
        dst: packIndexMap(dst, capacity, POINTS),
      });
      this.live = { programs, training, picture, radial, slice, filterView, positions };
      if (this.saved) {
        training.write(this.saved.states);
        programs.steps = this.saved.steps;
      }
      this.toldSolved = false;
      this.loss(null);
      // Texts to read load after what they are about.
      void import('./code.ts').then(({ codeTexts }) =>
        this.code.show(codeTexts(programs.printed, training.shaders())),
      );
    }
    if (part !== 'filter') {
      const operations = await Operations.create(this.gpu, seed);
      if (cloudView !== this.cloudView) return operations.dispose();
      this.operations = operations;
    }
    await this.showAll();
    this.buttons(true);
    if (this.playing) void this.loop();
  }

  private play(on: boolean): void {
    this.playing = on;
    find(this.view, '.play', HTMLButtonElement).textContent = on ? 'Pause' : 'Train';
    if (on) void this.loop();
  }

  private buttons(on: boolean): void {
    for (const name of ['play', 'one-step', 'reset'])
      find(this.view, `.${name}`, HTMLButtonElement).disabled = !on;
  }

  private async loop(): Promise<void> {
    if (this.looping) return;
    this.looping = true;
    try {
      let drawn = 0;
      while (this.playing && this.awake && this.live) {
        const began = performance.now();
        do await this.step();
        while (this.gpu && this.playing && this.live && performance.now() - began < FRAME_BUDGET);
        if (performance.now() - drawn > PICTURE_EVERY) {
          await this.showFilter();
          drawn = performance.now();
        }
        await nextFrame();
      }
      if (!this.playing) await this.keep();
    } catch (error) {
      // After a loss `start` goes on with the training.
      if (await lostSoon(this.gpu)) return;
      this.play(false);
      this.fail(error as Error);
    } finally {
      this.looping = false;
    }
    await this.showFilter();
  }

  private async step(): Promise<void> {
    const { live } = this;
    if (!live) return;
    const loss = await live.programs.step(live.training).catch((error) => {
      if (live === this.live) throw error;
      return null; // it was disposed of meanwhile
    });
    if (loss === null || live !== this.live) return;
    const { steps } = live.programs;
    this.loss(loss);
    this.emit('step', { step: steps, loss });
    if (steps % 50 === 0) await this.keep();
    if (loss < SOLVED && !this.toldSolved) {
      this.toldSolved = true;
      this.emit('trained', { step: steps, loss });
    }
  }

  /** What was learned so far, to go on from after the loss of a device. */
  private async keep(): Promise<void> {
    const { live } = this;
    if (!live) return;
    const { steps } = live.programs;
    const states = await live.training.snapshot();
    if (live === this.live) this.saved = { steps, states };
  }

  private loss(loss: number | null): void {
    const steps = this.live?.programs.steps ?? 0;
    setNumber(find(this.view, '.steps', HTMLDataElement), steps, String(steps));
    setNumber(find(this.view, '.loss', HTMLDataElement), loss, loss === null ? '–' : loss.toPrecision(3));
  }

  // ---- pictures ----

  private async showAll(): Promise<void> {
    await this.showFilter();
    await this.showTurn();
  }

  /** The chosen path: messages, radial functions, slice. */
  private showFilter(): Promise<void> {
    return this.drawFilter().catch((error) => this.fail(error));
  }

  private async computeFilter(): Promise<void> {
    const { live, state } = this;
    if (!live) return;
    const { programs, filterView, positions } = live;
    const { path, plane, radius } = state;
    const { layer } = programs;
    const [from, to] = this.components(layer);
    live.slice.write({
      grid: planeGrid(plane, radius),
      x: Layout.of(irrepsIn).pack(unitFeatures(layer, path, from)),
    });
    const [{ messages, sums }, { functions }, { values }] = await Promise.all([
      live.picture.run(),
      live.radial.run(),
      live.slice.run(),
    ]).catch((error) => {
      if (live === this.live) throw error;
      return [{}, {}, {}] as Record<string, ArrayLike<number>>[];
    });
    if (live !== this.live) return;
    this.cloudView?.show(layer, positions, state, messages, sums);
    filterView.radial(layer, path, programs.radii(), functions, radius);
    filterView.slice(layer, path, from, to, plane, values);
  }

  private showTurn(): Promise<void> {
    return this.drawTurn().catch((error) => this.fail(error));
  }

  private async computeTurn(): Promise<void> {
    const { operations } = this;
    if (!operations) return;
    const sign = this.state.invert ? -1 : 1;
    const matrix = matrixOfDegrees(this.state.rotate).map((v) => sign * v);
    const compared = await operations.compare(matrix).catch((error) => {
      if (operations === this.operations) throw error;
      return null;
    });
    if (compared && operations === this.operations)
      this.sides?.show(compared, this.state.operation, operations.positions, matrix);
  }

  /** Adds the neighbours one by one. */
  private async build(): Promise<void> {
    const { live, state } = this;
    if (!live) return;
    const count = neighbourhoods(live.positions, state.radius).of(state.centre).length;
    for (let added = 0; added <= count && live === this.live; added++) {
      this.set({ added });
      await new Promise((later) => setTimeout(later, 400));
    }
  }

  /** The components of the path that are drawn: those asked for, or the last that it has. */
  private components(layer: PathConvolution): [number, number] {
    const { instruction } = layer.paths[this.state.path];
    const [a, c] = [irrepsIn.blocks[instruction.in1], layer.tp.layoutOut.blocks[instruction.out]];
    return [Math.min(this.state.from, a.ir.dim - 1), Math.min(this.state.to, c.ir.dim - 1)];
  }
}

customElements.define('clebsch-convolution', ConvolutionElement);
