import { countGpu, type GpuCounts } from '../../demo/shared/count-gpu.ts';
import { type GpuContext, requestDevice } from '../../src/gpu/device.ts';

/** What a device was asked for so far. */
export interface Meter extends GpuCounts {
  /** Bytes of buffers that are there, and the most there ever were at once. */
  readonly bytes: number;
  readonly peakBytes: number;
}

/** A device that counts, and keeps the time of its passes where the adapter can. */
export interface MeasuredDevice {
  readonly gpu: GpuContext;
  readonly meter: Meter;
  readonly hasTimestamps: boolean;
  /** Resolves when everything submitted has run. */
  idle(): Promise<void>;
}

/** Asks for a device as the engine does, with time stamps besides. */
export async function openDevice(): Promise<MeasuredDevice> {
  const { gpu } = navigator;
  const withTimestamps = {
    requestAdapter: async (options?: GPURequestAdapterOptions) => {
      const adapter = await gpu.requestAdapter(options);
      if (!adapter?.features.has('timestamp-query')) return adapter;
      const request = adapter.requestDevice.bind(adapter);
      const requestDevice = (descriptor?: GPUDeviceDescriptor) =>
        request({
          ...descriptor,
          requiredFeatures: [...(descriptor?.requiredFeatures ?? []), 'timestamp-query'],
        });
      return Object.defineProperty(adapter, 'requestDevice', { value: requestDevice });
    },
  };
  const context = await requestDevice({ gpu: withTimestamps as GPU });
  const { device } = context;
  return {
    gpu: context,
    meter: meterOf(device),
    hasTimestamps: device.features.has('timestamp-query'),
    idle: () => device.queue.onSubmittedWorkDone().then(() => undefined),
  };
}

function meterOf(device: GPUDevice): Meter {
  const create = device.createBuffer.bind(device);
  const createBuffer = (descriptor: GPUBufferDescriptor) => {
    const buffer = create(descriptor);
    meter.bytes += descriptor.size;
    meter.peakBytes = Math.max(meter.peakBytes, meter.bytes);
    const destroy = buffer.destroy.bind(buffer);
    let there = true;
    const value = () => {
      if (there) meter.bytes -= descriptor.size;
      there = false;
      destroy();
    };
    return Object.defineProperty(buffer, 'destroy', { value });
  };
  // `countGpu` puts a counter of its own around it.
  Object.defineProperty(device, 'createBuffer', { value: createBuffer, configurable: true });
  const meter = Object.assign(countGpu(device), { bytes: 0, peakBytes: 0 });
  return meter;
}
