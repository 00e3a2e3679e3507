import {
  AtomicBatches,
  adam,
  atomicStatistics,
  cosineDecay,
  type EnergyErrors,
  type EnergyModel,
  energyDrift,
  energyErrors,
  energyModel,
  energyPredictions,
  energyTaskLoss,
  type LabelledFrame,
  labelledSystem,
  modelDynamics,
  requestDevice,
  Trainer,
  type TrainerEvent,
} from '../../src/index.ts';

/** What `npm run train` asks for. */
export interface TrainRun {
  readonly train: readonly LabelledFrame[];
  readonly valid: readonly LabelledFrame[];
  readonly test: readonly LabelledFrame[];
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
  readonly cutoff: number;
  readonly hidden: string;
  readonly lmax: number;
  readonly layers: number;
  readonly energyWeight: number;
  /** Steps of molecular dynamics with the trained model; 0 for none. */
  readonly dynamicsSteps: number;
  /** A checkpoint to go on from. */
  readonly resume: Uint8Array | null;
}

/** Now and then: where the training could go on from. */
export interface TrainCheckpoint {
  readonly checkpoint: Uint8Array;
}

/** Told about every ten steps. */
export interface TrainProgress {
  readonly step: number;
  readonly total: number;
  readonly loss: number;
  readonly stepsPerSecond: number;
  readonly secondsLeft: number;
  readonly event?: TrainerEvent;
}

/** Errors in meV/Å and meV per atom. */
export interface TrainResult {
  readonly steps: number;
  readonly seconds: number;
  readonly adapter: string;
  readonly parameters: number;
  readonly valid: EnergyErrors | null;
  readonly test: EnergyErrors | null;
  /** Of predicting no force at all, on the validation frames. */
  readonly baseline: { readonly forceMae: number; readonly forceRmse: number };
  /** Of the total energy in molecular dynamics from a validation frame at 300 K, 0.5 fs a step: meV per atom (and ps), K. */
  readonly dynamics: {
    readonly steps: number;
    readonly drift: number;
    readonly trend: number;
    readonly fluctuation: number;
    readonly temperature: number;
  } | null;
  readonly loss: number;
  readonly dispatchesPerStep: number;
  readonly gpuBytes: number;
  readonly firstStepSeconds: number;
  readonly checkpoint: Uint8Array;
}

/** Trains an energy model on energies and forces; runs unchanged in a browser page and in Node. */
export async function run({
  arg,
  post,
}: {
  arg: TrainRun;
  post(message: TrainProgress | TrainCheckpoint): void;
}): Promise<TrainResult> {
  const start = performance.now();
  const { cutoff, steps, batchSize, seed } = arg;
  const statistics = atomicStatistics(arg.train, cutoff);
  const { elements, forceRms, numNeighbors } = statistics;
  const options = {
    nSpecies: elements.length,
    hidden: arg.hidden,
    lmax: arg.lmax,
    nLayers: arg.layers,
    rMax: cutoff,
    numNeighbors,
    scale: forceRms,
  };
  const model = energyModel(options);
  // In units in which the forces are about one, so that one learning rate suits all data.
  const weights = { energy: arg.energyWeight / forceRms ** 2, forces: 1 / forceRms ** 2 };
  const batches = (frames: readonly LabelledFrame[], order: number | null) =>
    new AtomicBatches(
      frames.map((frame) => labelledSystem(frame, cutoff, statistics)),
      { batchSize, species: elements.length, weights, seed: order },
    );
  const training = batches(arg.train, seed);
  const gpu = await requestDevice();
  const trainer = await Trainer.create({
    gpu,
    module: model,
    loss: energyTaskLoss(model, training.size, ['energy', 'forces']),
    feeds: (step) => training.feeds(step),
    optimizer: (initial) =>
      adam(initial, {
        learningRate: arg.learningRate,
        schedule: cosineDecay(steps, { rise: Math.min(100, Math.floor(steps / 10)) }),
        clipNorm: 10,
        ema: 0.99,
      }),
    seed,
    description: {
      name: 'energyModel',
      options: { ...options, elements: [...elements], atomicEnergies: [...statistics.atomicEnergies] },
    },
    onEvent: (event) =>
      post({ step: event.step, total: steps, loss: 0, stepsPerSecond: 0, secondsLeft: 0, event }),
  });
  if (arg.resume) trainer.load(arg.resume);
  let { loss } = await trainer.step(Math.min(1, steps - trainer.steps));
  const firstStepSeconds = (performance.now() - start) / 1000;
  ({ loss } = await trainer.train(steps - trainer.steps, {
    onProgress: post,
    saveEvery: Math.max(10, Math.ceil(steps / 20)),
    save: (checkpoint) => post({ checkpoint }),
  }));
  const errors = async (frames: readonly LabelledFrame[]): Promise<EnergyErrors | null> => {
    if (frames.length === 0) return null;
    const own = batches(frames, null);
    const evaluator = trainer.evaluator(energyPredictions(model, own.size), { average: true });
    const found = await energyErrors((feeds) => evaluator.run(feeds), own);
    evaluator.dispose();
    return inMilli(found);
  };
  const [valid, test] = [await errors(arg.valid), await errors(arg.test)];
  const judged = arg.valid.length > 0 ? arg.valid : arg.train;
  const nothing = await energyErrors(
    async () => ({ energy: new Float64Array(batchSize), forces: new Float64Array(3 * training.size.atoms) }),
    batches(judged, null),
  );
  const { forceMae, forceRmse } = inMilli(nothing);
  const { executable } = trainer.running;
  const dynamics =
    arg.dynamicsSteps > 0 ? await drift(trainer, model, judged[0], elements, arg.dynamicsSteps) : null;
  const result: TrainResult = {
    steps: trainer.steps,
    seconds: (performance.now() - start) / 1000,
    adapter: trainer.running.gpu.adapterName,
    parameters: trainer.parameters.count,
    valid,
    test,
    baseline: { forceMae, forceRmse },
    dynamics,
    loss,
    dispatchesPerStep: executable.dispatches,
    gpuBytes: executable.bytes,
    firstStepSeconds,
    checkpoint: await trainer.checkpoint(),
  };
  trainer.dispose();
  gpu.device.destroy();
  return result;
}

/** Lets the atoms of a frame move under the averaged model. */
async function drift(
  trainer: Trainer,
  model: EnergyModel,
  { numbers, pos, cell, pbc }: LabelledFrame,
  elements: readonly number[],
  steps: number,
) {
  const { states } = await trainer.snapshot();
  const all = states[trainer.optimizer.states.values];
  const averaged = all.slice(-trainer.parameters.length);
  const species = Array.from(numbers, (z) => elements.indexOf(z));
  const system = modelDynamics(model, averaged, { positions: pos, numbers, species, cell, pbc });
  const { samples, ...measured } = await energyDrift(trainer.running.gpu, { ...system, steps });
  return { steps, ...measured };
}

function inMilli(errors: EnergyErrors): EnergyErrors {
  return Object.fromEntries(Object.entries(errors).map(([name, value]) => [name, 1000 * value])) as never;
}
