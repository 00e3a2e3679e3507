import {
  AtomicBatches,
  adam,
  cosineDecay,
  type EnergyErrors,
  type EnergyModel,
  energyDrift,
  energyErrors,
  energyModel,
  energyPredictions,
  energyTaskLoss,
  type GpuContext,
  type Json,
  modelDynamics,
  NonFiniteError,
  requestDevice,
  Trainer,
  type TrainerEvent,
} from '../../src/index.ts';
import type { NamedFrame } from './data-folder.ts';
import { type GivenOptions, type ModelOptions, modelOptions, systemsOf } from './model.ts';

/** What `npm run train` asks for. */
export interface TrainRun {
  /** None, to evaluate only. */
  readonly train: readonly NamedFrame[];
  readonly valid: readonly NamedFrame[];
  readonly test: readonly NamedFrame[];
  /** 0 to evaluate only. */
  readonly steps: number;
  readonly batchSize: number;
  /** Null for that of the file that is gone on from, or else 0.02. */
  readonly learningRate: number | null;
  readonly seed: number;
  /** Of the model: comes before what the file or the defaults say. */
  readonly given: GivenOptions;
  readonly energyWeight: number;
  /** Steps of molecular dynamics with the trained model; null for 1,000 if the frame has up to 50 atoms, and else none. */
  readonly dynamicsSteps: number | null;
  /** A checkpoint to go on from, and the model that it describes, if it does. */
  readonly resume: { readonly file: Uint8Array; readonly described: ModelOptions | null } | null;
}

/** Now and then, and once after the last step, or before one whose loss was not finite. */
export interface TrainCheckpoint {
  readonly checkpoint: Uint8Array;
}

/** What happens besides steps. */
export interface TrainNote {
  readonly note: string;
}

/** Told about every ten steps. */
export interface TrainProgress {
  readonly step: number;
  readonly total: number;
  readonly loss: number;
  readonly stepsPerSecond: number;
  readonly secondsLeft: number;
}

export type TrainMessage = TrainCheckpoint | TrainNote | TrainProgress;

/** What went wrong. It is returned, so that what was posted before has arrived. */
export interface TrainFailure {
  readonly failed: string;
}

/** Errors in meV/Å and meV per atom. */
export interface TrainResult {
  readonly steps: number;
  /** From the beginning to the end. */
  readonly seconds: number;
  /** Of them, those of the training steps. */
  readonly trainSeconds: number;
  readonly adapter: string;
  readonly parameters: number;
  readonly valid: EnergyErrors | null;
  readonly test: EnergyErrors | null;
  /** Of predicting no force at all, on the validation frames, or else the test frames, or else those trained on. */
  readonly baseline: { readonly forceMae: number; readonly forceRmse: number };
  readonly dynamics: Dynamics | { readonly error: string } | null;
  /** Null if no step was taken. */
  readonly loss: number | null;
  readonly firstStepSeconds: number | null;
  readonly dispatchesPerStep: number;
  readonly gpuBytes: number;
}

/** Of the total energy in molecular dynamics from one of those frames at 300 K, 0.5 fs a step: meV per atom (and ps), K. */
export interface Dynamics {
  readonly steps: number;
  readonly drift: number;
  readonly trend: number;
  readonly fluctuation: number;
  readonly temperature: number;
}

interface Task {
  readonly arg: TrainRun;
  post(message: TrainMessage): void;
}

/** Trains an energy model on energies and forces; runs unchanged in a browser page and in Node. */
export async function run(task: Task): Promise<TrainResult | TrainFailure> {
  let gpu: GpuContext | null = null;
  let trainer: Trainer | null = null;
  try {
    const start = performance.now();
    const prepared = prepare(task.arg);
    gpu = await requestDevice();
    trainer = await trainerOf(task, prepared, gpu);
    const trained = await train(task, trainer);
    const judged = await judge(task, prepared, trainer);
    return {
      steps: trainer.steps,
      seconds: secondsSince(start),
      adapter: trainer.gpu.adapterName,
      parameters: trainer.parameters.count,
      ...trained,
      ...judged,
      dispatchesPerStep: trainer.dispatches,
      gpuBytes: trainer.bytes,
    };
  } catch (error) {
    return { failed: (error as Error).message };
  } finally {
    trainer?.dispose();
    gpu?.device.destroy();
  }
}

/** Model and batches: what is wrong with a frame is found before the training. */
function prepare(arg: TrainRun) {
  const options = modelOptions(arg.given, arg.resume?.described ?? null, arg.train);
  // In units in which the forces are about one, so that one learning rate suits all data.
  const weights = { energy: arg.energyWeight / options.scale ** 2, forces: 1 / options.scale ** 2 };
  const { batchSize } = arg;
  const batches = (frames: readonly NamedFrame[], seed: number | null) =>
    frames.length === 0
      ? null
      : new AtomicBatches(systemsOf(frames, options), {
          batchSize,
          species: options.nSpecies,
          weights,
          seed,
        });
  const training = batches(arg.train, arg.seed);
  const [valid, test] = [batches(arg.valid, null), batches(arg.test, null)];
  const judged = valid ?? test ?? training;
  if (!judged) throw new Error('there are no frames: neither to train on nor to evaluate with');
  const frame = [...arg.valid, ...arg.test, ...arg.train][0];
  return { options, model: energyModel(options), training: training ?? judged, valid, test, judged, frame };
}

