// `npm run train` as a person runs it: from the arrays of a folder to a checkpoint, and from there on.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NamedFrame } from '../../demo/train/data-folder.ts';
import { describedOptions } from '../../demo/train/model.ts';
import type { TrainFailure, TrainMessage, TrainResult, TrainRun } from '../../demo/train/run.ts';
import { readNpy } from '../../src/io/npy.ts';
import { readSafetensors, writeSafetensors } from '../../src/io/safetensors.ts';
import { writeXyz } from '../../src/io/xyz-write.ts';
import { openRuntime, type Runtime } from '../support/runtime.ts';
import { REPOSITORY } from '../support/server.ts';

const benzene = 'demo/data/xtb_benzene';
const small = ['--train', '8', '--valid', '4', '--batch', '2', '--hidden', '4x0e+4x1o', '--lmax', '1'];
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clebsch-train-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function train(...args: string[]) {
  const program = ['test/support/run.mjs', 'demo/train/cli.ts', ...args];
  return promisify(execFile)(process.execPath, program, { cwd: REPOSITORY }).then(
    (done) => ({ status: 0, ...done }),
    (failed) => ({
      status: failed.code as number,
      stdout: failed.stdout as string,
      stderr: failed.stderr as string,
    }),
  );
}

const lastLine = (text: string) => JSON.parse(text.trimEnd().split('\n').at(-1)!);

describe('benzene', () => {
  test('in Chromium: progress with time left, errors, energy drift, a checkpoint that others can read', async () => {
    const [out, others] = [join(folder, 'benzene.safetensors'), join(folder, 'others.extxyz')];
    await writeFile(others, await someBenzene(6));
    const { status, stdout, stderr } = await train(
      ...[
        '--data',
        benzene,
        '--test',
        others,
        ...small,
        '--steps',
        '40',
        '--md',
        '20',
        '--out',
        out,
        '--json',
      ],
    );
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/step +40 of 40 \| loss [\d.e-]+ +\| [\d.]+ steps\/s \| 0 s left/);
    expect(stdout).toMatch(/20 steps of molecular dynamics from frame \d+ of positions\n/);
    expect(stdout).toMatch(/20 steps of molecular dynamics.* drifts by at most [\d.e-]+ meV per atom/);
    const result = lastLine(stdout);
    expect(result).toMatchObject({ steps: 40, runtime: 'chromium', adapter: expect.stringMatching(/./) });
    expect(result.trainSeconds).toBeGreaterThan(0);
    expect(result.trainSeconds).toBeLessThan(result.seconds);
    for (const part of ['valid', 'test'])
      for (const name of ['forceMae', 'forceRmse', 'energyMae', 'energyRmse'])
        expect(result[part][name]).toBeGreaterThan(0);
    // It has learned something, and the errors are in meV/Å.
    expect(result.baseline.forceMae).toBeGreaterThan(500);
    expect(result.valid.forceMae).toBeLessThan(0.9 * result.baseline.forceMae);
    expect(result.valid.forceRmse).toBeGreaterThan(result.valid.forceMae);
    const { tensors, metadata } = readSafetensors(new Uint8Array(await readFile(out)));
    expect([...tensors.keys()]).toContain('layers.0.sc.weight');
    expect([...metadata.values()].join()).toContain('energyModel');
  }, 300_000);

  test('with one seed twice the same, and on from a checkpoint', async () => {
    const [first, second] = ['first', 'second'].map((name) => join(folder, `${name}.safetensors`));
    const common = ['--data', benzene, ...small, '--steps', '6', '--md', '0', '--runtime', 'node', '--json'];
    const one = await train(...common, '--out', first);
    const two = await train(...common, '--out', second);
    expect(one.status, one.stderr).toBe(0);
    expect(await readFile(first)).toEqual(await readFile(second));
    const clocks = { seconds: 0, trainSeconds: 0, firstStepSeconds: 0 };
    expect({ ...lastLine(one.stdout), ...clocks }).toEqual({ ...lastLine(two.stdout), ...clocks });
    // It only evaluates, and says the same; the model is as the file says.
    const again = await train(
      ...['--data', benzene, '--train', '8', '--valid', '4', '--batch', '2', '--steps', '0', '--md', '0'],
      ...['--runtime', 'node', '--json', '--resume', first],
    );
    expect(again.status, again.stderr).toBe(0);
    const { valid } = lastLine(one.stdout);
    expect(lastLine(again.stdout)).toMatchObject({ steps: 6, loss: null, firstStepSeconds: null, valid });
    // A model of another kind refuses it.
    const other = await train(...common, '--hidden', '5x0e+4x1o', '--resume', first);
    expect(other.status).toBe(1);
    expect(other.stderr).toMatch(/5x0e\+4x1o/);
    expect(other.stderr).toMatch(/4x0e\+4x1o/);
  }, 300_000);
});

