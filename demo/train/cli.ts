/** `npm run train`: trains an energy model on the energies and forces of a data set, and says how well it predicts others. */
import {
  accessSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { Irreps, Random } from '../../src/index.ts';
import { openRuntime } from '../../test/support/runtime.ts';
import { chooseSet, framesOfFolder, framesOfXyz, type NamedFrame, setsOf } from './data-folder.ts';
import { describedOptions } from './model.ts';
import { progressLine, reportLines } from './report.ts';
import type { TrainFailure, TrainMessage, TrainProgress, TrainResult, TrainRun } from './run.ts';

const usage = `npm run train -- --data DIR [options]
  --data DIR|FILE.extxyz     folder of .npy arrays (positions, forces, energies, numbers), or an extxyz file; of several
                             sets in a folder (PREFIX_positions.npy) DIR:PREFIX is one
  --train 200 --valid 100    frames to train on and to validate with, drawn at random (--seed)
  --test DIR|FILE.extxyz     further frames to test on, all of them; a set that is not trained on
  --energy-key --forces-key  their names in an extxyz file (default: the usual ones)
  --steps 1000               training steps, in all; the learning rate falls to zero over them, so a longer run is not the
                             continuation of a shorter one. 0: only evaluate (with --resume; --data and --train may be left out)
  --batch 5                  frames of a step
  --lr 0.02                  learning rate, at its highest (with --resume: that of the file)
  --hidden 16x0e+16x1o+16x2e features between the layers; --lmax 2  --layers 2
  --cutoff 5                 of the neighbours, Å
  --energy-weight 1          weight of the energies beside that of the forces
  --seed 0                   initial weights, choice and order of frames
  --md 1000                  steps of molecular dynamics (0.5 fs, from 300 K) with the trained model, which show how well
                             it keeps the energy (default: 1000 for up to 50 atoms, else 0)
  --out FILE.safetensors     where to write the model (an e3nn state dict, with the optimiser's states), twenty times on the way
  --resume FILE.safetensors  a file to go on from, also with other frames: the model and its elements are as the file says
  --runtime chromium|node    headless browser, or Node with Dawn (default chromium)
  --json                     one JSON object as the last line`;

/** For options: how they are used is said too. */
function fail(message: string): never {
  console.error(`train: ${message}\n\n${usage}`);
  process.exit(2);
}

/** For files: one line. */
function refuse(message: string): never {
  console.error(`train: ${message}`);
  process.exit(2);
}

/** What a file or folder is found to be wrong with is said with its name. */
function reading<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    refuse(`${what}: ${(error as Error).message}`);
  }
}

