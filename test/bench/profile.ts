import type { Dispatch } from '../../src/gpu/dispatch.ts';
import type { Executable } from '../../src/gpu/execute.ts';
import type { MeasuredDevice } from './device.ts';
import { timesOf } from './timing.ts';

/** Dispatches that have something in common. */
export interface Share {
  readonly name: string;
  readonly dispatches: number;
  readonly ms: number;
  readonly bytes: number;
}

/** Where the time of a step goes. */
export interface Profile {
  /** How the times were taken: by the adapter's time stamps, or by running each dispatch several times. */
  readonly method: 'timestamps' | 'repetition';
  readonly byOp: readonly Share[];
  readonly byShader: readonly Share[];
  /** The ten dispatches that take longest. */
  readonly costliest: readonly Share[];
}

/** Takes the time of each dispatch of a program; states go on changing meanwhile. */
export async function profile(
  { list }: Executable,
  device: MeasuredDevice,
  quick: boolean,
): Promise<Profile> {
  const rounds = quick ? 2 : 5;
  const stamped = device.hasTimestamps ? await byTimestamps(list, device, rounds) : null;
  // An adapter may have time stamps that never advance.
  const usable = stamped?.some((ms) => ms > 0) ? stamped : null;
  const ms = usable ?? (await byRepetition(list, device, quick ? 1 : 3));
  const one = list.map(({ label, bytes }, i): Share => ({ name: label, dispatches: 1, ms: ms[i], bytes }));
  const by = (key: (dispatch: Dispatch) => string) => {
    const groups = new Map<string, Share>();
    list.forEach((dispatch, i) => {
      const name = key(dispatch);
      const { dispatches, ms: sum, bytes } = groups.get(name) ?? { dispatches: 0, ms: 0, bytes: 0 };
      groups.set(name, { name, dispatches: dispatches + 1, ms: sum + ms[i], bytes: bytes + dispatch.bytes });
    });
    return sorted([...groups.values()]);
  };
  return {
    method: usable ? 'timestamps' : 'repetition',
    byOp: by(({ op }) => op),
    byShader: by(({ shader }) => shader),
    costliest: sorted(one).slice(0, 10),
  };
}

const sorted = (shares: Share[]) => shares.sort((a, b) => b.ms - a.ms);

function dispatchOnce(pass: GPUComputePassEncoder, { pipeline, group, x, y }: Dispatch): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(x, y);
}

/** The median of several rounds; a pass for each dispatch, with its beginning and end. */
async function byTimestamps(
  list: readonly Dispatch[],
  { gpu: { device }, idle }: MeasuredDevice,
  rounds: number,
): Promise<number[]> {
  // A query set holds at most 4,096 time stamps.
  const SET = 2048;
  const samples: number[][] = list.map(() => []);
  for (let start = 0; start < list.length; start += SET) {
    const part = list.slice(start, start + SET);
    const count = 2 * part.length;
    const querySet = device.createQuerySet({ type: 'timestamp', count });
    const resolved = device.createBuffer({
      size: 8 * count,
      usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
    });
    const staging = device.createBuffer({
      size: 8 * count,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    for (let round = 0; round < rounds; round++) {
      const encoder = device.createCommandEncoder();
      part.forEach((dispatch, i) => {
        const timestampWrites = {
          querySet,
          beginningOfPassWriteIndex: 2 * i,
          endOfPassWriteIndex: 2 * i + 1,
        };
        const pass = encoder.beginComputePass({ timestampWrites });
        dispatchOnce(pass, dispatch);
        pass.end();
      });
      encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, 8 * count);
      device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      const stamps = new BigInt64Array(staging.getMappedRange().slice(0));
      staging.unmap();
      part.forEach((_, i) => {
        samples[start + i].push(Number(stamps[2 * i + 1] - stamps[2 * i]) / 1e6);
      });
    }
    await idle();
    querySet.destroy();
    resolved.destroy();
    staging.destroy();
  }
  return samples.map((each) => timesOf(each).median);
}

/** Each dispatch once to warm up, then `times` times in one submit; what an empty submit takes is left out. */
async function byRepetition(
  list: readonly Dispatch[],
  { gpu: { device }, idle }: MeasuredDevice,
  times: number,
): Promise<number[]> {
  const run = async (dispatch: Dispatch | null, count: number) => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (let i = 0; dispatch && i < count; i++) dispatchOnce(pass, dispatch);
    pass.end();
    const start = performance.now();
    device.queue.submit([encoder.finish()]);
    await idle();
    return performance.now() - start;
  };
  const empty: number[] = [];
  for (let i = 0; i < 5; i++) empty.push(await run(null, 0));
  const ms: number[] = [];
  for (const dispatch of list) {
    await run(dispatch, 1);
    ms.push(Math.max(0, (await run(dispatch, times)) - timesOf(empty).min) / times);
  }
  return ms;
}
