import { type GpuContext, requestDevice } from '../../src/index.ts';
import { gatePoints } from '../shared/tetris-network.ts';
import { type Evaluation, type RotationReport, TetrisTrainer } from '../shared/tetris-trainer.ts';
import type { Settings } from './settings.ts';

export type Phase = 'compiling' | 'training' | 'hidden' | 'rotating' | 'idle';

/** What a session tells the page, as it happens. */
export interface SessionListener {
  /** What is being done, and whether training goes on after it. */
  phase(phase: Phase, training: boolean): void;
  /** A network that was never trained, or is again as it was. */
  built(trainer: TetrisTrainer): void;
  /** `loss` is that of the parameters before this step. */
  stepped(steps: number, loss: number, milliseconds: number): void;
  evaluated(steps: number, evaluation: Evaluation): void;
  rotated(steps: number, report: RotationReport): void;
  /** What was asked for did not work; the session goes on and waits. */
  failed(message: string): void;
}

/** The GPU went away: the driver was reset, the machine slept, another page crashed it. */
export class DeviceLost extends Error {
  constructor(info: GPUDeviceLostInfo) {
    const detail = info.message.trim().replace(/\.*$/, '');
    super(`The GPU device was lost${detail ? ` (${detail})` : ''}, and the network with it.`);
    this.name = 'DeviceLost';
  }
}

/** Steps are taken for this long, then the page has the rest of the frame. */
const FRAME_BUDGET_MS = 12;
/** Training stops by itself once all eight are recognised and the loss is below this. */
const DONE_LOSS = 1e-3;
const ROTATIONS = 20;

/**
 * One GPU device and the network that is trained on it. Controls only say what they want; a single loop does it, so
 * that two things never use the programs at a time.
 */
export class Session {
  readonly gpu: GpuContext;
  private settings: Settings;
  private readonly listener: SessionListener;
  private trainer: TetrisTrainer | null = null;
  private wantsBuild = true;
  private wantsRotation = false;
  private wantsTraining = false;
  private rotationsAsked = 0;
  private doneOnce = false;
  private lost = false;
  private phase: Phase = 'compiling';
  private wake = () => {};

  private constructor(gpu: GpuContext, settings: Settings, listener: SessionListener) {
    this.gpu = gpu;
    this.settings = settings;
    this.listener = listener;
  }

  /** Throws the engine's error where there is no WebGPU or no adapter. */
  static async open(settings: Settings, listener: SessionListener): Promise<Session> {
    return new Session(await requestDevice(), settings, listener);
  }

  get isTraining(): boolean {
    return this.wantsTraining;
  }

  /** Starts training, or stops it after the step that is under way. */
  train(wanted: boolean): void {
    this.wantsTraining = wanted;
    this.tell();
    this.wake();
  }

  /** Turns all shapes at random and counts what is recognised. */
  rotate(): void {
    this.wantsRotation = true;
    this.wake();
  }

  /** Back to step 0, with these settings. */
  reset(settings: Settings): void {
    this.settings = settings;
    this.wantsBuild = true;
    this.wantsRotation = false;
    this.wantsTraining = false;
    this.tell();
    this.wake();
  }

  /** Does what the controls ask for, until the device is lost: then it rejects with a `DeviceLost`. */
  run(): Promise<never> {
    const lost = this.gpu.lost.then((info) => {
      this.lost = true;
      throw new DeviceLost(info);
    });
    this.gpu.device.addEventListener('uncapturederror', ({ error }) => this.fail(error));
    return Promise.race([this.loop(lost), lost]);
  }

  private async loop(lost: Promise<never>): Promise<never> {
    while (!this.lost) {
      try {
        await this.next();
      } catch (error) {
        // Reads fail a moment before the loss of the device is known.
        await Promise.race([lost, new Promise((done) => setTimeout(done, 500))]);
        this.fail(error as Error);
      }
    }
    return lost;
  }

  private fail(error: { message: string }): void {
    this.wantsTraining = false;
    this.wantsRotation = false;
    this.listener.failed(error.message);
  }

  private tell(phase = this.phase): void {
    this.phase = phase;
    this.listener.phase(phase, this.wantsTraining);
  }

  private async next(): Promise<void> {
    const { trainer } = this;
    if (this.wantsBuild || (!trainer && (this.wantsRotation || this.wantsTraining))) return this.build();
    if (trainer && this.wantsRotation) return this.turn(trainer);
    if (trainer && this.wantsTraining) return this.trainForAFrame(trainer);
    this.tell('idle');
    await new Promise<void>((asked) => {
      this.wake = asked;
    });
  }

  private async build(): Promise<void> {
    this.wantsBuild = false;
    this.tell('compiling');
    // Building the graph takes the main thread for a while; the page says so first.
    await nextFrame();
    this.trainer?.dispose();
    this.trainer = null;
    this.rotationsAsked = 0;
    this.doneOnce = false;
    const trainer = await TetrisTrainer.create(this.gpu, {
      ...this.settings,
      recipe: gatePoints(this.settings),
    });
    this.trainer = trainer;
    const evaluation = await trainer.evaluate();
    if (this.wantsBuild) return;
    this.listener.built(trainer);
    this.listener.evaluated(0, evaluation);
  }

  private async trainForAFrame(trainer: TetrisTrainer): Promise<void> {
    if (document.hidden) {
      this.tell('hidden');
      await new Promise((shown) => document.addEventListener('visibilitychange', shown, { once: true }));
      return;
    }
    this.tell('training');
    const began = performance.now();
    let now = began;
    let loss: number;
    do {
      loss = await trainer.step();
      const then = now;
      now = performance.now();
      this.listener.stepped(trainer.steps, loss, now - then);
      if (!Number.isFinite(loss))
        throw new Error(
          'The loss is not a number any more: the steps were too large. Choose a smaller learning rate.',
        );
    } while (now - began < FRAME_BUDGET_MS && this.wantsTraining && !this.wantsRotation);
    const evaluation = await trainer.evaluate();
    // After a reset nobody wants to see these numbers.
    if (this.wantsBuild) return;
    this.listener.evaluated(trainer.steps, evaluation);
    if (evaluation.accuracy === 1 && loss < DONE_LOSS && !this.doneOnce) {
      this.doneOnce = true;
      this.wantsTraining = false;
      this.wantsRotation = true;
    }
    await nextFrame();
  }

  private async turn(trainer: TetrisTrainer): Promise<void> {
    this.tell('rotating');
    this.wantsRotation = false;
    const report = await trainer.rotate(ROTATIONS, ++this.rotationsAsked);
    if (!this.wantsBuild) this.listener.rotated(trainer.steps, report);
  }
}

function nextFrame(): Promise<unknown> {
  return new Promise(requestAnimationFrame);
}