describe('what cannot be done is said in one line', () => {
  test.each([
    [['--data', benzene, '--out', 'demo'], '--out: demo is a folder'],
    [['--data', 'src'], 'src: the folder has no positions.npy'],
    [['--data', benzene, '--train', '900'], 'ask for 1000 frames, but there are 800'],
    [['--data', 'package.json'], 'package.json: '],
    [
      ['--data', `${benzene}:positions`, '--test', `./${benzene}`],
      'positions is the set that is trained on; there is no other',
    ],
  ])('%j', async (args, message) => {
    const { status, stderr } = await train(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test.each([
    [[], '--data is missing'],
    [['--data', benzene, '--steps', 'many'], '--steps must be a whole number from 0, got "many"'],
  ])('%j, and how it is used', async (args, message) => {
    const { status, stderr } = await train(...args);
    expect(status).toBe(2);
    expect(stderr.split('\n')[0]).toContain(message);
    expect(stderr).toContain('--energy-weight');
  });
});

test('an extxyz file: periodic cells and all; results although the model cannot be written', async () => {
  const out = join(folder, 'blocked.safetensors');
  await mkdir(`${out}.part`);
  const file = join(folder, 'crystal.extxyz');
  const frame = (shift: number) =>
    [
      '2',
      `Lattice="4 0 0 0 4 0 1 0 4" Properties=species:S:1:pos:R:3:forces:R:3 energy=${-10 + shift} pbc="T T T"`,
      `Na 0 0 0 ${shift} 0 ${-shift}`,
      `Cl ${2 + shift} 2 2 ${-shift} 0 ${shift}`,
    ].join('\n');
  const frames = [0.1, 0.2, 0.05, 0.15, 0.12, 0.17].map(frame);
  await writeFile(file, `${frames.join('\n')}\n`);
  const { status, stdout, stderr } = await train(
    ...['--data', file, '--train', '4', '--valid', '2', '--batch', '2', '--steps', '3', '--cutoff', '4.5'],
    ...['--hidden', '4x0e+4x1o', '--lmax', '1', '--md', '5', '--runtime', 'node', '--json', '--out', out],
  );
  expect(status).toBe(1);
  expect(stderr).toMatch(/^train: warning: the model could not be written to .*EISDIR/);
  expect(lastLine(stdout)).toMatchObject({ steps: 3, dynamics: { steps: 5 } });
}, 120_000);

describe('a run', () => {
  const chain = (atoms: number, r: number): NamedFrame => ({
    name: `frame ${atoms} of chains`,
    numbers: new Array(atoms).fill(1),
    pos: Array.from({ length: 3 * atoms }, (_, i) => (i % 3 === 2 ? r * Math.floor(i / 3) : 0)),
    forces: Array.from({ length: 3 * atoms }, (_, i) => (i === 2 ? r : i === 5 ? -r : 0)),
    energy: atoms * r,
  });
  const arg: TrainRun = {
    train: [chain(2, 0.8), chain(2, 0.9), chain(2, 1)],
    valid: [chain(5, 0.9)],
    test: [],
    steps: 2,
    batchSize: 2,
    learningRate: null,
    seed: 0,
    given: { hidden: '2x0e+2x1o', lmax: 1, nLayers: 1, rMax: 2 },
    energyWeight: 1,
    dynamicsSteps: 0,
    resume: null,
  };
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await openRuntime('node');
  });
  afterAll(() => runtime.close());

  async function run(changes: Partial<TrainRun>) {
    const messages: TrainMessage[] = [];
    const result = await runtime.run<TrainResult & TrainFailure>(
      'demo/train/run.ts',
      'run',
      { ...arg, ...changes },
      (message) => messages.push(message as TrainMessage),
    );
    return { ...result, messages };
  }

  test('larger frames to validate with, dynamics that fail, and then nothing left to train', async () => {
    const { messages, baseline, valid, dynamics, loss } = await run({ dynamicsSteps: 0.5 });
    // Twice a force of 0.9 eV/Å among 15 components.
    expect(baseline.forceMae).toBeCloseTo(120, 9);
    expect(dynamics).toEqual({ error: expect.stringContaining('0.5') });
    expect(loss).toBeGreaterThan(0);
    const kinds = messages.map((message) => Object.keys(message)[0]);
    expect(kinds.slice(-2)).toEqual(['checkpoint', 'note']);
    const [file] = messages.flatMap((message) => ('checkpoint' in message ? [message.checkpoint] : []));

    const described = describedOptions(file);
    expect(described).toMatchObject({ hidden: '2x0e+2x1o', elements: [1], nSpecies: 1 });
    const again = await run({ train: [], given: {}, resume: { file, described } });
    expect(again).toMatchObject({ steps: 2, loss: null, firstStepSeconds: null, valid });
    expect(again.messages[0]).toEqual({
      note: 'the model has taken 2 steps already, and --steps is 2: no more are taken',
    });
  });

  test('an element that the model does not know is found before the training', async () => {
    const water = { ...chain(3, 1), numbers: [1, 8, 1], name: 'frame 7 of water' };
    expect(await run({ test: [water] })).toEqual({
      failed: expect.stringMatching(/^frame 7 of water: element 8 is not among those of the model: 1/),
      messages: [],
    });
    const nothing = { ...chain(2, 1), energy: Number.NaN, name: 'frame 3 of water' };
    expect(await run({ train: [...arg.train, nothing] })).toMatchObject({
      failed: expect.stringMatching(/^frame 3 of water: the energy is NaN/),
    });
  });

  test('a loss that is not finite: what was trained before is given', async () => {
    const { failed, messages } = await run({ learningRate: 1e30, steps: 5 });
    expect(failed).toMatch(/not finite at step 1/);
    const last = messages.at(-1) as { checkpoint: Uint8Array };
    expect(readSafetensors(last.checkpoint).tensors.size).toBeGreaterThan(0);
  });
});

test('a file that says nothing of its model, or of another', () => {
  const file = (entries: [string, string][]) =>
    writeSafetensors({ tensors: new Map(), metadata: new Map(entries) });
  expect(describedOptions(file([]))).toBeNull();
  expect(() => describedOptions(file([['clebsch.model', 'tetrisGate']]))).toThrow('of the model tetrisGate');
  const options = {
    nSpecies: 2,
    lmax: 1,
    nLayers: 1,
    rMax: 4,
    numNeighbors: 9,
    scale: 1,
    hidden: '2x0e',
    elements: [1],
  };
  const short = file([
    ['clebsch.model', 'energyModel'],
    ['clebsch.options', JSON.stringify(options)],
  ]);
  expect(() => describedOptions(short)).toThrow('no elements that can be used');
});

/** The first frames of benzene, as an extxyz file. */
async function someBenzene(count: number): Promise<string> {
  const arrays = ['positions', 'forces', 'energies', 'numbers'].map(async (name) =>
    Float64Array.from(readNpy(await readFile(join(REPOSITORY, benzene, `${name}.npy`))).data as Float32Array),
  );
  const [pos, forces, energies, numbers] = await Promise.all(arrays);
  const of = (all: Float64Array, f: number) => all.slice(36 * f, 36 * f + 36);
  return writeXyz(
    Array.from({ length: count }, (_, f) => ({
      numbers: Uint8Array.from(numbers),
      pos: of(pos, f),
      forces: of(forces, f),
      energy: energies[f],
      pbc: [false, false, false],
      info: {},
      arrays: {},
    })),
  );
}
