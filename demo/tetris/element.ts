import { type GpuContext, Random, randMatrix, tetrisShapes } from '../../src/index.ts';
import { onThemeChange } from '../shared/colours.ts';
import { degreesOf, matrixOfDegrees } from '../shared/degrees.ts';
import { describeAdapter, type PageDevice } from '../shared/device.ts';
import { find, fragment, setNumber, setText } from '../shared/dom.ts';
import { ClebschElement } from '../shared/element.ts';
import chartCss from '../shared/line-chart.css?inline';
import { figures, powerOfTen } from '../shared/number-text.ts';
import type { RotationReport } from '../shared/rotation-report.ts';
import tablesCss from '../shared/tables.css?inline';
import { allShapes, originalPoints } from '../shared/tetris-batch.ts';
import { fields, type Pose, type TetrisState } from './fields.ts';
import type { Learner, LearnerRequest } from './learner.ts';
import type { LossChart } from './loss-chart.ts';
import { mirrorText } from './mirror-text.ts';
import { OutputsTable } from './outputs-table.ts';
import type { Sections } from './sections.ts';
import {
  type EquivariantRequest,
  type Evaluation,
  mirrorSign,
  type Phase,
  Session,
  type SessionListener,
} from './session.ts';
import { type Dragged, IDENTITY, ShapeTiles } from './shape-tiles.ts';
import css from './tetris.css?inline';
import html from './view.html?raw';
import type { SlowLearners } from './without-gpu.ts';

const phases: Readonly<Partial<Record<Phase, string>>> = {
  compiling: 'Compiling …',
  training: 'Training',
  hidden: 'Out of sight',
  rotating: 'Turning …',
};

/** What trains: most of the engine, in a module of its own. */
let learning: Promise<typeof import('./make-learner.ts')> | null = null;

/** The median time of a step is over this many. */
const RECENT = 50;
/** Where the visitor wants less motion the numbers change this often only. */
const CALM_MS = 500;
/** Without a GPU a network of this multiplicity is as large as is bearable. */
const REFERENCE_MUL = 4;

/** Trains a network that knows Tetris shapes in every orientation, and shows what it knows. */
export class TetrisElement extends ClebschElement<TetrisState> implements SessionListener {
  static override readonly fields = fields;
  static override readonly styles = [chartCss, tablesCss, css];

  private readonly calm = matchMedia('(prefers-reduced-motion: reduce)');
  private readonly tiles = new ShapeTiles(this, (dragged) => this.moved(dragged));
  private readonly table = new OutputsTable();
  private chart: LossChart | null = null;
  private sections: Sections | null = null;
  private gpu: GpuContext | null = null;
  /** What trains without a GPU. */
  private slow: Promise<SlowLearners> | null = null;
  private session: Session | null = null;
  private span = new AbortController();
  private request: EquivariantRequest | null = null;
  /** The poses as text, where the shapes stand so because they were dragged: then without rounding. */
  private dragged: string | null = null;
  private evaluation: Evaluation | null = null;
  private phaseNow: Phase = 'compiling';
  private times: number[] = [];
  private steps = 0;
  private loss: number | null = null;
  private compiledAt: number | null = null;
  private isTrained = false;
  private hasFailed = false;
  private firstStep: number | null = null;
  private shown = Number.NEGATIVE_INFINITY;

  // ---- what is on the page ----

  private piece<T extends Element = HTMLElement>(
    id: string,
    type: abstract new () => T = HTMLElement as unknown as abstract new () => T,
  ): T {
    return find(this.view, `#${id}`, type);
  }

