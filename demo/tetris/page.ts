import { type GpuContext, tetrisShapes } from '../../src/index.ts';
import type { Evaluation, RotationReport, TetrisTrainer } from '../shared/tetris-trainer.ts';
import { LossChart } from './loss-chart.ts';
import type { Phase, SessionListener } from './session.ts';
import { ShapeTable } from './shape-table.ts';

const phases: Readonly<Partial<Record<Phase, string>>> = {
  compiling: 'Compiling …',
  training: 'Training',
  hidden: 'Tab is hidden',
  rotating: 'Turning …',
};

/** The median is over this many steps. */
const RECENT = 50;
/** Where the visitor wants less motion the numbers change this often only. */
const CALM_MS = 500;

/** The element of index.html with this id. */
export function element<T extends Element>(id: string, type: abstract new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`index.html has no ${type.name} with the id "${id}"`);
  return found;
}

/** Everything on the page that shows what a session does. */
export class Page implements SessionListener {
  private readonly chart: LossChart;
  private readonly table = new ShapeTable(element('shapes', HTMLTableElement));
  private readonly calm = matchMedia('(prefers-reduced-motion: reduce)');
  private times: number[] = [];
  private steps = 0;
  private loss: number | null = null;
  private evaluation: Evaluation | null = null;
  private shown = Number.NEGATIVE_INFINITY;

  constructor() {
    this.chart = new LossChart(element('chart', HTMLElement), tetrisShapes.length, (point) => {
      text(
        'point',
        point &&
          `step ${point.step}: loss ${point.loss === null ? '–' : lossText(point.loss)}, ${point.recognised} of 8`,
      );
    });
  }

  showAdapter({ device, adapterName }: GpuContext): void {
    const software =
      device.adapterInfo?.isFallbackAdapter ||
      /swiftshader|llvmpipe|lavapipe|basic render/i.test(adapterName);
    text('adapter', adapterName + (software ? ' (software: it runs on the processor, so it is slow)' : ''));
  }

  /** A sentence in a box; with `canStartAgain` also a button. Null takes it away. */
  showNotice(message: string | null, canStartAgain = false): void {
    element('notice', HTMLElement).hidden = message === null;
    text('notice-text', message);
    element('again', HTMLButtonElement).hidden = !canStartAgain;
  }

  enableControls(enabled: boolean): void {
    element('controls', HTMLFieldSetElement).disabled = !enabled;
    element('rotate', HTMLButtonElement).disabled = !enabled;
    if (!enabled) text('phase', 'Stopped');
  }

  phase(phase: Phase, training: boolean): void {
    const idle = this.steps === 0 ? 'Ready' : this.evaluation?.accuracy === 1 ? 'Trained' : 'Paused';
    text('phase', phases[phase] ?? idle);
    text('train', training ? 'Pause' : 'Train');
    if (phase !== 'training') this.show();
  }

  built(trainer: TetrisTrainer): void {
    this.times = [];
    this.steps = 0;
    this.loss = null;
    this.chart.clear();
    this.table.clearRotations();
    this.showNotice(null);
    number('parameters', trainer.parameterCount, trainer.parameterCount.toLocaleString('en'));
    number('memory', trainer.bytes, `${(trainer.bytes / 2 ** 20).toFixed(1)} MiB`);
    text('rotation-summary', null);
  }

  stepped(steps: number, loss: number, milliseconds: number): void {
    this.steps = steps;
    this.loss = loss;
    this.chart.addLoss(steps - 1, loss);
    this.times.push(milliseconds);
    if (this.times.length > RECENT) this.times.shift();
  }

  evaluated(steps: number, evaluation: Evaluation): void {
    this.evaluation = evaluation;
    this.chart.addRecognised(steps, recognisedOf(evaluation));
    if (!this.calm.matches || performance.now() - this.shown > CALM_MS) this.show();
  }

  rotated(steps: number, report: RotationReport): void {
    this.table.showRotations(report);
    const right = report.recognised.reduce((sum, count) => sum + count, 0);
    const error = document.createElement('data');
    error.id = 'equivariance-error';
    error.value = String(report.equivarianceError);
    error.textContent = report.equivarianceError.toExponential(1);
    element('rotation-summary', HTMLElement).replaceChildren(
      `At step ${steps}, ${right} of ${report.rotations * report.recognised.length} turned shapes are recognised. ` +
        'Equivariance error: ',
      error,
    );
  }

  failed(message: string): void {
    this.showNotice(message);
  }

  private show(): void {
    this.shown = performance.now();
    const { evaluation, loss, steps, times } = this;
    if (!evaluation) return;
    const recognised = recognisedOf(evaluation);
    number('recognised', recognised, `${recognised} of 8 (${Math.round(100 * evaluation.accuracy)} %)`);
    number('loss', loss, loss === null ? '–' : lossText(loss));
    number('steps', steps, steps.toLocaleString('en'));
    const median = times.toSorted((a, b) => a - b)[times.length >> 1];
    number('step-time', median ?? null, median === undefined ? '–' : `${median.toFixed(1)} ms`);
    this.table.showEvaluation(evaluation);
    this.chart.draw();
  }
}

const recognisedOf = ({ accuracy }: Evaluation) => Math.round(accuracy * tetrisShapes.length);

const lossText = (loss: number) =>
  loss >= 0.01 && loss < 1000 ? loss.toPrecision(3) : loss.toExponential(2);

/** Changes nothing where the text is already there: screen readers would say it again. */
function text(id: string, value: string | null): void {
  const target = element(id, HTMLElement);
  if (target.textContent !== (value ?? '')) target.textContent = value;
}

/** A number and how it is written; the element is a `data`. */
function number(id: string, value: number | null, written: string): void {
  element(id, HTMLDataElement).value = String(value ?? '');
  text(id, written);
}
