import { compile, type Program } from '../compile.ts';
import type { GpuContext } from '../gpu/device.ts';
import type { Executable, GpuFeeds } from '../gpu/execute.ts';
import { StateStore } from '../gpu/state-store.ts';
import * as e from '../graph/expression.ts';
import { state, stateOp } from '../graph/leaf.ts';
import { type Node, topologicalOrder } from '../graph/node.ts';
import { adam, type Optimizer } from '../nn/optimizer.ts';
import { Parameters, type Weights } from '../nn/parameters.ts';
import { Random } from '../o3/random.ts';
import { gradient } from '../ops/index.ts';
import { map } from '../ops/map.ts';
import { DeviceLost, persist } from './device-loss.ts';
import { Evaluator } from './evaluator.ts';
import { free, type Live, live, soon, whileThere, writeAll } from './live.ts';
import { findNonFinite, NonFiniteError } from './non-finite.ts';
import { ProgressMeter } from './progress.ts';
import { StepPrograms } from './step-programs.ts';
import type { StepResult, TrainerOptions, TrainOptions } from './trainer-options.ts';
import type { Notes, readTraining, Snapshot } from './training-file.ts';
import { whenVisible } from './visibility.ts';

/** Name of the state that tells whether every loss so far was finite. */
const WATCH = 'trainer.watch';
/** Devices that may be lost one after the other without a step between them. */
const MOST_LOSSES = 5;

/** Files are read and written by code that an application which needs none does not load. */
const files = () => import('./training-file.ts');

/**
 * Trains a module on the GPU and survives what may happen meanwhile. Parameters, moments and step counter stay on the
 * device; every `snapshotEvery` steps they are copied to the host. When the device is lost (a driver reset, a closed
 * laptop, `device.destroy()`), training goes on with a new one from the last copy, and because a step's batch is a
 * function of its number, ends in the same bits. A loss that is not finite stops it with a `NonFiniteError` that
 * says where it came from, and leaves what was trained before.
 *
 * @example
 * ```ts gpu
 * import { constant, fullyConnectedNet, input, requestDevice, squaredError, Trainer } from 'clebsch';
 * const net = fullyConnectedNet([1, 8, 1], 'silu');
 * const x = input('x', 4, 1);
 * const trainer = await Trainer.create({
 *   gpu: await requestDevice(),
 *   module: net,
 *   loss: (weights) => squaredError(net.apply(weights, x), input('y', 4, 1)),
 *   feeds: { x: [0, 1, 2, 3], y: [0, 1, 0, 1] },
 * });
 * const { loss: before } = await trainer.step();
 * const { loss: after, step } = await trainer.train(200);
 * [step, after < before]; // => [201, true]
 * trainer.dispose();
 * ```
 */
export class Trainer {
  /** Names, shapes and places of what is trained. */
  readonly parameters: Parameters;
  readonly optimizer: Optimizer;
  private readonly program: Program;
  private readonly options: TrainerOptions;
  private readonly snapshotEvery: number;
  private readonly evaluators = new Set<Evaluator>();
  private live: Live | null = null;
  private origin: ReturnType<typeof readTraining>['origin'] | null = null;
  private readonly initial: Snapshot;
  private saved: Snapshot;
  /** Steps that the states on the device have behind them; fewer than `reached` after a lost device. */
  private taken = 0;
  private reached = 0;
  private losses = 0;
  /** Resolves when all that was asked for so far is done: one thing at a time. */
  private turn: Promise<unknown> = Promise.resolve();

