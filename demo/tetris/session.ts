import { recognise } from '../../src/index.ts';
import { nextFrame } from '../shared/dom.ts';
import { type RotationReport, rotationReport } from '../shared/rotation-report.ts';
import { allShapes, originalPoints } from '../shared/tetris-batch.ts';
import type { Learner, LearnerRequest } from './learner.ts';

export type EquivariantRequest = LearnerRequest & { readonly kind: 'equivariant' };
export type Phase = 'compiling' | 'training' | 'hidden' | 'rotating' | 'idle';

/** What the network says of the eight shapes: as they are, and as they stand on the page. */
export interface Evaluation {
  /** How many of the eight are recognised, as they are. */
  readonly recognised: number;
  /** Eight outputs of seven numbers. */
  readonly still: Float32Array;
  /** The same for the shapes as the visitor has turned them. */
  readonly turned: Float32Array;
}

/** What a session tells the page, as it happens. */
export interface SessionListener {
  /** What is being done, and whether training goes on after it. */
  phase(phase: Phase, training: boolean): void;
  /** A network that was never trained, or is again as it was. */
  built(learner: Learner, request: EquivariantRequest): void;
  /** `loss` is that of the parameters before this step. */
  stepped(steps: number, loss: number, milliseconds: number): void;
  evaluated(steps: number, evaluation: Evaluation): void;
  rotated(steps: number, report: RotationReport): void;
  trained(steps: number, loss: number, recognised: number): void;
  /** What was asked for did not work; the session goes on and waits. */
  failed(message: string): void;
}

/** A slice of something else to be done between the steps; false where there was nothing to do. */
export type Job = () => Promise<boolean>;

/** Steps are taken for this long, then the page has the rest of the frame. */
export const FRAME_BUDGET_MS = 12;
/** Training stops by itself once the shapes are recognised and the loss is below this. */
const DONE_LOSS = 1e-3;
const ROTATIONS = 20;
/** By what the first number is multiplied in a mirror. */
export const mirrorSign = { o3: -1, even: 1, so3: null } as const;

/**
 * The network that an element trains. Controls only say what they want; a single loop does it, in slices, so that two things
 * never use the programs at a time.
 */
export class Session {
  /** Other things that take their turn in the loop. */
  readonly jobs = new Set<Job>();
  private readonly make: (request: EquivariantRequest) => Promise<Learner>;
  private readonly listener: SessionListener;
  private request: EquivariantRequest;
  private learner: Learner | null = null;
  private points: readonly number[] = originalPoints;
  private steps = 0;
  private wantsBuild = true;
  private wantsTraining = false;
  private wantsStep = false;
  private wantsLook = false;
  private wantsRotation = false;
  private wantedRate: number | null = null;
  private rotationsAsked = 0;
  private doneOnce = false;
  private asleep = false;
  private over = false;
  private phase: Phase = 'compiling';
  private asked = false;
  private wakeUp = () => {};

  constructor(
    make: (request: EquivariantRequest) => Promise<Learner>,
    request: EquivariantRequest,
    listener: SessionListener,
  ) {
    this.make = make;
    this.request = request;
    this.listener = listener;
    void this.loop();
  }

  get isTraining(): boolean {
    return this.wantsTraining;
  }

  /** The network as it is now; null while there is none. */
  get current(): Learner | null {
    return this.learner;
  }

  get stepsTaken(): number {
    return this.steps;
  }

  /** Starts training, or stops it after the step that is under way. */
  train(wanted: boolean): void {
    this.wantsTraining = wanted;
    this.ask();
  }

  /** One step; training stops. */
  step(): void {
    this.wantsTraining = false;
    this.wantsStep = true;
    this.ask();
  }

  /** Back to step 0, with these settings. */
  reset(request: EquivariantRequest): void {
    this.request = request;
    this.wantsBuild = true;
    this.wantsTraining = false;
    this.wantsStep = false;
    this.wantsRotation = false;
    this.ask();
  }

  setLearningRate(value: number): void {
    this.request = { ...this.request, learningRate: value };
    this.wantedRate = value;
    this.ask();
  }

  /** The shapes stand like this now (8 x 4 x 3 points). */
  look(points: readonly number[]): void {
    this.points = points;
    this.wantsLook = true;
    this.ask();
  }

  /** Turns all shapes at random, many times, and counts what is recognised. */
  rotate(): void {
    this.wantsRotation = true;
    this.ask();
  }

  /** Nobody looks, or somebody does again. */
  sleep(asleep: boolean): void {
    this.asleep = asleep;
    this.ask();
  }

  /** Something is to be done: by a job, say. */
  wake(): void {
    this.asked = true;
    this.wakeUp();
  }

