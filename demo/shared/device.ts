import { type GpuContext, requestDevice } from '../../src/index.ts';

/** The GPU of this page, or why there is none. */
export interface PageDevice {
  readonly gpu: GpuContext | null;
  /** One sentence or two: what is missing and what to do. Null where there is a GPU. */
  readonly problem: string | null;
}

let current: Promise<PageDevice> | null = null;

/**
 * The one device that all elements of the page share, asked for at the first call; after a loss its successor. It
 * never rejects.
 */
export function pageDevice(): Promise<PageDevice> {
  current ??= open(requestDevice);
  return current;
}

/** While the browser starts its GPU process again there is no adapter for a moment. */
const ATTEMPTS = 10;
const PAUSE_MS = 300;

function open(request: () => Promise<GpuContext>): Promise<PageDevice> {
  const opened = request().then(
    (gpu): PageDevice => {
      void gpu.lost.then(() => {
        if (current === opened) current = open(() => persistently(gpu.renew ?? requestDevice));
      });
      return { gpu, problem: null };
    },
    (error): PageDevice => ({ gpu: null, problem: (error as Error).message }),
  );
  return opened;
}

async function persistently(request: () => Promise<GpuContext>): Promise<GpuContext> {
  for (let attempt = 1; ; attempt++)
    try {
      return await request();
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await new Promise((later) => setTimeout(later, PAUSE_MS));
    }
}

/** Whether the adapter computes on the processor. */
export function isSoftware({ device, adapterName }: GpuContext): boolean {
  return (
    device.adapterInfo?.isFallbackAdapter === true ||
    /swiftshader|llvmpipe|lavapipe|basic render/i.test(adapterName)
  );
}

/** The adapter's name, and that it is slow where it is no GPU. */
export function describeAdapter(gpu: GpuContext): string {
  return gpu.adapterName + (isSoftware(gpu) ? ' (software: it runs on the processor, so it is slow)' : '');
}

/** What computes the numbers on the page, in a sentence. */
export function whatComputes(gpu: GpuContext | null): string {
  return gpu
    ? `Computed on ${describeAdapter(gpu)}.`
    : 'Computed on the processor, by the definitions of the ops in 64 bits.';
}