  protected override render(): void {
    // The training part of the engine is fetched while the page comes up and asks for its device.
    if (navigator.gpu) learning ??= import('./make-learner.ts');
    this.view.append(fragment(html));
    this.piece('tiles').replaceWith(this.tiles.element);
    this.piece('table').replaceWith(this.table.element);
    const on = (id: string, clicked: () => void) => this.piece(id).addEventListener('click', clicked);
    on('train', () => this.session?.train(!this.session.isTraining));
    on('step', () => this.session?.step());
    on('reset', () => this.session?.reset(this.requestOf()));
    on('turn-all', () => this.set({ turn: (this.state.turn % 999) + 1, poses: [] }));
    on('turn-back', () => this.set({ turn: 0, mirror: false, poses: [] }));
    on('rotate', () => this.session?.rotate());
    this.piece('mirror', HTMLInputElement).addEventListener('change', ({ target }) =>
      this.set({ mirror: (target as HTMLInputElement).checked }),
    );
    this.piece('form', HTMLFormElement).addEventListener('submit', (event) => event.preventDefault());
    for (const name of ['mul', 'lmax', 'layers', 'seed'] as const) this.control(name, name, Number, String);
    const log = (value: number) => String(Math.log10(value));
    this.control('learningRate', 'lr', (text) => Number((10 ** Number(text)).toPrecision(2)), log);
    for (const radio of this.view.querySelectorAll<HTMLInputElement>('input[name="parity"]'))
      radio.addEventListener('change', () => this.set({ parity: radio.value as TetrisState['parity'] }));
    this.showSettings();
    this.enable(false);
  }

  /** An input that sets a field when it has changed. */
  private control(
    name: 'mul' | 'lmax' | 'layers' | 'seed' | 'learningRate',
    id: string,
    read: (text: string) => number,
    write: (value: number) => string,
  ): void {
    const input = this.piece(id, HTMLInputElement);
    input.dataset.field = name;
    input.addEventListener('input', () => {
      input.setCustomValidity('');
      if (input.type === 'range') this.showOutput(input, read(input.value));
    });
    input.addEventListener('change', () => {
      const problem = this.setText(name, input.value.trim() === '' ? '' : String(read(input.value)));
      input.setCustomValidity(problem ?? '');
      if (problem) input.reportValidity();
    });
    this.writers.push(() => {
      input.value = write(this.state[name]);
      this.showOutput(input, this.state[name]);
    });
  }

  private readonly writers: (() => void)[] = [];

  private showOutput(input: HTMLInputElement, value: number): void {
    const output = this.view.querySelector(`output[for="${input.id}"]`);
    if (output) setText(output, String(value));
    if (input.type === 'range') input.setAttribute('aria-valuetext', String(value));
  }

  private showSettings(): void {
    for (const write of this.writers) write();
    const { parity, mirror } = this.state;
    for (const radio of this.view.querySelectorAll<HTMLInputElement>('input[name="parity"]'))
      radio.checked = radio.value === parity;
    this.piece('mirror', HTMLInputElement).checked = mirror;
  }

  private enable(enabled: boolean): void {
    for (const set of this.view.querySelectorAll('fieldset')) set.disabled = !enabled;
  }

  // ---- life ----

  protected override start(gpu: GpuContext | null): void {
    this.gpu = gpu;
    this.span = new AbortController();
    const { signal } = this.span;
    if (!gpu) this.draw();
    onThemeChange(() => this.recolour(), signal);
    if (!gpu) this.slow = import('./without-gpu.ts').then(({ slowLearners }) => slowLearners());
    void this.showAdapter();
    this.session = new Session((request) => this.make(request), this.requestOf(), this);
    this.session.sleep(!this.awake);
    this.stand();
    this.enable(true);
    if (this.state.autoplay) this.session.train(true);
    void this.loadChart(signal);
    this.loadSections(signal);
  }

  /** A network on the page's GPU, or where there is none on the f64 reference. */
  async make(request: LearnerRequest): Promise<Learner> {
    if (this.slow) return (await this.slow).make(request);
    learning ??= import('./make-learner.ts');
    const { makeLearner } = await learning;
    return makeLearner(this.gpu!, request);
  }

  protected override stop(): void {
    this.span.abort();
    this.session?.dispose();
    this.sections?.dispose();
    this.chart?.dispose();
    void this.slow?.then((learners) => learners.dispose());
    this.tiles.disconnect();
    this.session = null;
    this.sections = null;
    this.chart = null;
    this.slow = null;
    this.evaluation = null;
    this.enable(false);
  }

  /** The trainers move to the new device by themselves, and go on in the same bits; pictures are made again. */
  protected override async deviceLost(next: Promise<PageDevice>): Promise<void> {
    this.tiles.disconnect();
    const { gpu } = await next;
    if (!this.session) return;
    if (!gpu) {
      this.stop();
      this.start(null);
      return;
    }
    this.gpu = gpu;
    void this.tiles.connect(gpu, this.shows('rotate'));
    this.stand();
    void this.showAdapter();
  }

  protected override pause(): void {
    this.session?.sleep(true);
  }