  private constructor(options: TrainerOptions) {
    const { module, seed = 0, snapshotEvery = 100, quickStart = 0 } = options;
    whole('Trainer: snapshotEvery', snapshotEvery, 1);
    whole('Trainer: quickStart', quickStart, 0);
    this.options = options;
    this.snapshotEvery = snapshotEvery;
    this.parameters = new Parameters(module);
    this.optimizer = (options.optimizer ?? adam)(this.parameters.initial(new Random(seed)));
    const traced = options.loss(this.parameters.weights(this.optimizer.parameters));
    const { loss, outputs = {}, updates = [] } = 'loss' in traced ? traced : { loss: traced };
    const [slope] = gradient(loss, [this.optimizer.parameters]);
    // Many steps go by between two looks at the loss: once one of them was not finite, neither is this sum for ever.
    const watch = state(WATCH, 1, 1, [0]);
    const watched = map(e.add(e.mul(e.number(0.5), e.argument(0)), e.argument(1)), watch, loss);
    this.program = {
      outputs: { ...outputs, loss, [WATCH]: watched },
      updates: [...this.optimizer.step(slope), ...updates, { state: watch, next: watched }],
    };
    const roots = [...Object.values(this.program.outputs), ...this.program.updates!.map((u) => u.next)];
    const states = topologicalOrder(roots).filter((node) => node.op === stateOp);
    this.initial = {
      step: 0,
      states: Object.fromEntries(
        states.map(({ attrs }) => [attrs.name, Float32Array.from(attrs.initial as Float64Array)]),
      ),
    };
    this.saved = this.initial;
  }

  /**
   * Traces the loss, differentiates, and compiles the training step.
   *
   * @throws LimitError, ShaderError or Error as `compile` does; then nothing is left on the GPU.
   */
  static async create(options: TrainerOptions): Promise<Trainer> {
    const trainer = new Trainer(options);
    trainer.live = await trainer.build(options.gpu);
    return trainer;
  }

  /** Steps taken. */
  get steps(): number {
    return this.reached;
  }

  /** The device that the trainer is on: after a lost one, another. */
  get gpu(): GpuContext {
    return this.running.gpu;
  }

  /** Dispatches of a step, as the latest one was taken. */
  get dispatches(): number {
    return this.running.programs.current.dispatches;
  }

  /** Bytes of the buffers of the training step, states included; during a quick start, of the programs of both kinds that are there. */
  get bytes(): number {
    return this.running.programs.bytes;
  }

  /**
   * The WGSL of each dispatch of a step, in order: see `Executable.shaders`.
   *
   * @example
   * ```ts gpu
   * import { fullyConnectedNet, input, requestDevice, squaredError, Trainer } from 'clebsch';
   * const net = fullyConnectedNet([1, 1]);
   * const trainer = await Trainer.create({
   *   gpu: await requestDevice(),
   *   module: net,
   *   loss: (weights) => squaredError(net.apply(weights, input('x', 4, 1)), input('y', 4, 1)),
   * });
   * const shaders = trainer.shaders();
   * [shaders.length === trainer.dispatches, shaders[0].code.includes('@compute')]; // => [true, true]
   * trainer.dispose();
   * ```
   */
  shaders(): { readonly label: string; readonly code: string }[] {
    return this.running.programs.current.shaders();
  }

  private get running(): Live {
    if (!this.live) throw new Error('the trainer was disposed of');
    return this.live;
  }

  /**
   * Takes steps and reads the loss of the last one. Calls of a trainer's methods wait for each other.
   *
   * @param times default 1
   * @throws NonFiniteError if the loss, or at a snapshot a state, is not finite.
   * @throws Error if `times` is no whole number from 1, a batch has not what the program reads (it names the step), or the
   * device was lost and no other is to be had. The steps before that one are taken.
   */
  async step(times = 1): Promise<StepResult> {
    whole('step: times', times, 1);
    return this.perform((live, goal) => this.advance(live, goal), times);
  }

  /**
   * Takes `steps` more steps, looking at the loss every `readEvery` of them. It lets the page live in between.
   *
   * @throws NonFiniteError, Error as `step` does, or if a number of steps is not whole.
   */
  async train(steps: number, options: TrainOptions = {}): Promise<StepResult> {
    const { readEvery = 10, onProgress, saveEvery, save, signal, whenHidden = 'continue' } = options;
    whole('train: steps', steps, 0);
    whole('train: readEvery', readEvery, 1);
    if (saveEvery !== undefined) whole('train: saveEvery', saveEvery, 1);
    const total = this.reached + steps;
    const meter = new ProgressMeter(this.reached, total);
    let result: StepResult = { step: this.reached, loss: Number.NaN, outputs: {} };
    let savedAt = this.reached;
    while (this.reached < total && !signal?.aborted) {
      if (whenHidden === 'pause') {
        meter.pause();
        await whenVisible(signal);
        meter.resume();
        if (signal?.aborted) break;
      }
      result = await this.step(Math.min(readEvery, total - this.reached));
      onProgress?.({ ...meter.at(result.step), ...result });
      if (save && saveEvery !== undefined && result.step - savedAt >= saveEvery) {
        savedAt = result.step;
        await save(await this.checkpoint(), savedAt);
      }
    }
    return result;
  }