  dispose(): void {
    this.over = true;
    this.learner?.dispose();
    this.learner = null;
    this.wake();
  }

  private ask(): void {
    this.tell();
    this.wake();
  }

  private tell(phase = this.phase): void {
    this.phase = phase;
    if (!this.over) this.listener.phase(phase, this.wantsTraining);
  }

  private async loop(): Promise<void> {
    while (!this.over)
      try {
        await this.next();
      } catch (error) {
        if (this.over) return;
        this.wantsTraining = false;
        this.wantsStep = false;
        this.wantsRotation = false;
        this.tell('idle');
        const large =
          (error as Error).name === 'NonFiniteError'
            ? 'The steps were too large: choose a smaller learning rate. '
            : '';
        this.listener.failed(large + (error as Error).message);
      }
  }

  private async next(): Promise<void> {
    if (this.asleep) {
      this.tell('hidden');
      return this.wait();
    }
    if (this.wantsBuild) return this.build();
    const { learner } = this;
    let busy = false;
    if (learner) {
      busy = true;
      if (this.wantedRate !== null) await this.changeRate(learner);
      else if (this.wantsRotation) await this.turn(learner);
      else if (this.wantsTraining || this.wantsStep) await this.trainForAFrame(learner);
      else if (this.wantsLook) await this.evaluate(learner);
      else busy = false;
    }
    for (const job of this.jobs) {
      if (this.over || this.wantsBuild) return;
      busy = (await job()) || busy;
    }
    if (busy) await nextFrame();
    else {
      this.tell('idle');
      await this.wait();
    }
  }

  /** Until something is asked for; not at all if it was since the last time. */
  private async wait(): Promise<void> {
    if (!this.asked)
      await new Promise<void>((asked) => {
        this.wakeUp = asked;
      });
    this.asked = false;
  }

  private async build(): Promise<void> {
    this.wantsBuild = false;
    this.wantedRate = null;
    this.tell('compiling');
    // Building the graph takes the main thread for a while; the page says so first.
    await nextFrame();
    this.learner?.dispose();
    this.learner = null;
    this.steps = 0;
    this.rotationsAsked = 0;
    this.doneOnce = false;
    const { request } = this;
    const learner = await this.make(request);
    if (this.over || this.wantsBuild) return learner.dispose();
    this.learner = learner;
    this.listener.built(learner, request);
    // Where training goes on, its first step comes before the program that evaluates is compiled.
    if (!this.wantsTraining && !this.wantsStep) await this.evaluate(learner);
  }

  private async changeRate(learner: Learner): Promise<void> {
    const rate = this.wantedRate!;
    this.wantedRate = null;
    await learner.setLearningRate(rate);
  }

  private async trainForAFrame(learner: Learner): Promise<void> {
    this.tell('training');
    const began = performance.now();
    let now = began;
    let loss: number;
    do {
      const result = await learner.step();
      loss = result.loss;
      this.steps = result.step;
      const then = now;
      now = performance.now();
      if (this.wantsBuild) return;
      this.listener.stepped(this.steps, loss, now - then);
      if (!Number.isFinite(loss))
        throw new Error('The loss is not a number any more. Choose a smaller learning rate.');
    } while (now - began < FRAME_BUDGET_MS && this.wantsTraining && !this.wantsRotation);
    this.wantsStep = false;
    const recognised = await this.evaluate(learner);
    if (recognised === null || loss >= DONE_LOSS || this.doneOnce) return;
    // Without knowing of mirrors no network names the shape that it was never shown.
    if (recognised < allShapes.length && this.request.parity === 'o3') return;
    this.doneOnce = true;
    this.wantsTraining = false;
    this.wantsRotation = true;
    this.listener.trained(this.steps, loss, recognised);
  }

  /** How many are recognised; null if nobody wants to know any more. */
  private async evaluate(learner: Learner): Promise<number | null> {
    this.wantsLook = false;
    const { points } = this;
    const still = await learner.outputs(originalPoints);
    const turned = points === originalPoints ? still : await learner.outputs(points);
    // After a reset nobody wants to see these numbers.
    if (this.wantsBuild || this.over) return null;
    const recognised = allShapes.filter((s) => recognise(still.subarray(7 * s, 7 * s + 7)) === s).length;
    this.listener.evaluated(this.steps, { recognised, still, turned });
    return recognised;
  }

  private async turn(learner: Learner): Promise<void> {
    this.tell('rotating');
    this.wantsRotation = false;
    const mirror = mirrorSign[this.request.parity ?? 'o3'];
    const outputs = (points: readonly number[]) => learner.outputs(points);
    const report = await rotationReport(outputs, ROTATIONS, ++this.rotationsAsked, mirror);
    if (!this.wantsBuild && !this.over) this.listener.rotated(this.steps, report);
  }
}