  protected override resume(): void {
    this.session?.sleep(false);
  }

  protected override changed(names: ReadonlySet<keyof TetrisState>): void {
    this.showSettings();
    if (!this.session) return;
    const rebuilding = (['mul', 'lmax', 'layers', 'parity', 'seed'] as const).some((n) => names.has(n));
    if (rebuilding) this.session.reset(this.requestOf());
    else if (names.has('learningRate')) this.session.setLearningRate(this.state.learningRate);
    const posed = names.has('poses') && fields.poses.write(this.state.poses) !== this.dragged;
    if (posed || names.has('turn') || names.has('mirror')) this.stand();
    if (names.has('autoplay') && this.state.autoplay) this.session.train(true);
  }

  private requestOf(): EquivariantRequest {
    const { mul, lmax, layers, parity, seed, learningRate } = this.state;
    const affordable = this.gpu ? mul : Math.min(mul, REFERENCE_MUL);
    return { kind: 'equivariant', mul: affordable, lmax, layers, parity, seed, learningRate };
  }

  // ---- turning ----

  /** As the state says. */
  private stand(): void {
    const { turn, mirror, poses } = this.state;
    const random = new Random(turn);
    const rotations = allShapes.map(() => (turn === 0 ? IDENTITY : randMatrix(random)));
    for (const [shape, ...angles] of poses) rotations[shape] = matrixOfDegrees(angles);
    this.dragged = null;
    this.tiles.stand(rotations, mirror);
  }

  /** Shows the shapes; on a GPU after a first step, which would wait for the pipelines of the pictures. */
  private draw(): void {
    if (!this.tiles.isConnected) void this.tiles.connect(this.gpu, this.shows('rotate'));
  }

  private moved(dragged: Dragged | null): void {
    if (dragged) {
      const { shape, rotation } = dragged;
      const others = this.state.poses.filter(([other]) => other !== shape);
      const [alpha, beta, gamma] = degreesOf(rotation);
      const poses: readonly Pose[] = [...others, [shape, alpha, beta, gamma]];
      this.dragged = fields.poses.write(poses);
      this.set({ poses });
    }
    this.session?.look(this.tiles.points ?? originalPoints);
  }

  // ---- what is loaded when it is needed ----

  private async loadChart(signal: AbortSignal): Promise<void> {
    const { LossChart } = await import('./loss-chart.ts');
    if (signal.aborted) return;
    this.chart = new LossChart(this.piece('chart'), tetrisShapes.length, (point) =>
      setText(
        this.piece('point'),
        point &&
          `step ${point.step}: loss ${point.loss === null ? '–' : figures(point.loss)}, ${point.recognised} of 8`,
      ),
    );
  }