type Prepared = ReturnType<typeof prepare>;

async function trainerOf(
  { arg, post }: Task,
  { options, model, training }: Prepared,
  gpu: GpuContext,
): Promise<Trainer> {
  const { steps, seed, resume, learningRate } = arg;
  const trainer = await Trainer.create({
    gpu,
    module: model,
    loss: energyTaskLoss(model, training.size, ['energy', 'forces']),
    feeds: (step) => training.feeds(step),
    optimizer: (initial) =>
      adam(initial, {
        learningRate: learningRate ?? 0.02,
        schedule: cosineDecay(Math.max(1, steps), { rise: Math.min(100, Math.floor(steps / 10)) }),
        clipNorm: 10,
        ema: 0.99,
      }),
    seed,
    description: { name: 'energyModel', options: options as unknown as Readonly<Record<string, Json>> },
    onEvent: (event) => post({ note: told(event) }),
  });
  if (resume) {
    await trainer.load(resume.file);
    if (learningRate !== null) await trainer.setLearningRate(learningRate);
  }
  return trainer;
}

async function train({ arg: { steps }, post }: Task, trainer: Trainer) {
  const left = steps - trainer.steps;
  if (steps > 0 && left <= 0)
    post({
      note: `the model has taken ${trainer.steps} steps already, and --steps is ${steps}: no more are taken`,
    });
  if (left <= 0) {
    post({ checkpoint: await trainer.checkpoint() });
    return { loss: null, firstStepSeconds: null, trainSeconds: 0 };
  }
  const start = performance.now();
  try {
    let { loss } = await trainer.step();
    const firstStepSeconds = secondsSince(start);
    if (left > 1)
      ({ loss } = await trainer.train(left - 1, {
        onProgress: post,
        saveEvery: Math.max(10, Math.ceil(steps / 20)),
        save: (checkpoint) => post({ checkpoint }),
      }));
    post({ checkpoint: await trainer.checkpoint() });
    return { loss, firstStepSeconds, trainSeconds: secondsSince(start) };
  } catch (error) {
    if (error instanceof NonFiniteError) post({ checkpoint: await trainer.checkpoint() });
    throw error;
  }
}

async function judge(
  { arg, post }: Task,
  { model, valid, test, judged, frame, options }: Prepared,
  trainer: Trainer,
) {
  const errors = async (batches: AtomicBatches | null): Promise<EnergyErrors | null> => {
    if (!batches) return null;
    const evaluator = trainer.evaluator(energyPredictions(model, batches.size), { average: true });
    const found = await energyErrors((feeds) => evaluator.run(feeds), batches);
    evaluator.dispose();
    return inMilli(found);
  };
  const { graphs, atoms } = judged.size;
  const nothing = { energy: new Float64Array(graphs), forces: new Float64Array(3 * atoms) };
  const { forceMae, forceRmse } = inMilli(await energyErrors(async () => nothing, judged));
  const found = { valid: await errors(valid), test: await errors(test), baseline: { forceMae, forceRmse } };
  const steps = arg.dynamicsSteps ?? (frame.numbers.length <= 50 ? 1000 : 0);
  if (steps === 0) return { ...found, dynamics: null };
  post({ note: `${steps} steps of molecular dynamics from ${frame.name}` });
  // The errors are worth having even where the atoms fly apart.
  const dynamics = await drift(trainer, model, frame, options.elements, steps).catch((error: Error) => ({
    error: error.message,
  }));
  return { ...found, dynamics };
}

/** Lets the atoms of a frame move under the averaged model. */
async function drift(
  trainer: Trainer,
  model: EnergyModel,
  { numbers, pos, cell, pbc }: NamedFrame,
  elements: readonly number[],
  steps: number,
): Promise<Dynamics> {
  const averaged = await trainer.packedParameters({ average: true });
  const species = Array.from(numbers, (z) => elements.indexOf(z));
  const system = modelDynamics(model, averaged, { positions: pos, numbers, species, cell, pbc });
  const { samples, ...measured } = await energyDrift(trainer.gpu, { ...system, steps });
  return { steps, ...measured };
}

function inMilli(errors: EnergyErrors): EnergyErrors {
  return Object.fromEntries(Object.entries(errors).map(([name, value]) => [name, 1000 * value])) as never;
}

const secondsSince = (start: number) => (performance.now() - start) / 1000;

function told(event: TrainerEvent): string {
  return event.kind === 'lost'
    ? `the device was lost at step ${event.step} (${event.reason})`
    : `going on from step ${event.step}; ${event.repeated} steps are taken again`;
}
