// `npm run train` as a person runs it: from the arrays of a folder to a checkpoint, and from there on.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSafetensors } from '../../src/io/safetensors.ts';
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
    const out = join(folder, 'benzene.safetensors');
    const { status, stdout, stderr } = await train(
      ...[
        '--data',
        benzene,
        '--test',
        benzene,
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
    expect(stdout).toMatch(/20 steps of molecular dynamics.* drifts by at most [\d.e-]+ meV per atom/);
    const result = lastLine(stdout);
    expect(result).toMatchObject({ steps: 40, runtime: 'chromium', adapter: expect.stringMatching(/./) });
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
    expect({ ...lastLine(one.stdout), seconds: 0, firstStepSeconds: 0 }).toEqual({
      ...lastLine(two.stdout),
      seconds: 0,
      firstStepSeconds: 0,
    });
    // All six steps are taken already: it only evaluates, and says the same.
    const again = await train(...common, '--resume', first);
    expect(again.status, again.stderr).toBe(0);
    expect(lastLine(again.stdout)).toMatchObject({ steps: 6, valid: lastLine(one.stdout).valid });
    // A model of another kind refuses it.
    const other = await train(...common, '--hidden', '5x0e+4x1o', '--resume', first);
    expect(other.status).toBe(1);
    expect(other.stderr).toMatch(/5x0e\+4x1o/);
    expect(other.stderr).toMatch(/4x0e\+4x1o/);
  }, 300_000);
});

describe('what cannot be done is said in one line', () => {
  test.each([
    [[], '--data is missing'],
    [['--data', benzene, '--out', 'nowhere/model.safetensors'], '--out: ENOENT'],
    [['--data', 'src'], 'src: the folder has no positions.npy'],
    [['--data', benzene, '--train', '900'], 'ask for 1000 frames, but there are 800'],
    [['--data', benzene, '--steps', 'many'], '--steps must be a whole number from 1, got "many"'],
    [['--data', 'package.json'], 'package.json: '],
  ])('%j', async (args, message) => {
    const { status, stderr } = await train(...args);
    expect(status).toBe(2);
    expect(stderr.split('\n')[0]).toContain(message);
  });

  test('a damaged array: which, and what is wrong with it', async () => {
    const damaged = join(folder, 'damaged');
    await cp(join(REPOSITORY, benzene), damaged, { recursive: true });
    const bytes = await readFile(join(damaged, 'forces.npy'));
    await writeFile(join(damaged, 'forces.npy'), bytes.subarray(0, 1000));
    const { status, stderr } = await train('--data', damaged);
    expect(status).toBe(2);
    expect(stderr.split('\n')[0]).toMatch(/forces/);
  });
});

test('an extxyz file: periodic cells and all', async () => {
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
    ...['--hidden', '4x0e+4x1o', '--lmax', '1', '--md', '5', '--runtime', 'node', '--json'],
  );
  expect(status, stderr).toBe(0);
  expect(lastLine(stdout)).toMatchObject({ steps: 3, dynamics: { steps: 5 } });
}, 120_000);