  /** All states as they are now. */
  async snapshot(): Promise<Snapshot> {
    return this.perform(async (live) => ({ step: this.reached, states: await live.states.readAll() }));
  }

  /** The packed row of the parameters (or of their average) as it is now; see `Parameters`. */
  async packedParameters({ average = false } = {}): Promise<Float32Array> {
    const part = this.partOf(average);
    const { length } = this.parameters;
    const { states } = await this.snapshot();
    return states[this.optimizer.states.values].slice(part * length, (part + 1) * length);
  }

  /**
   * Goes back (or on) to a snapshot of a trainer like this one.
   *
   * @throws Error if a state is missing, unknown, of another length or not finite, or the step is no whole number;
   * then nothing has changed.
   */
  async restore(snapshot: Snapshot): Promise<void> {
    whole('restore: the step', snapshot.step, 0);
    checkStates(this.saved.states, snapshot.states);
    const copy = {
      step: snapshot.step,
      states: Object.fromEntries(Object.entries(snapshot.states).map(([name, v]) => [name, v.slice()])),
    };
    await this.perform(async (live) => {
      this.go(live, copy);
      this.reached = copy.step;
    });
  }

  /**
   * Everything that is needed to go on from here in the same bits, as the bytes of a safetensors file: parameters under
   * e3nn's names, which e3nn itself can load, the optimiser's moments, all other states, and the number of steps.
   *
   * @param notes whatever else the training wants to find again
   */
  async checkpoint(notes: Notes = null): Promise<Uint8Array> {
    const snapshot = await this.snapshot();
    const { writeTraining } = await files();
    return writeTraining({ ...snapshot, notes }, this.optimizer, this.fileOptions);
  }

  /**
   * The parameters and buffers as an e3nn state dict in a safetensors file. What was loaded from such a file keeps its
   * form, and numbers that training has not changed all their digits: an untouched model gives the same bytes.
   *
   * @param options `average`: the exponential moving average of the parameters instead of their last values
   * @throws Error if the average is asked for, and the optimiser keeps none (option `ema`).
   */
  async stateDict({ average = false } = {}): Promise<Uint8Array> {
    const part = this.partOf(average);
    const snapshot = await this.snapshot();
    const { writeStateDict } = await files();
    return writeStateDict(snapshot, part, this.optimizer, this.fileOptions, this.origin);
  }

  /**
   * Goes on from a checkpoint, or from an e3nn state dict: then the optimiser starts afresh with those parameters.
   *
   * @returns the notes that were written with it
   * @throws FileError if the bytes are no such file, or belong to another model; Error if they belong to another optimiser.
   * Then nothing has changed.
   */
  async load(bytes: Uint8Array): Promise<Notes> {
    const { readTraining } = await files();
    const { notes, origin, ...snapshot } = readTraining(
      bytes,
      this.optimizer,
      this.initial,
      this.fileOptions,
    );
    await this.restore(snapshot);
    this.origin = origin;
    return notes;
  }

  private get fileOptions() {
    return { parameters: this.parameters, description: this.options.description };
  }

  /**
   * Sets the learning rate (the factor before its schedule) from the next step on.
   *
   * @throws Error if it is not finite.
   */
  async setLearningRate(value: number): Promise<void> {
    await this.perform(async (live) => {
      live.states.write(this.optimizer.states.learningRate, [value]);
      // Steps that are taken again must have the rate that they had.
      await this.save(live);
    });
  }

