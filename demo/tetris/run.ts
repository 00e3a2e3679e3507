import { requestDevice, tetrisShapes } from '../../src/index.ts';
import { countGpu } from '../shared/count-gpu.ts';
import { recipe, type TetrisOptions } from '../shared/tetris-recipe.ts';
import { TetrisTrainer } from '../shared/tetris-trainer.ts';

export interface TetrisRun extends TetrisOptions {
  readonly learningRate?: number;
  readonly seed: number;
  readonly steps: number;
  readonly rotations: number;
}

export interface Progress {
  readonly step: number;
  readonly loss: number;
  /** Fraction of the eight shapes recognised after this step, as last evaluated. */
  readonly accuracy: number;
}

export interface TetrisResult {
  readonly parameters: number;
  readonly adapter: string;
  readonly steps: number;
  /** First step after which all eight shapes are recognised; null if there is none. */
  readonly stepsTo100: number | null;
  /** Loss of the last step, before its update. */
  readonly loss: number;
  readonly accuracy: number;
  readonly accuracyRotated: number;
  readonly rotations: number;
  readonly recognised: Readonly<Record<string, number>>;
  readonly equivarianceError: number;
  readonly msPerStep: { readonly median: number; readonly min: number };
  readonly firstStepMs: number;
  readonly dispatchesPerStep: number;
  readonly submitsPerStep: number;
  readonly objectsCreatedPerStep: number;
  readonly gpuBytes: number;
}

/** Once all shapes are recognised, they are looked at only every so many steps. */
const EVALUATE_EVERY = 10;

/** Trains, evaluates and rotates; runs unchanged in a browser page and in Node. */
export async function run({
  arg,
  post,
}: {
  arg: TetrisRun;
  post(message: Progress): void;
}): Promise<TetrisResult> {
  const start = performance.now();
  const gpu = await requestDevice();
  const trainer = await TetrisTrainer.create(gpu, { ...arg, recipe: recipe(arg) });
  const counts = countGpu(gpu.device);
  let firstStepMs = 0;
  let stepsTo100: number | null = null;
  let accuracy = 0;
  let loss = Number.NaN;
  const times: number[] = [];
  let submits = 0;
  let objects = 0;
  for (let step = 1; step <= arg.steps; step++) {
    const before = { ...counts, time: performance.now() };
    loss = await trainer.step();
    if (!Number.isFinite(loss))
      throw new Error(`the loss became ${loss} at step ${step}; lower the learning rate (--lr)`);
    if (step === 1) firstStepMs = performance.now() - start;
    else {
      times.push(performance.now() - before.time);
      submits += counts.submits - before.submits;
      objects += counts.objects - before.objects;
    }
    if (stepsTo100 === null || step % EVALUATE_EVERY === 0 || step === arg.steps) {
      ({ accuracy } = await trainer.evaluate());
      if (accuracy === 1) stepsTo100 ??= step;
    }
    post({ step, loss, accuracy });
  }
  const report = await trainer.rotate(arg.rotations, arg.seed + 1);
  times.sort((a, b) => a - b);
  const measured = Math.max(1, times.length);
  const result: TetrisResult = {
    parameters: trainer.parameterCount,
    adapter: gpu.adapterName,
    steps: arg.steps,
    stepsTo100,
    loss,
    accuracy,
    accuracyRotated: report.recognised.reduce((a, b) => a + b, 0) / (tetrisShapes.length * arg.rotations),
    rotations: arg.rotations,
    recognised: Object.fromEntries(tetrisShapes.map(({ name }, s) => [name, report.recognised[s]])),
    equivarianceError: report.equivarianceError,
    msPerStep: { median: times[times.length >> 1] ?? firstStepMs, min: times[0] ?? firstStepMs },
    firstStepMs,
    dispatchesPerStep: trainer.dispatchesPerStep,
    submitsPerStep: submits / measured,
    objectsCreatedPerStep: objects / measured,
    gpuBytes: trainer.bytes,
  };
  trainer.dispose();
  gpu.device.destroy();
  return result;
}
