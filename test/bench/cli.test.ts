// `npm run bench` as a person runs it; what it says, not how long anything took.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { REPOSITORY } from '../support/server.ts';
import type { Measurement } from './measure.ts';
import type { BenchResult } from './result.ts';

async function bench(...args: string[]) {
  const program = ['test/support/run.mjs', 'test/bench/cli.ts', ...args];
  return promisify(execFile)(process.execPath, program, { cwd: REPOSITORY, maxBuffer: 2 ** 26 }).then(
    (done) => ({ status: 0, ...done }),
    (failed) => ({
      status: failed.code as number,
      stdout: failed.stdout as string,
      stderr: failed.stderr as string,
    }),
  );
}

const positive = expect.toSatisfy((value: unknown) => typeof value === 'number' && value > 0, 'positive');
const times = { median: positive, min: positive, count: positive };

test('one workload in Node: adapter, ceilings, workload, profile, targets with figures and those without', async () => {
  const { status, stdout, stderr } = await bench(
    ...['--quick', '--only', 'tetris-8|start-up', '--profile', '--runtime', 'node', '--json', '-'],
  );
  expect(status, stderr).toBe(0);
  const result: BenchResult = JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
  expect(result).toMatchObject({
    runtime: 'node',
    quick: true,
    adapter: expect.stringMatching(/./),
    ceilings: {
      gemm: { size: 256, tile: expect.stringMatching(/^\d+x\d+$/), gflops: positive, times },
      copy: { gbps: positive, times },
      dispatchUs: expect.any(Number),
      readback: times,
    },
    bundle: null,
    peers: [],
  });
  expect(Object.keys(result.workloads)).toEqual(['tetris-8']);
  const tetris = result.workloads['tetris-8'] as Measurement;
  expect(tetris).toMatchObject({ step: times, issue: times, together: { ...times, steps: 2 } });
  // What does not depend on the clock.
  expect(tetris.sizes).toEqual({ nodes: 28, edges: 68, parameters: 49_206 });
  expect([tetris.submits, tetris.submitsTogether, tetris.objects]).toEqual([1, 1, 0]);
  const { forward, backward, optimiser } = tetris.dispatches;
  const { byOp, byShader, costliest } = tetris.profile!;
  const count = (shares: typeof byOp) => shares.reduce((sum, { dispatches }) => sum + dispatches, 0);
  expect(count(byOp)).toBe(forward + backward + optimiser);
  expect(count(byShader)).toBe(forward + backward + optimiser);
  expect(costliest).toHaveLength(10);
  const traffic = byOp.reduce((sum, { bytes }) => sum + bytes, 0);
  expect(traffic).toBe(tetris.traffic);
  // More than the parameters with their moments, read and written.
  expect(traffic).toBeGreaterThan(24 * 49_206);
  expect(tetris.peakBytes).toBeGreaterThan(12 * 49_206);

  const { fresh, warm } = result.startUp!;
  expect(warm).toBeNull();
  const { total, later, ...parts } = fresh;
  expect(later).toBeGreaterThan(0);
  expect(Object.values(parts).reduce((a, b) => a + b, 0)).toBeCloseTo(total, 6);

  expect(result.targets.length).toBeGreaterThanOrEqual(15);
  for (const { at, target, figure, met, why } of result.targets)
    if (figure === null) expect([met, why]).toEqual([null, expect.stringMatching(/./)]);
    else expect(met).toBe(at === 'least' ? figure >= target : figure <= target);
  const named = (name: string) => result.targets.find((t) => t.name.startsWith(name))!;
  expect(named('dispatches in a training step')).toMatchObject({
    target: 60,
    figure: forward + backward + optimiser,
  });
  expect(named('conv memory')).toMatchObject({ figure: null, why: 'conv-1e6-both was not run' });
  expect(stdout).toContain(result.adapter);
  expect(stdout).toMatch(/^Targets$/m);
}, 300_000);

describe('what cannot be done is said in one line', () => {
  test.each([
    [['--runtime', 'deno'], '--runtime must be chromium or node, got "deno"'],
    [['--only', '('], 'Invalid regular expression'],
    [['--only', 'tetris-7'], 'no workload is named like /tetris-7/'],
    [['--fast'], "Unknown option '--fast'"],
  ])('%j', async (args, message) => {
    const { status, stderr } = await bench(...args);
    expect(status).toBe(2);
    expect(stderr.split('\n')[0]).toContain(message);
  });
});
