import type { GpuContext } from '../gpu/device.ts';

/** Thrown into work whose device is gone. */
export class DeviceLost extends Error {
  readonly info: GPUDeviceLostInfo;
  constructor(info: GPUDeviceLostInfo) {
    super(info.message);
    this.info = info;
  }
}

type Listener = (info: GPUDeviceLostInfo) => void;
const devices = new WeakMap<
  GPUDevice,
  { info: GPUDeviceLostInfo | null; readonly listeners: Set<Listener> }
>();

/**
 * Calls back once when the device is lost, soon if it is already; returns how to call that off. A promise that may never
 * settle keeps all that was ever chained to it, so there is one chain for each device.
 */
export function onLoss({ device, lost }: GpuContext, listener: Listener): () => void {
  let watch = devices.get(device);
  if (!watch) {
    const made = { info: null as GPUDeviceLostInfo | null, listeners: new Set<Listener>() };
    lost.then((info) => {
      made.info = info;
      for (const tell of made.listeners) tell(info);
      made.listeners.clear();
    });
    devices.set(device, made);
    watch = made;
  }
  const { info, listeners } = watch;
  if (info) queueMicrotask(() => listener(info));
  else listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Asks for a device several times: after a driver reset the first answers may be "no adapter". */
export async function persist(renew: () => Promise<GpuContext>): Promise<GpuContext> {
  for (let wait = 100; ; wait *= 2) {
    try {
      return await renew();
    } catch (error) {
      if (wait > 5000) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, wait);
      });
    }
  }
}
