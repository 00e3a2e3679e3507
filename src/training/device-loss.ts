import type { GpuContext } from '../gpu/device.ts';

/** How long to wait for the word that a device is lost after something has failed. */
const GRACE = 500;

/** Thrown into work whose device is gone. */
export class DeviceLost extends Error {
  readonly info: GPUDeviceLostInfo;
  constructor(info: GPUDeviceLostInfo) {
    super(info.message);
    this.info = info;
  }
}

/** Whether the device turns out to be lost within a moment: other promises may be rejected before that one resolves. */
export function soon(lost: Promise<GPUDeviceLostInfo>): Promise<GPUDeviceLostInfo | null> {
  return Promise.race([
    lost,
    new Promise<null>((resolve) => {
      setTimeout(() => resolve(null), GRACE);
    }),
  ]);
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
