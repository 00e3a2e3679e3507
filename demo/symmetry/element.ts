import type { GpuContext } from '../../src/index.ts';
import { CodeView } from '../shared/code-view.ts';
import { onThemeChange } from '../shared/colours.ts';
import { whatComputes } from '../shared/device.ts';
import { find, fragment, make, nextFrame, setText } from '../shared/dom.ts';
import { ClebschElement } from '../shared/element.ts';
import chartCss from '../shared/line-chart.css?inline';
import { figures } from '../shared/number-text.ts';
import picturesCss from '../shared/pictures.css?inline';
import { Scene } from '../shared/scene.ts';
import { lostSoon } from '../shared/stateful-program.ts';
import tablesCss from '../shared/tables.css?inline';
import { fields, type State } from './fields.ts';
import {
  Lesson,
  quarterTurned,
  type Saved,
  SOLVED,
  type TaskName,
  type TaskResult,
  taskNames,
} from './lesson.ts';
import { SiteView } from './site-view.ts';
import { lossChart, SquareView, verdictOf } from './square-view.ts';
import css from './symmetry.css?inline';
import { template } from './template.ts';

/** How long training may hold up a frame, in milliseconds. */
const FRAME_BUDGET = 12;

/** Networks that keep the symmetry of what goes in: a square, an order parameter, a molecule. */
export class SymmetryElement extends ClebschElement<State> {
  static override readonly fields = fields;
  static override readonly styles = [chartCss, tablesCss, picturesCss, css];
  private gpu: GpuContext | null = null;
  private lesson: Lesson | null = null;
  private squares: SquareView | null = null;
  private sites: SiteView | null = null;
  private scenes: Scene[] = [];
  private playing = false;
  private looping = false;
  private results: Record<TaskName, TaskResult> | null = null;
  private saved: Saved | null = null;
  private toldSolved = false;
  private solvedSteps = 0;
  private readonly code = new CodeView();
  private readonly adapter = make('p', 'note adapter');
  private themes = new AbortController();
  private making: Promise<void> = Promise.resolve();

  protected override render(): void {
    this.view.append(fragment(template), this.code.element, this.adapter);
    this.code.element.dataset.controls = 'code';
    find(this.view, '.play', HTMLButtonElement).addEventListener('click', () => this.play(!this.playing));
    find(this.view, '.one-step', HTMLButtonElement).addEventListener('click', () => {
      this.play(false);
      void this.advance()
        .then(() => this.keep())
        .then(() => this.judge());
    });
    find(this.view, '.reset', HTMLButtonElement).addEventListener('click', () => this.again());
    find(this.view, '.turned', HTMLInputElement).addEventListener('change', (event) =>
      this.set({ turned: (event.target as HTMLInputElement).checked }),
    );
    this.bindControls();
    this.showState();
  }

  protected override async start(gpu: GpuContext | null): Promise<void> {
    this.gpu = gpu;
    setText(this.adapter, whatComputes(gpu));
    // Charts load after the page has been laid out.
    const { LineChart } = await import('../shared/line-chart.ts');
    const scene = (selector: string, label: string, radius: number) => {
      const canvas = find(this.view, selector, HTMLCanvasElement);
      const made = new Scene(canvas, gpu, { label, camera: { radius, azimuth: 0.5, elevation: 0.35 } });
      this.scenes.push(made);
      return made;
    };
    this.squares = new SquareView(
      this,
      this.view,
      scene(
        '.order-scene',
        'The order parameter as a function of the direction, and the corners of the square',
        1.75,
      ),
      new LineChart(find(this.view, '.curves', HTMLElement), lossChart),
    );
    this.sites = new SiteView(this, this.view, scene('.site-scene', 'The structure', 3), gpu);
    this.themes = new AbortController();
    onThemeChange(() => this.redraw(), this.themes.signal);
    await this.showSites();
    await this.remake();
  }

  protected override changed(names: ReadonlySet<keyof State & string>): void {
    this.showState();
    if (!this.squares) return;
    const has = (...wanted: (keyof State & string)[]) => wanted.some((name) => names.has(name));
    if (has('seed', 'learningRate', 'stretch', 'order', 'part')) this.again();
    if (has('structure', 'distortion', 'amount', 'shown', 'seed', 'part')) void this.showSites();
    if (has('turned')) void this.showAnswer();
  }

  protected override resume(): void {
    if (this.playing) void this.loop();
  }

  protected override stop(): void {
    this.themes.abort();
    this.lesson?.dispose();
    this.squares?.dispose();
    this.sites?.dispose();
    for (const scene of this.scenes) scene.dispose();
    this.scenes = [];
    this.lesson = null;
    this.squares = null;
    this.sites = null;
  }

  // ---- the square ----

  /** Starts or pauses the training. */
  private play(on: boolean): void {
    this.playing = on;
    find(this.view, '.play', HTMLButtonElement).textContent = on ? 'Pause' : 'Train';
    if (on) void this.loop();
  }

  /** Forgets what was learned. */
  private again(): void {
    this.saved = null;
    this.results = null;
    this.play(false);
    this.making = this.making.then(() => this.remake()).catch((error) => this.fail(error));
  }

