/** `npm run train`: trains an energy model on the energies and forces of a data set, and says how well it predicts others. */
import {
  accessSync,
  constants,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type LabelledFrame, Random } from '../../src/index.ts';
import { openRuntime } from '../../test/support/runtime.ts';
import { framesOfFolder, framesOfXyz, type Role } from './data-folder.ts';
import type { TrainCheckpoint, TrainProgress, TrainResult, TrainRun } from './run.ts';

const usage = `npm run train -- --data DIR [options]
  --data DIR|FILE.extxyz     folder of .npy arrays (positions, forces, energies, numbers), or an extxyz file
  --train 200 --valid 100    frames to train on and to validate with, drawn at random (--seed)
  --test DIR|FILE.extxyz     further frames to test on, all of them
  --steps 1000               training steps
  --batch 5                  frames of a step
  --lr 0.02                  learning rate, at its highest
  --hidden 16x0e+16x1o+16x2e features between the layers; --lmax 2  --layers 2
  --cutoff 5                 of the neighbours, Å
  --energy-weight 1          weight of the energies beside that of the forces
  --seed 0                   initial weights, choice and order of frames
  --md 1000                  steps of molecular dynamics (0.5 fs, from 300 K) with the trained model, which show how well
                             it keeps the energy (default: 1000 for up to 50 atoms, else 0)
  --out FILE.safetensors     where to write the model (an e3nn state dict, with the optimiser's states), twenty times on the way
  --resume FILE.safetensors  a file to go on from
  --runtime chromium|node    headless browser, or Node with Dawn (default chromium)
  --json                     one JSON object as the last line`;

function fail(message: string): never {
  console.error(`train: ${message}\n\n${usage}`);
  process.exit(2);
}

