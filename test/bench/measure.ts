import { prepare } from '../../src/compile.ts';
import { Executable } from '../../src/gpu/execute.ts';
import { StateStore } from '../../src/gpu/state-store.ts';
import type { Node } from '../../src/graph/node.ts';
import type { OptimizationChoice } from '../../src/graph/optimizations.ts';
import { convolutionWorkload } from './convolution-workload.ts';
import { type MeasuredDevice, openDevice } from './device.ts';
import { forcesWorkload } from './forces-workload.ts';
import { makeGemm, measureGemm, type Tile } from './gemm.ts';
import { type Profile, profile } from './profile.ts';
import { tetrisWorkload } from './tetris-workload.ts';
import { type Sampling, sample, type Times, timesOf } from './timing.ts';
import type { Workload, WorkloadSpec } from './workload.ts';

export interface MeasureRun {
  readonly spec: WorkloadSpec;
  readonly quick: boolean;
  readonly profile: boolean;
  /** Rules that programs are compiled without. */
  readonly optimizations: OptimizationChoice;
  /** The matrix product that was the best, to measure once more beside the workload. */
  readonly gemm: { readonly size: number; readonly tile: Tile };
}

/** What was measured of a workload; `error` alone where it could not run. */
export interface Measurement {
  readonly sizes: Readonly<Record<string, number>>;
  /** Operations and bytes of a step that are needed (arithmetic.ts); bytes that its dispatches read and write. */
  readonly flops: number;
  readonly bytes: number | null;
  readonly traffic: number;
  /** A step that is waited for, and one of several in one submit. */
  readonly step: Times;
  readonly together: Times & { readonly steps: number };
  /** The main thread's time to issue a step. */
  readonly issue: Times;
  readonly dispatches: { readonly forward: number; readonly backward: number; readonly optimiser: number };
  /** Submits and objects created by a step after the first; submits of several steps together. */
  readonly submits: number;
  readonly submitsTogether: number;
  readonly objects: number;
  /** Most bytes of buffers at once, and what the program says it holds. */
  readonly peakBytes: number;
  readonly programBytes: number;
  /** GFLOP/s of the best matrix product, measured just before. */
  readonly gemm: number;
  readonly profile?: Profile;
}

/** Why a workload did not run, and the bytes of buffers that its program asks for. */
export interface Failure {
  readonly error: string;
  readonly sizes: Measurement['sizes'];
  readonly bytesAsked: number | null;
}

export type MeasureResult = Measurement | Failure;

function build(spec: WorkloadSpec): Workload {
  if (spec.kind === 'tetris') return tetrisWorkload(spec.mul);
  return spec.kind === 'convolution' ? convolutionWorkload(spec) : forcesWorkload(spec);
}

/** Compiles and measures one workload; runs in a page and in Node. */
export async function measure({ arg }: { arg: MeasureRun }): Promise<MeasureResult> {
  const workload = build(arg.spec);
  const device = await openDevice();
  try {
    return await measured(workload, device, arg);
  } catch (error) {
    const { plan } = prepare(workload.program, arg);
    const bytesAsked = plan.buffers.reduce((sum, { size }) => sum + 4 * size, 0);
    return { error: (error as Error).message, sizes: workload.sizes, bytesAsked };
  } finally {
    device.gpu.device.destroy();
  }
}

/** How many steps go into one submit, where they are short. */
const TOGETHER = 10;

async function measured(
  workload: Workload,
  measuredDevice: MeasuredDevice,
  run: MeasureRun,
): Promise<Measurement> {
  const { gpu, meter, idle } = measuredDevice;
  const { program, read } = workload;
  const maxInputs = gpu.device.limits.maxStorageBuffersPerShaderStage - 1;
  const options = { maxInputs, optimizations: run.optimizations };
  const states = new StateStore(gpu.device);
  const executable = await Executable.create(gpu, prepare(program, options), { states });
  executable.write(workload.feeds);
  let issued = 0;
  const step = async () => {
    const start = performance.now();
    const values = read.length > 0 ? executable.runAndRead({ outputs: read }) : executable.run();
    issued = performance.now() - start;
    await (values ?? idle());
  };
  const warmUp = await timed(step);
  const gemm = await gemmNow(measuredDevice, run);
  const before = { ...meter };
  // A step's own time decides how often it is worth repeating.
  const first = await timed(step);
  const [submits, objects] = [meter.submits - before.submits, meter.objects - before.objects];
  const slow = first > 3000;
  const sampling: Sampling = slow
    ? { least: 2, most: 2, budget: 0 }
    : run.quick
      ? { least: 2, most: 5, budget: 500 }
      : { least: 5, most: 60, budget: 5000 };
  // Of a very long one there are two: to get ready, and to measure.
  const times = warmUp > 20_000 ? timesOf([first]) : await sample(step, sampling);
  const issues = slow ? [issued] : [];
  for (let i = 0; i < (slow ? 0 : first > 500 || run.quick ? 3 : 30); i++) {
    const start = performance.now();
    executable.run();
    issues.push(performance.now() - start);
    await idle();
  }
  const steps = slow ? 1 : first > 500 || run.quick ? 2 : TOGETHER;
  const several = async () => {
    executable.run({ times: steps });
    await idle();
  };
  const counted = meter.submits;
  if (!slow) await several();
  const submitsTogether = slow ? submits : meter.submits - counted;
  const result: Measurement = {
    sizes: workload.sizes,
    flops: workload.flops,
    bytes: workload.bytes,
    traffic: executable.list.reduce((sum, { bytes }) => sum + bytes, 0),
    step: times,
    together: { ...(slow ? times : await sample(several, { ...sampling, least: 2 }, steps)), steps },
    issue: timesOf(issues),
    dispatches: dispatchesOf(workload, executable, options),
    submits,
    submitsTogether,
    objects,
    peakBytes: meter.peakBytes,
    programBytes: executable.bytes,
    gemm,
  };
  return run.profile
    ? { ...result, profile: await profile(executable, measuredDevice, slow || run.quick) }
    : result;
}

/** How many of a step's dispatches (those of later steps, without a prologue) the value alone takes, how many more its gradient, and how many more the rest. */
function dispatchesOf(
  { parts: { forward, gradient } }: Workload,
  { dispatches: all, prologueDispatches: once }: Executable,
  options: Parameters<typeof prepare>[1],
): Measurement['dispatches'] {
  const count = (roots: readonly Node[]) =>
    prepare({ outputs: Object.fromEntries(roots.map((node, i) => [i, node])) }, options).plan.dispatches
      .length;
  const [alone, both] = [count(forward), count([...forward, ...gradient])];
  return { forward: alone - once, backward: both - alone, optimiser: all + once - both };
}

async function timed(step: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await step();
  return performance.now() - start;
}

/** Other programs disturb: a fraction of the ceiling needs one that was measured at about the same time. */
async function gemmNow(device: MeasuredDevice, { gemm, quick }: MeasureRun): Promise<number> {
  const made = await makeGemm(device, gemm.size, gemm.tile);
  const { gflops } = await measureGemm(made, { least: 3, most: 8, budget: quick ? 0 : 500 });
  made.dispose();
  return gflops;
}