  private async remake(): Promise<void> {
    const { seed, learningRate, stretch, order } = this.state;
    this.lesson?.dispose();
    this.lesson = null;
    this.buttons(false);
    const squares = this.squares;
    if (!squares || this.state.part === 'structure') return;
    const lesson = await Lesson.create(this.gpu, { seed, learningRate, stretch, order });
    if (squares !== this.squares) {
      lesson.dispose();
      return;
    }
    squares.begin(stretch, lesson.order);
    if (this.saved) lesson.restore(this.saved);
    if (this.results) squares.show(lesson.step, this.results);
    this.toldSolved = false;
    this.lesson = lesson;
    // Texts to read load after what they are about.
    void import('./code.ts').then(({ codeTexts }) => this.code.show(codeTexts(lesson)));
    this.buttons(true);
    if (this.playing) void this.loop();
  }

  private buttons(on: boolean): void {
    for (const button of this.view.querySelectorAll<HTMLButtonElement>(
      '[data-part="square"] .buttons button',
    ))
      button.disabled = !on;
  }

  private async loop(): Promise<void> {
    if (this.looping) return;
    this.looping = true;
    try {
      while (this.playing && this.awake && this.lesson) {
        const began = performance.now();
        do await this.advance();
        while (this.gpu && this.playing && this.lesson && performance.now() - began < FRAME_BUDGET);
        this.squares?.drawCurves();
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
    if (!this.playing) this.judge();
  }

  private judge(): void {
    const { lesson, results } = this;
    if (lesson && results) this.squares?.verdict(verdictOf(lesson.step, lesson.settings.stretch, results));
  }

  /** One step of each network. */
  private async advance(): Promise<void> {
    const { lesson, squares } = this;
    if (!lesson || !squares) return;
    const results = await lesson.train().catch((error) => {
      if (lesson === this.lesson) throw error;
      return null; // it was disposed of meanwhile
    });
    if (!results || lesson !== this.lesson) return;
    this.results = results;
    squares.show(lesson.step, results);
    squares.remember(lesson.step, results);
    if (!this.looping) squares.drawCurves();
    this.emit('step', {
      step: lesson.step,
      losses: Object.fromEntries(taskNames.map((name) => [name, results[name].loss])),
    });
    if (lesson.step % 25 === 0) await this.keep();
    const solved = results.collapse.loss < SOLVED && results.broken.loss < SOLVED;
    // Adam swings: a single low loss is not yet a solution.
    this.solvedSteps = solved ? this.solvedSteps + 1 : 0;
    if (this.solvedSteps === 10 && !this.toldSolved) {
      this.toldSolved = true;
      this.judge();
      this.emit('trained', { step: lesson.step });
    }
    if (this.state.turned) await this.showAnswer();
  }

  /** What was learned so far, to go on from after the loss of a device. */
  private async keep(): Promise<void> {
    const { lesson } = this;
    const saved = await lesson?.save();
    if (saved && lesson === this.lesson) this.saved = saved;
  }

  /** The answer to the order parameter turned by a quarter, or to itself. */
  private async showAnswer(): Promise<void> {
    const { lesson, squares, results } = this;
    if (!lesson || !squares || !results) return;
    const { order, displacements } = results.broken;
    if (!this.state.turned) {
      squares.polygon('broken', displacements);
      squares.order(order);
      squares.turnedNote('');
      return;
    }
    const other = quarterTurned(lesson.order, order);
    const answer = await lesson.answer(other);
    if (lesson !== this.lesson) return;
    squares.polygon('broken', answer);
    squares.order(other);
    // The weights have moved on by a step since the results: what is compared is one network's two answers.
    const itself = await lesson.answer(order);
    const off = answerDifference(answer, itself);
    squares.turnedNote(
      `The same network, fed the order parameter turned by 90°, gives the other rectangle. Its answer, turned by 90°, differs by ${figures(off)}.`,
      off,
    );
  }

  // ---- the structure ----

  private async showSites(): Promise<void> {
    const { part, structure, distortion, amount, shown, seed } = this.state;
    if (part === 'square') return;
    await this.sites?.show({ structure, distortion, amount, shown, seed }).catch((error) => this.fail(error));
  }

  private redraw(): void {
    void this.showSites();
    void this.showAnswer().catch((error) => this.fail(error));
  }

  private showState(): void {
    const { state } = this;
    for (const control of this.view.querySelectorAll<HTMLInputElement | HTMLSelectElement>('[name]')) {
      const text = fields[control.name as keyof State].write(state[control.name as keyof State] as never);
      if (control.value !== text) control.value = text;
    }
    find(this.view, '.turned', HTMLInputElement).checked = state.turned;
    find(this.view, '.stretch-value', HTMLElement).textContent = state.stretch.toFixed(2);
    find(this.view, '.amount-value', HTMLElement).textContent =
      `${state.amount.toFixed(2)}${state.distortion === 'stretch' ? ' of its length' : ' Å'}`;
    for (const part of this.view.querySelectorAll<HTMLElement>('[data-part]'))
      part.hidden = state.part !== 'all' && state.part !== part.dataset.part;
  }
}

/** How far the second answer, turned by a quarter, is from the first. */
function answerDifference(turned: ArrayLike<number>, itself: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < 4; i++) {
    const j = 3 * ((i + 1) % 4);
    const expected = [-itself[3 * i + 1], itself[3 * i], itself[3 * i + 2]];
    most = Math.max(most, ...expected.map((v, k) => Math.abs(turned[j + k] - v)));
  }
  return most;
}

customElements.define('clebsch-symmetry', SymmetryElement);
