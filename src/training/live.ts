import type { GpuContext } from '../gpu/device.ts';
import type { Executable, GpuFeeds } from '../gpu/execute.ts';
import type { StateStore } from '../gpu/state-store.ts';
import { DeviceLost, onLoss } from './device-loss.ts';
import type { StepPrograms } from './step-programs.ts';

/** How long to wait for the word that a device is lost after something has failed. */
const GRACE = 500;

/** What a trainer has on one device. */
export interface Live {
  readonly gpu: GpuContext;
  readonly states: StateStore;
  readonly programs: StepPrograms;
  /** Why the device is lost; null while it is there. */
  lost: GPUDeviceLostInfo | null;
  /** Told when the device is lost. */
  readonly waiting: Set<(info: GPUDeviceLostInfo) => void>;
  /** Ends listening for the loss. */
  readonly ignore: () => void;
}

export function live(gpu: GpuContext, states: StateStore, programs: StepPrograms): Live {
  const waiting: Live['waiting'] = new Set();
  const ignore = onLoss(gpu, (info) => {
    one.lost = info;
    for (const tell of waiting) tell(info);
  });
  const one: Live = { gpu, states, programs, lost: null, waiting, ignore };
  return one;
}

/** What the work gives, or a `DeviceLost` as soon as the device is gone. */
export function whileThere<T>({ lost, waiting }: Live, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const gone = (info: GPUDeviceLostInfo) => reject(new DeviceLost(info));
    if (lost) gone(lost);
    waiting.add(gone);
    work.then(resolve, reject).finally(() => waiting.delete(gone));
  });
}

/** Whether the device turns out to be lost within a moment: other promises may be rejected before that is known. */
export function soon({ lost, waiting }: Live): Promise<GPUDeviceLostInfo | null> {
  return new Promise((resolve) => {
    const done = (info: GPUDeviceLostInfo | null) => {
      clearTimeout(timer);
      waiting.delete(done);
      resolve(info);
    };
    const timer = setTimeout(() => done(lost), GRACE);
    waiting.add(done);
    if (lost) done(lost);
  });
}

/** Writes what the program reads, and refuses a batch in which some of it is missing. */
export function writeAll(executable: Executable, feeds: GpuFeeds): void {
  const missing = [...executable.inputs].filter((name) => !(name in feeds));
  if (missing.length > 0)
    throw new Error(
      `the batch lacks ${missing.map((name) => `"${name}"`).join(', ')}; it has ${Object.keys(feeds).join(', ') || 'nothing'}`,
    );
  executable.write(Object.fromEntries([...executable.inputs].map((name) => [name, feeds[name]])));
}

export function free({ states, programs, ignore }: Live): void {
  ignore();
  programs.dispose();
  states.dispose();
}
