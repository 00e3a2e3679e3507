import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OptimizationChoice } from '../../src/graph/optimizations.ts';
import { openRuntime, type Runtime, type RuntimeKind } from '../support/runtime.ts';
import { bundleSize } from './bundle.ts';
import type { CeilingsResult } from './ceilings.ts';
import type { MeasureResult, MeasureRun } from './measure.ts';
import { type PeerFigure, runPeers } from './peers.ts';
import type { BenchResult, StartUps } from './result.ts';
import type { StartUp } from './start-up.ts';
import { targetsOf } from './targets.ts';
import { workloads } from './workload.ts';

export interface BenchOptions {
  readonly runtime: RuntimeKind;
  readonly quick: boolean;
  readonly profile: boolean;
  /** Rules that workloads are compiled without. */
  readonly optimizations: OptimizationChoice;
  /** Which of `names`. */
  readonly only: RegExp | null;
  /** A copy of peerbench to run beside it. */
  readonly peers: string | null;
}

/** What the demo trains unless told otherwise; test/bench/bench.test.ts compares. */
export const DEFAULT_MUL = 8;

/** Everything that `only` can choose from. */
export const names = [...workloads.map(({ name }) => name), 'start-up', 'bundle', 'peers'];

/** Runs the benchmark: everything in one run, one after the other. `log` is told what is going on. */
export async function bench(options: BenchOptions, log: (line: string) => void): Promise<BenchResult> {
  const { runtime: kind, quick } = options;
  const wanted = (name: string) => !options.only || options.only.test(name);
  const chosen = workloads.filter(({ name }) => wanted(name) && !(quick && /^conv-1e[56]-/.test(name)));
  const [loadBefore] = loadavg();
  const startUp = wanted('start-up') ? await startUps(kind, log) : null;
  let runtime: Runtime | null = null;
  const run = async <T>(module: string, name: string, arg: unknown): Promise<T> => {
    runtime ??= await openRuntime(kind, { onConsole: (type, text) => log(`[page ${type}] ${text}`) });
    return runtime.run<T>(`test/bench/${module}`, name, arg);
  };
  try {
    log('ceilings');
    const ceilings = await run<CeilingsResult>('ceilings.ts', 'ceilings', { quick });
    const { size, tile } = ceilings.gemm;
    const [height, width] = tile.split('x').map(Number);
    const results: Record<string, MeasureResult> = {};
    for (const spec of chosen) {
      const arg: MeasureRun = {
        spec,
        quick,
        profile: options.profile,
        optimizations: options.optimizations,
        gemm: { size, tile: { height, width: width / 4 } },
      };
      try {
        const result = await run<MeasureResult>('measure.ts', 'measure', arg);
        results[spec.name] = result;
        log(`${spec.name}: ${'error' in result ? result.error : `${result.step.median.toFixed(2)} ms`}`);
      } catch (error) {
        // The page is gone, or its GPU process; the next workload gets another.
        results[spec.name] = { error: (error as Error).message, sizes: {}, bytesAsked: null };
        await (runtime as Runtime | null)?.close();
        runtime = null;
      }
    }
    await (runtime as Runtime | null)?.close();
    runtime = null;
    const bundle = wanted('bundle') ? await bundleSize() : null;
    const peers = options.peers ? await besidePeers(options.peers, quick, log) : [];
    const machine = { cores: cpus().length, loadBefore, loadAfter: loadavg()[0] };
    const measured = { machine, runtime: kind, quick, ceilings, startUp, bundle, workloads: results, peers };
    const { adapter, software } = ceilings;
    return {
      date: new Date().toISOString(),
      adapter,
      software,
      ...measured,
      targets: targetsOf({ ...measured, software }),
    };
  } finally {
    await (runtime as Runtime | null)?.close();
  }
}

/** What was measured before is not lost where the peers do not run. */
async function besidePeers(...args: Parameters<typeof runPeers>): Promise<PeerFigure[]> {
  try {
    return await runPeers(...args);
  } catch (error) {
    args[2](`peers: ${(error as Error).message}`);
    return [];
  }
}

/** In Chromium a browser that has an empty profile, and another with what the first one left. */
async function startUps(kind: RuntimeKind, log: (line: string) => void): Promise<StartUps> {
  log('start-up');
  const once = async (profile?: string) => {
    const runtime = await openRuntime(kind, { profile });
    try {
      return await runtime.run<StartUp>('test/bench/start-up.ts', 'startUp', { mul: DEFAULT_MUL });
    } finally {
      await runtime.close();
    }
  };
  // Node keeps no cache between runs, and this process has just begun.
  if (kind === 'node') return { mul: DEFAULT_MUL, fresh: await once(), warm: null };
  const profile = await mkdtemp(join(tmpdir(), 'clebsch-bench-'));
  try {
    return { mul: DEFAULT_MUL, fresh: await once(profile), warm: await once(profile) };
  } finally {
    await rm(profile, { recursive: true, force: true });
  }
}