function parse() {
  try {
    return parseArgs({
      options: {
        data: { type: 'string' },
        test: { type: 'string' },
        train: { type: 'string' },
        valid: { type: 'string' },
        'energy-key': { type: 'string' },
        'forces-key': { type: 'string' },
        steps: { type: 'string', default: '1000' },
        batch: { type: 'string', default: '5' },
        lr: { type: 'string' },
        hidden: { type: 'string' },
        lmax: { type: 'string' },
        layers: { type: 'string' },
        cutoff: { type: 'string' },
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

type Whole = 'train' | 'valid' | 'steps' | 'batch' | 'lmax' | 'layers' | 'seed' | 'md';

function whole(name: Whole, least: number, text = values[name]): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    fail(`--${name} must be a whole number from ${least}, got "${text}"`);
  return value;
}

function positive(name: 'lr' | 'cutoff' | 'energy-weight'): number {
  const value = Number(values[name]);
  if (!(value > 0 && Number.isFinite(value)))
    fail(`--${name} must be a positive number, got "${values[name]}"`);
  return value;
}

function irreps(text: string): string {
  try {
    return Irreps.parse(text).toString();
  } catch (error) {
    fail(`--hidden: ${(error as Error).message}`);
  }
}

/** One set of frames: a file, or PREFIX of a folder DIR, written DIR:PREFIX. `id` is the same for the same frames. */
interface Source {
  readonly id: string;
  readonly set: string;
  /** All sets of the folder. */
  readonly sets: readonly string[];
  readonly load: () => NamedFrame[];
}

function find(text: string, role: 'train' | 'test'): Source {
  const colon = existsSync(text) ? -1 : text.lastIndexOf(':');
  const [path, asked] = colon < 0 ? [text, null] : [text.slice(0, colon), text.slice(colon + 1)];
  const id = realpathSync(path);
  if (!statSync(path).isDirectory()) {
    if (asked !== null) throw new Error(`${path} is a file; only folders have sets`);
    const [set, options] = [basename(path), { energy: values['energy-key'], forces: values['forces-key'] }];
    return { id, set, sets: [set], load: () => framesOfXyz(readFileSync(path), set, options) };
  }
  const names = readdirSync(path);
  const sets = setsOf(names);
  const set = chooseSet(sets, role, asked);
  const files = { names, read: (name: string) => readFileSync(join(path, name)) };
  return { id: `${id}:${set}`, set, sets, load: () => framesOfFolder(files, set) };
}

function load(text: string, { set, sets, load }: Source): NamedFrame[] {
  const frames = reading(text, load);
  const others = sets.length > 1 ? `; the folder has ${sets.join(', ')}` : '';
  console.log(`${text}: ${frames.length} frames of ${set}${others}`);
  return frames;
}

const kind = values.runtime;
if (kind !== 'chromium' && kind !== 'node') fail(`--runtime must be chromium or node, got "${kind}"`);
const [steps, seed] = [whole('steps', 0), whole('seed', 0)];
if (steps === 0 && !values.resume) fail('--steps 0 only evaluates, and needs a model: --resume');
if (!values.data && !(steps === 0 && values.test)) fail('--data is missing');
const trainCount = whole('train', steps === 0 ? 0 : 1, values.train ?? (steps === 0 ? '0' : '200'));
const validCount = whole('valid', 0, values.valid ?? (values.data ? '100' : '0'));
const options: Omit<TrainRun, 'train' | 'valid' | 'test' | 'resume'> = {
  steps,
  seed,
  batchSize: whole('batch', 1),
  learningRate: values.lr === undefined ? null : positive('lr'),
  given: {
    ...(values.hidden !== undefined && { hidden: irreps(values.hidden) }),
    ...(values.lmax !== undefined && { lmax: whole('lmax', 0) }),
    ...(values.layers !== undefined && { nLayers: whole('layers', 1) }),
    ...(values.cutoff !== undefined && { rMax: positive('cutoff') }),
  },
  energyWeight: positive('energy-weight'),
  dynamicsSteps: values.md === undefined ? null : whole('md', 0),
};

const { out } = values;
if (out)
  reading('--out', () => {
    accessSync(dirname(out), constants.W_OK);
    if (existsSync(out) && statSync(out).isDirectory())
      throw new Error(`${out} is a folder; name a file in it`);
  });
const resume = values.resume
  ? reading(`--resume ${values.resume}`, () => {
      const file = new Uint8Array(readFileSync(values.resume!));
      return { file, described: describedOptions(file) };
    })
  : null;
if (trainCount === 0 && !resume?.described)
  refuse(
    `--resume ${values.resume}: the file does not describe its model; frames to train on (--train) must do it`,
  );

const data = values.data ? reading(values.data, () => find(values.data!, 'train')) : null;
const test = values.test ? reading(values.test, () => find(values.test!, 'test')) : null;
if (test && trainCount > 0 && test.id === data?.id) {
  const others = test.sets.filter((set) => set !== test.set);
  const which = others.length > 0 ? `DIR:PREFIX names another: ${others.join(', ')}` : 'there is no other';
  refuse(`--test ${values.test}: ${test.set} is the set that is trained on; ${which}`);
}
const frames = data ? load(values.data!, data) : [];
if (trainCount + validCount > frames.length)
  refuse(
    `--train ${trainCount} and --valid ${validCount} ask for ${trainCount + validCount} frames, but there are ${frames.length}`,
  );
const shuffled = new Random(seed).shuffle([...frames]);
const run: TrainRun = {
  ...options,
  train: shuffled.slice(0, trainCount),
  valid: shuffled.slice(trainCount, trainCount + validCount),
  test: test ? load(values.test!, test) : [],
  resume,
};

const terminal = process.stdout.isTTY;
/** Whether the terminal's line is still being written over. */
let open = false;
let shown = 0;
let written: number | null = null;
let unwritten: string | null = null;

function take(message: TrainMessage): void {
  if ('checkpoint' in message) write(message.checkpoint);
  else if ('note' in message) say(console.log, message.note);
  else show(message);
}

function show(progress: TrainProgress): void {
  const { step, total } = progress;
  const line = progressLine(progress);
  if (terminal) {
    process.stdout.write(`\r${line.padEnd(80)}${step === total ? '\n' : ''}`);
    open = step < total;
  } else if (step < shown || step - shown >= total / 20 || step === total) {
    console.log(line);
    shown = step;
  }
}

/** On a line of its own. */
function say(print: (line: string) => void, line: string): void {
  if (open) process.stdout.write('\n');
  open = false;
  print(line);
}

/** Never half a file: a new one takes the old one's place when it is whole. */
function write(checkpoint: Uint8Array): void {
  if (!out) return;
  try {
    writeFileSync(`${out}.part`, checkpoint);
    renameSync(`${out}.part`, out);
    [written, unwritten] = [checkpoint.length, null];
  } catch (error) {
    unwritten = `the model could not be written to ${out}: ${(error as Error).message}`;
    say(console.error, `train: warning: ${unwritten}`);
  }
}

const runtime = await openRuntime(kind);
try {
  const result = await runtime.run<TrainResult | TrainFailure>('demo/train/run.ts', 'run', run, (message) =>
    take(message as TrainMessage),
  );
  if ('failed' in result) throw new Error(result.failed);
  if (unwritten === null && written !== null)
    say(console.log, `wrote ${out} (${(written / 1024).toFixed(0)} KiB)`);
  for (const line of reportLines(result, { valid: run.valid.length, test: run.test.length }))
    say(console.log, line);
  if (values.json) console.log(JSON.stringify({ runtime: kind, seed, ...result }));
  if (unwritten !== null) throw new Error(unwritten);
} catch (error) {
  say(console.error, `train: ${(error as Error).message}`);
  if (unwritten === null && written !== null) console.error(`train: what was trained before is in ${out}`);
  process.exitCode = 1;
} finally {
  await runtime.close();
}
