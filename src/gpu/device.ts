/** A WebGPU device that the engine can run on, and what is known of it. */
export interface GpuContext {
  readonly device: GPUDevice;
  /** What the adapter calls itself: vendor, architecture, device, description. */
  readonly adapterName: string;
  /** Resolves, with the reason, when the device is lost; it never rejects. */
  readonly lost: Promise<GPUDeviceLostInfo>;
  /**
   * A new device in place of one that was lost, asked for as this one was; the same for all who ask. Absent where the
   * context was put together by hand.
   */
  renew?(): Promise<GpuContext>;
}

/** Which device `requestDevice` asks for. */
export interface DeviceOptions {
  /** Where WebGPU comes from; by default `navigator.gpu`. In Node, pass `create([])` of the npm package `webgpu`. */
  readonly gpu?: GPU;
  /** On machines with two GPUs, which one; default "high-performance". */
  readonly powerPreference?: GPUPowerPreference;
}

/**
 * Adapters on which it was measured that neighbouring invocations should share loads. SwiftShader runs four side by side, as
 * a GPU does its quads, and loads for each of them one after the other.
 */
const QUADS_PAY = /swiftshader/i;

/**
 * Asks for a device with the adapter's own limits for buffers and bindings, and with the feature `subgroups` where it pays.
 *
 * @throws Error if there is no WebGPU here or no adapter; it says what is missing and what to do.
 * @example
 * ```ts gpu
 * import { requestDevice } from 'clebsch';
 * const { device } = await requestDevice();
 * device.limits.maxStorageBuffersPerShaderStage >= 8; // => true
 * ```
 */
export async function requestDevice(options: DeviceOptions = {}): Promise<GpuContext> {
  const gpu = options.gpu ?? (typeof navigator === 'undefined' ? undefined : navigator.gpu);
  if (!gpu) throw new Error(noWebGpuMessage());
  const adapter = await gpu.requestAdapter({
    powerPreference: options.powerPreference ?? 'high-performance',
  });
  if (!adapter)
    throw new Error(
      'WebGPU is here, but it found no adapter (no usable GPU or driver). Update the graphics driver; on a machine without ' +
        'a GPU start Chromium with --enable-unsafe-webgpu --use-webgpu-adapter=swiftshader.',
    );
  const wanted = [
    'maxBufferSize',
    'maxStorageBufferBindingSize',
    'maxStorageBuffersPerShaderStage',
    'maxComputeWorkgroupsPerDimension',
  ] as const;
  const requiredLimits: Record<string, number> = {};
  for (const name of wanted) requiredLimits[name] = adapter.limits[name];
  const { vendor, architecture, device: model, description } = adapter.info;
  const adapterName =
    [vendor, architecture, model, description].filter(Boolean).join(' / ') || 'unnamed adapter';
  const quads = QUADS_PAY.test(adapterName) && adapter.features.has('subgroups');
  const requiredFeatures: GPUFeatureName[] = quads ? ['subgroups'] : [];
  const device = await adapter.requestDevice({ requiredLimits, requiredFeatures });
  let successor: Promise<GpuContext> | null = null;
  const renew = () => {
    successor ??= requestDevice(options);
    // Whoever asks again after a failure (the driver was still starting) gets a new attempt.
    successor.catch(() => {
      successor = null;
    });
    return successor;
  };
  return { device, adapterName, lost: device.lost, renew };
}

function noWebGpuMessage(): string {
  if (typeof isSecureContext !== 'undefined' && !isSecureContext)
    return 'WebGPU needs a secure page: open it over https:// or from http://localhost, not from a plain http:// address.';
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  if (process?.versions?.node)
    return (
      'There is no WebGPU in this Node process. Install the npm package "webgpu" and pass its implementation: ' +
      "import { create } from 'webgpu'; await requestDevice({ gpu: create([]) })."
    );
  return 'This browser has no WebGPU. Use Chrome or Edge 113, Safari 26 or Firefox 141, or newer ones.';
}

/**
 * A limit of the device that a program exceeds: which, by how much, and what to lower.
 *
 * @example
 * ```ts gpu
 * import { compile, input, LimitError, requestDevice, scale } from 'clebsch';
 * const gpu = await requestDevice();
 * const rows = gpu.device.limits.maxBufferSize; // as many numbers as bytes are allowed: 4 times too many
 * const program = { outputs: { y: scale(input('x', rows, 1), 2) } };
 * await compile(gpu, program).catch((error) => error instanceof LimitError); // => true
 * ```
 */
export class LimitError extends Error {
  constructor(
    what: string,
    needed: number,
    limit: keyof GPUSupportedLimits,
    allowed: number,
    remedy: string,
  ) {
    super(
      `${what} needs ${needed.toLocaleString('en')}, but this device allows ${limit} = ${allowed.toLocaleString('en')} ` +
        `(${(needed / allowed).toFixed(2)} times too much); ${remedy}`,
    );
    this.name = 'LimitError';
  }
}