  private loadSections(signal: AbortSignal): void {
    const place = this.piece('sections');
    place.hidden = !['ordinary', 'sphere', 'inside', 'code'].some((group) => this.shows(group));
    if (place.hidden) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.at(-1)!.isIntersecting) return;
        observer.disconnect();
        void import('./sections.ts').then(({ Sections }) => {
          if (signal.aborted || !this.session) return;
          this.sections = new Sections(this, this.session);
          place.replaceChildren(this.sections.element);
          this.showControls();
          if (this.evaluation && this.session.current) this.sections.built(this.session.current);
        });
      },
      { rootMargin: '300px' },
    );
    observer.observe(place);
    signal.addEventListener('abort', () => observer.disconnect());
  }

  // ---- what the session tells ----

  phase(phase: Phase, training: boolean): void {
    this.phaseNow = phase;
    setText(this.piece('phase'), phases[phase] ?? this.idleText());
    setText(this.piece('train'), training ? 'Pause' : 'Train');
    if (phase === 'idle' && this.session?.current) this.draw();
    if (phase !== 'training') this.show();
  }

  private idleText(): string {
    return this.steps === 0 ? 'Ready' : this.isTrained ? 'Trained' : 'Paused';
  }

  built(learner: Learner, request: EquivariantRequest): void {
    if (!this.session?.isTraining) this.draw();
    const { parameters, bytes } = learner.facts;
    this.request = request;
    this.times = [];
    this.steps = 0;
    this.loss = null;
    this.isTrained = false;
    this.compiledAt ??= performance.now();
    this.chart?.clear();
    this.table.clearRotations();
    if (this.hasFailed) this.notice(null);
    this.hasFailed = false;
    this.number('parameters', parameters, parameters.toLocaleString('en'));
    this.number('memory', bytes, bytes ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : 'none');
    setText(this.piece('rotation-summary'), null);
    setText(this.piece('layers-text'), learner.facts.irreps.join(' → '));
    this.sections?.built(learner);
  }

  stepped(steps: number, loss: number, milliseconds: number): void {
    this.draw();
    if (steps === 1 && this.steps === 0 && this.compiledAt !== null && this.firstStep === null) {
      this.firstStep = this.compiledAt + milliseconds;
      this.number('first-step', this.firstStep, `${Math.round(this.firstStep)} ms`);
    }
    this.steps = steps;
    this.loss = loss;
    this.chart?.addLoss(steps - 1, loss);
    this.times.push(milliseconds);
    if (this.times.length > RECENT) this.times.shift();
    this.emit('step', { step: steps, loss });
  }

  evaluated(steps: number, evaluation: Evaluation): void {
    this.evaluation = evaluation;
    this.chart?.addRecognised(steps, evaluation.recognised);
    const due = !this.calm.matches || performance.now() - this.shown > CALM_MS;
    if (due || this.phaseNow !== 'training') this.show();
  }

  rotated(steps: number, report: RotationReport): void {
    this.table.showRotations(report);
    const right = report.recognised.reduce((sum, count) => sum + count, 0);
    const error = document.createElement('data');
    error.id = 'rotation-error';
    error.value = String(report.equivarianceError);
    error.textContent = powerOfTen(report.equivarianceError, 1);
    this.piece('rotation-summary').replaceChildren(
      `At step ${steps}, ${right} of ${report.rotations * report.recognised.length} shapes turned at random, half of them ` +
        'mirrored, are recognised. Largest equivariance error: ',
      error,
    );
  }

  trained(steps: number, loss: number, recognised: number): void {
    this.isTrained = true;
    this.emit('trained', { step: steps, loss, recognised });
  }

  failed(message: string): void {
    this.hasFailed = true;
    this.draw();
    this.fail({ message });
  }

  // ---- numbers ----

  private show(): void {
    const { evaluation, loss, steps, times, request } = this;
    if (!evaluation || !request) return;
    this.shown = performance.now();
    const { recognised, still, turned } = evaluation;
    this.number('recognised', recognised, `${recognised} of 8 (${Math.round((100 * recognised) / 8)} %)`);
    this.number('loss', loss, loss === null ? '–' : figures(loss));
    this.number('steps', steps, steps.toLocaleString('en'));
    const median = times.toSorted((a, b) => a - b)[times.length >> 1];
    this.number('step-time', median ?? null, median === undefined ? '–' : `${median.toFixed(1)} ms`);
    this.tiles.show(turned);
    const mirrored = this.tiles.isMirrored;
    const sign = mirrored ? mirrorSign[request.parity ?? 'o3'] : 1;
    const error = this.table.show(still, turned, this.tiles.moves, mirrored, sign);
    this.number(
      'equivariance-error',
      error,
      error !== null
        ? powerOfTen(error, 1)
        : sign === null
          ? 'none to tell: this network knows no mirrors'
          : 'turn a shape to see it',
    );
    const parity = request.parity ?? 'o3';
    this.number('chiral-1', still[0], signed(still[0]));
    this.number('chiral-2', still[7], signed(still[7]));
    setText(this.piece('mirror-text'), mirrorText(parity, still, this.isTrained));
    this.chart?.draw();
  }

  private number(id: string, value: number | null, written: string): void {
    setNumber(this.piece(id, HTMLDataElement), value, written);
  }

  private async showAdapter(): Promise<void> {
    const place = this.piece('adapter');
    if (this.gpu) return setText(place, describeAdapter(this.gpu));
    const learners = await this.slow?.catch(() => null);
    if (!learners) return;
    const where = learners.inPage
      ? 'on this page itself, because its policy allows no worker, so that it may be slow to answer'
      : 'in a worker';
    setText(place, `none: a slow reference in 64 bits, ${where}, with multiplicity up to ${REFERENCE_MUL}`);
  }

  private recolour(): void {
    this.tiles.recolour();
  }
}

const signed = (value: number) => value.toFixed(4).replace('-', '−');

customElements.define('clebsch-tetris', TetrisElement);