  /**
   * A program that reads the trained weights where they are: predictions for validation, say.
   *
   * @param outputs traced once, when the evaluator is made
   * @param options `average`: use the exponential moving average of the parameters instead of their last values
   * @throws Error if the average is asked for, and the optimiser keeps none (option `ema`).
   */
  evaluator(
    outputs: (weights: Weights) => Readonly<Record<string, Node>>,
    { average = false } = {},
  ): Evaluator {
    this.partOf(average);
    const row = average ? this.optimizer.average! : this.optimizer.parameters;
    const traced = outputs(this.parameters.weights(row));
    const evaluator = new Evaluator(
      { outputs: traced },
      (work) => this.perform(work),
      (one) => this.evaluators.delete(one),
    );
    this.evaluators.add(evaluator);
    return evaluator;
  }

  /** Frees everything on the GPU. Steps that are under way fail; the trainer cannot be used any more. */
  dispose(): void {
    for (const evaluator of this.evaluators) evaluator.dispose();
    if (this.live) free(this.live);
    this.live = null;
  }

  /** Which row of the optimiser's state holds the parameters, or their average. */
  private partOf(average: boolean): number {
    if (average && !this.optimizer.average)
      throw new Error('the optimiser keeps no average of the parameters; make it with option `ema`');
    return average ? this.optimizer.parts.indexOf('ema') : 0;
  }

  private async build(gpu: GpuContext): Promise<Live> {
    const states = new StateStore(gpu.device);
    const programs = new StepPrograms(
      (optimizations) => compile(gpu, this.program, { states, optimizations }),
      this.options.quickStart ?? 0,
    );
    try {
      await programs.at(this.saved.step);
      return live(gpu, states, programs);
    } catch (error) {
      states.dispose();
      throw error;
    }
  }

  private feedsOf(step: number): GpuFeeds {
    const { feeds = {} } = this.options;
    return typeof feeds === 'function' ? feeds(step) : feeds;
  }

  private write(executable: Executable, step: number): void {
    try {
      writeAll(executable, this.feedsOf(step));
    } catch (error) {
      throw new Error(`step ${step}: ${(error as Error).message}`, { cause: error });
    }
  }

  private go({ states }: Live, snapshot: Snapshot): void {
    for (const [name, values] of Object.entries(snapshot.states)) states.write(name, values);
    this.saved = snapshot;
    this.taken = snapshot.step;
  }

  /** Up to the step `goal`, with a snapshot whenever one is due. */
  private async advance(live: Live, goal: number): Promise<StepResult> {
    let result: StepResult = { step: this.taken, loss: Number.NaN, outputs: {} };
    while (this.taken < goal) {
      const due = this.taken - (this.taken % this.snapshotEvery) + this.snapshotEvery;
      const end = live.programs.end(this.taken);
      const values = await this.submit(live, Math.min(goal, due, end));
      const { loss, [WATCH]: watched, ...outputs } = values;
      if (!Number.isFinite(watched[0])) throw await this.diagnose(live, 'the loss is not finite');
      if (this.taken === due) await this.save(live);
      this.losses = 0;
      result = { step: this.taken, loss: loss[0], outputs };
    }
    return result;
  }

  /** Submits the steps before `until`, and reads what the last one gives. */
  private async submit(live: Live, until: number): Promise<Record<string, Float32Array>> {
    const { programs } = live;
    const executable = await programs.at(this.taken);
    this.check(live);
    this.write(executable, this.taken);
    const changing = typeof this.options.feeds === 'function';
    while (changing && this.taken < until - 1) {
      executable.run();
      this.write(executable, ++this.taken);
    }
    const times = until - this.taken;
    this.taken = until;
    const values = await executable.runAndRead({ times });
    this.check(live);
    programs.prepare();
    return values;
  }

  private async save(live: Live): Promise<void> {
    const step = this.taken;
    const states = await live.states.readAll();
    this.check(live);
    const broken = Object.entries(states).find(([, values]) => !values.every(Number.isFinite));
    if (broken) throw await this.diagnose(live, `state "${broken[0]}" is no longer finite`);
    this.saved = { step, states };
  }

