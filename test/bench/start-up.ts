import { prepare } from '../../src/compile.ts';
import { requestDevice } from '../../src/gpu/device.ts';
import { Executable } from '../../src/gpu/execute.ts';
import { QUICK } from '../../src/training/step-programs.ts';
import { tetrisWorkload } from './tetris-workload.ts';

/** Milliseconds of each stage from `navigator.gpu` to the end of the first training step. */
export interface StartUp {
  /** What is left to wait for the device, which is asked for first, when the gradient is there. */
  readonly device: number;
  /** Initial weights. */
  readonly weights: number;
  readonly tracing: number;
  readonly differentiation: number;
  readonly planning: number;
  /** Shaders of the first step linked and compiled, buffers and bind groups made. */
  readonly compilation: number;
  readonly firstRun: number;
  readonly total: number;
  /** What goes on afterwards, beside the first steps: the kernels of all others are compiled. */
  readonly later: number;
}

/** The first training step of the demo's default network, as the demo takes it, stage by stage; for a page or process that has done nothing yet. */
export async function startUp({ arg: { mul } }: { arg: { mul: number } }): Promise<StartUp> {
  const start = performance.now();
  let last = start;
  const lap = () => {
    const before = last;
    last = performance.now();
    return last - before;
  };
  const asked = requestDevice();
  const stages = { weights: 0, tracing: 0, differentiation: 0 };
  const { program, feeds } = tetrisWorkload(mul, (stage) => {
    stages[stage] = lap();
  });
  lap(); // counting arithmetic is no part of it
  const gpu = await asked;
  const device = lap();
  const maxInputs = gpu.device.limits.maxStorageBuffersPerShaderStage - 1;
  const prepared = prepare(program, { maxInputs, optimizations: QUICK });
  const planning = lap();
  const executable = await Executable.create(gpu, prepared);
  const compilation = lap();
  executable.write(feeds);
  await executable.runAndRead();
  const firstRun = lap();
  await Executable.create(gpu, prepare(program, { maxInputs }));
  const later = lap();
  const parts = { device, ...stages, planning, compilation, firstRun };
  gpu.device.destroy();
  return { ...parts, total: Object.values(parts).reduce((a, b) => a + b, 0), later };
}