function parse() {
  try {
    return parseArgs({
      options: {
        data: { type: 'string' },
        test: { type: 'string' },
        train: { type: 'string', default: '200' },
        valid: { type: 'string', default: '100' },
        steps: { type: 'string', default: '1000' },
        batch: { type: 'string', default: '5' },
        lr: { type: 'string', default: '0.02' },
        hidden: { type: 'string', default: '16x0e+16x1o+16x2e' },
        lmax: { type: 'string', default: '2' },
        layers: { type: 'string', default: '2' },
        cutoff: { type: 'string', default: '5' },
        'energy-weight': { type: 'string', default: '1' },
        seed: { type: 'string', default: '0' },
        md: { type: 'string' },
        out: { type: 'string' },
        resume: { type: 'string' },
        runtime: { type: 'string', default: 'chromium' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    fail((error as Error).message);
  }
}

const values = parse();
if (values.help) {
  console.log(usage);
  process.exit(0);
}

function whole(
  name: 'train' | 'valid' | 'steps' | 'batch' | 'lmax' | 'layers' | 'seed' | 'md',
  least: number,
): number {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < least)
    fail(`--${name} must be a whole number from ${least}, got "${values[name]}"`);
  return value;
}

function positive(name: 'lr' | 'cutoff' | 'energy-weight'): number {
  const value = Number(values[name]);
  if (!(value > 0 && Number.isFinite(value)))
    fail(`--${name} must be a positive number, got "${values[name]}"`);
  return value;
}

/** Frames of a folder or an extxyz file; what is wrong with it is said with its name. */
function load(path: string, role: Role): LabelledFrame[] {
  try {
    if (!statSync(path).isDirectory()) return framesOfXyz(readFileSync(path));
    const { set, frames } = framesOfFolder(
      { names: readdirSync(path), read: (name) => readFileSync(join(path, name)) },
      role,
    );
    console.log(`${path}: ${frames.length} frames of ${set}`);
    return frames;
  } catch (error) {
    fail(`${path}: ${(error as Error).message}`);
  }
}

function readOrFail(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    fail(`--resume: ${(error as Error).message}`);
  }
}

if (!values.data) fail('--data is missing');
const kind = values.runtime;
if (kind !== 'chromium' && kind !== 'node') fail(`--runtime must be chromium or node, got "${kind}"`);
if (values.out) {
  try {
    accessSync(dirname(values.out), constants.W_OK);
  } catch (error) {
    fail(`--out: ${(error as Error).message}`);
  }
}
const seed = whole('seed', 0);
const [trainCount, validCount] = [whole('train', 1), whole('valid', 0)];
const frames = load(values.data, 'train');
if (trainCount + validCount > frames.length)
  fail(
    `--train ${trainCount} and --valid ${validCount} ask for ${trainCount + validCount} frames, but there are ${frames.length}`,
  );
const shuffled = new Random(seed).shuffle([...frames]);
const run: TrainRun = {
  train: shuffled.slice(0, trainCount),
  valid: shuffled.slice(trainCount, trainCount + validCount),
  test: values.test ? load(values.test, 'test') : [],
  steps: whole('steps', 1),
  batchSize: whole('batch', 1),
  learningRate: positive('lr'),
  hidden: values.hidden,
  lmax: whole('lmax', 0),
  layers: whole('layers', 1),
  cutoff: positive('cutoff'),
  energyWeight: positive('energy-weight'),
  dynamicsSteps: values.md === undefined ? (frames[0].numbers.length <= 50 ? 1000 : 0) : whole('md', 0),
  resume: values.resume ? readOrFail(values.resume) : null,
  seed,
};

const terminal = process.stdout.isTTY;
let shown = 0;

function show({ step, total, loss, stepsPerSecond, secondsLeft, event }: TrainProgress): void {
  if (event) {
    const what =
      event.kind === 'lost'
        ? `the device was lost at step ${event.step} (${event.reason})`
        : `going on from step ${event.step}; ${event.repeated} steps are taken again`;
    console.log(`\n${what}`);
    return;
  }
  const line =
    `step ${String(step).padStart(6)} of ${total} | loss ${loss.toPrecision(4).padEnd(10)} | ` +
    `${stepsPerSecond.toFixed(1)} steps/s | ${duration(secondsLeft)} left`;
  if (terminal) process.stdout.write(`\r${line.padEnd(80)}${step === total ? '\n' : ''}`);
  else if (step - shown >= total / 20 || step === total) {
    console.log(line);
    shown = step;
  }
}

/** Never half a file: a new one takes the old one's place when it is whole. */
function write(checkpoint: Uint8Array): void {
  if (!values.out) return;
  writeFileSync(`${values.out}.part`, checkpoint);
  renameSync(`${values.out}.part`, values.out);
}

function duration(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

const runtime = await openRuntime(kind);
try {
  const result = await runtime.run<TrainResult>('demo/train/run.ts', 'run', run, (message) => {
    const told = message as TrainProgress | TrainCheckpoint;
    if ('checkpoint' in told) write(told.checkpoint);
    else show(told);
  });
  report(result);
} catch (error) {
  if (terminal) process.stdout.write('\n');
  console.error(`train: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await runtime.close();
}

function report({ checkpoint, ...result }: TrainResult): void {
  if (values.out) {
    write(checkpoint);
    console.log(`wrote ${values.out} (${(checkpoint.length / 1024).toFixed(0)} KiB)`);
  }
  const rows: [
    string,
    { forceMae: number; forceRmse: number; energyMae?: number; energyRmse?: number } | null,
  ][] = [
    ['no forces at all', result.baseline],
    [`validation (${run.valid.length})`, result.valid],
    [`test (${run.test.length})`, result.test],
  ];
  console.log(
    '\n                    forces, meV/Å        energy, meV per atom\n                    MAE       RMSE      MAE       RMSE',
  );
  for (const [name, errors] of rows)
    if (errors)
      console.log(
        name.padEnd(20) +
          [errors.forceMae, errors.forceRmse, errors.energyMae, errors.energyRmse]
            .map((v) => (v === undefined ? '' : v.toPrecision(4)).padEnd(10))
            .join(''),
      );
  const { dynamics } = result;
  if (dynamics)
    console.log(
      `\n${dynamics.steps} steps of molecular dynamics, 0.5 fs each, at ${dynamics.temperature.toFixed(0)} K: the total energy drifts by at most ` +
        `${dynamics.drift.toPrecision(3)} meV per atom, ${dynamics.trend.toPrecision(3)} meV per atom and ps, and fluctuates by ${dynamics.fluctuation.toPrecision(3)}`,
    );
  console.log(
    `\n${result.parameters.toLocaleString('en')} parameters, ${result.steps} steps in ${duration(result.seconds)} on ${result.adapter} (${kind}); ` +
      `first step after ${result.firstStepSeconds.toFixed(1)} s, ${result.dispatchesPerStep} dispatches a step, ${(result.gpuBytes / 2 ** 20).toFixed(1)} MiB`,
  );
  if (values.json) console.log(JSON.stringify({ runtime: kind, seed, ...result }));
}
