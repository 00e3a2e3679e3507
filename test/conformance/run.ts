// What runs in a browser page or in Node: all cases of one fixture file, several at a time.
import { requestDevice } from '../../src/gpu/device.ts';
import type { OptimizationChoice } from '../../src/graph/optimizations.ts';
import { type Family, loadFamilyWith } from '../support/fixture.ts';
import type { RunContext } from '../support/runtime.ts';
import type { Case, CaseGpu } from './case.ts';
import { families } from './families/index.ts';
import { Measure, type Measurement } from './measure.ts';

export interface FileOptions {
  /** The fixture file without its ending; its `family` field says which runner takes it. */
  readonly file: string;
  /** Without it, only the f64 reference is compared. Default true. */
  readonly gpu?: boolean;
  /** Rules that programs are compiled without. */
  readonly optimizations?: OptimizationChoice;
}

export interface CaseResult {
  readonly case: string;
  readonly measurements: readonly Measurement[];
  /** What was thrown, where the case did not get to its end. */
  readonly failure: string | null;
}

export interface FileResult {
  readonly cases: readonly CaseResult[];
  /** Cases that were not run, for want of something in this version: how many, by what they need. */
  readonly notCovered: Readonly<Record<string, number>>;
  /** What the GPU calls itself; null for pure mathematics. */
  readonly adapter: string | null;
}

/** So many cases are under way at once: the GPU's process compiles the next ones while this thread computes in f64. */
const CONCURRENT = 4;

/** Runs the cases of a file; posts the name of each when it is done. */
export async function runFile({ arg, post, readFile }: RunContext<FileOptions>): Promise<FileResult> {
  const family = await loadFamilyWith(readFile, arg.file);
  const runner = families[family.json.family];
  const gpu: CaseGpu | null =
    runner.gpu && arg.gpu !== false ? { ...(await requestDevice()), optimizations: arg.optimizations } : null;
  const errors: string[] = [];
  gpu?.device.addEventListener('uncapturederror', ({ error }) => errors.push(error.message));
  try {
    const cases = await runner.cases(family, readFile);
    const results = new Array<CaseResult>(cases.length);
    let next = 0;
    const worker = async () => {
      while (next < cases.length) {
        const at = next++;
        results[at] = await runCase(cases[at], family, gpu);
        post({ case: cases[at].name, done: at + 1, of: cases.length });
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT }, worker));
    if (errors.length > 0)
      results.push({
        case: 'WebGPU errors that no case caught',
        measurements: [],
        failure: errors.join('; '),
      });
    const notCovered = runner.notCovered?.(family) ?? {};
    return { cases: results, notCovered, adapter: gpu?.adapterName ?? null };
  } finally {
    gpu?.device.destroy();
  }
}

async function runCase(one: Case, { tensor }: Family, gpu: CaseGpu | null): Promise<CaseResult> {
  const measure = new Measure(tensor);
  let failure: string | null = null;
  try {
    await one.run(measure, gpu);
    if (measure.all.length === 0) failure = 'nothing was compared';
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  return { case: one.name, measurements: measure.all, failure };
}