  /** Work that began on a device which is gone must not touch what has happened since. */
  private check(live: Live): void {
    if (live !== this.live) throw new Error('the trainer has moved to another device, or was disposed of');
  }

  /** Takes the steps since the last snapshot again, one by one, and looks into the first whose result is not finite. */
  private async diagnose(live: Live, what: string): Promise<NonFiniteError> {
    const until = this.taken;
    this.go(live, this.saved);
    let before = this.saved;
    while (this.taken < until) {
      const step = this.taken;
      const { loss } = await this.submit(live, step + 1);
      const states = await live.states.readAll();
      this.check(live);
      if (
        Number.isFinite(loss[0]) &&
        Object.values(states).every((values) => values.every(Number.isFinite))
      ) {
        before = { step: step + 1, states };
        continue;
      }
      this.go(live, before);
      const place = await findNonFinite(live.gpu, this.program, live.states, this.feedsOf(step));
      return new NonFiniteError(step, what, place);
    }
    return new NonFiniteError(until - 1, what, null);
  }

  /**
   * Does one thing after the other: `work` on the device, told the step that is `steps` further on. When the device is lost, moves to a new
   * one, takes the steps since the last snapshot again, and starts the work again there.
   */
  private perform<T>(work: (live: Live, goal: number) => Promise<T>, steps = 0): Promise<T> {
    const done = this.turn.then(async () => {
      const goal = this.reached + steps;
      for (;;) {
        const live = this.running;
        try {
          const result = await whileThere(
            live,
            this.resumed(live, () => work(live, goal)),
          );
          this.reached = this.taken;
          return result;
        } catch (error) {
          if (!this.live) throw new Error('the trainer was disposed of');
          const finite = !(error instanceof NonFiniteError);
          const info = error instanceof DeviceLost ? error.info : finite ? await soon(live) : null;
          if (!info) {
            // The trainer stands before the step that failed; a lost device takes nothing back.
            this.reached = this.taken;
            throw error;
          }
          await this.move(live, info);
        }
      }
    });
    this.turn = done.catch(() => {});
    return done;
  }

  private async resumed<T>(live: Live, work: () => Promise<T>): Promise<T> {
    if (this.taken < this.reached) await this.advance(live, this.reached);
    return work();
  }

  private async move(live: Live, info: GPUDeviceLostInfo): Promise<void> {
    const reached = this.taken;
    const reason = `${info.reason}: ${info.message}`;
    if (++this.losses > MOST_LOSSES)
      throw new Error(`the device was lost ${MOST_LOSSES} times without a step in between (${reason})`);
    this.options.onEvent?.({ kind: 'lost', step: reached, reason });
    for (const evaluator of this.evaluators) evaluator.forget();
    free(live);
    if (!live.gpu.renew)
      throw new Error(`the device was lost (${reason}), and its context cannot ask for another one (renew)`);
    const next = await this.build(await persist(live.gpu.renew));
    if (!this.live) {
      free(next);
      throw new Error('the trainer was disposed of');
    }
    this.live = next;
    this.go(next, this.saved);
    this.options.onEvent?.({ kind: 'recovered', step: this.taken, repeated: reached - this.taken });
  }
}

/** Throws unless a number is whole and at least `least`. */
function whole(what: string, value: number, least: number): void {
  if (!(Number.isSafeInteger(value) && value >= least))
    throw new Error(`${what} is ${value}, but must be a whole number from ${least}`);
}

function checkStates(known: Snapshot['states'], given: Snapshot['states']): void {
  for (const name of new Set([...Object.keys(known), ...Object.keys(given)])) {
    const [own, other] = [known[name], given[name]];
    if (!own)
      throw new Error(
        `restore: there is no state "${name}" here; known are ${Object.keys(known).join(', ')}`,
      );
    if (!other) throw new Error(`restore: the snapshot has no state "${name}"`);
    if (other.length !== own.length)
      throw new Error(`restore: state "${name}" holds ${own.length} numbers, the snapshot ${other.length}`);
    const bad = other.findIndex((v) => !Number.isFinite(v));
    if (bad >= 0) throw new Error(`restore: number ${bad} of state "${name}" is ${other[bad]}`);
  }
}
