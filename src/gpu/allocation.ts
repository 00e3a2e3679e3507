import { LimitError } from './device.ts';

/** GPUBufferUsage; the constants are global in browsers only. */
export const usage = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 } as const;

/** The buffers of one program, freed together. */
export class Allocation {
  readonly device: GPUDevice;
  private readonly owned: GPUBuffer[] = [];

  constructor(device: GPUDevice) {
    this.device = device;
  }

  /** A storage (or uniform) buffer of so many numbers, or filled with the given ones. */
  buffer(label: string, content: number | Float32Array | Uint32Array): GPUBuffer {
    const bytes = 4 * (typeof content === 'number' ? content : content.length);
    const limit = this.device.limits.maxBufferSize;
    if (bytes > limit)
      throw new LimitError(
        `${label} (bytes)`,
        bytes,
        'maxBufferSize',
        limit,
        'use fewer rows (samples, edges) or channels',
      );
    const buffer = this.device.createBuffer({
      label,
      // An empty value is bound too: one entry of the widest type that shaders read.
      size: bytes || 16,
      usage: usage.storage | usage.uniform | usage.copySource | usage.copyTarget,
    });
    this.owned.push(buffer);
    if (typeof content !== 'number')
      this.device.queue.writeBuffer(buffer, 0, content as Float32Array<ArrayBuffer>);
    return buffer;
  }

  get bytes(): number {
    return this.owned.reduce((sum, buffer) => sum + buffer.size, 0);
  }

  dispose(): void {
    for (const buffer of this.owned) buffer.destroy();
    this.owned.length = 0;
  }
}

/**
 * Runs work that creates GPU objects and collects what the device says of it. The work is synchronous, so that the error
 * scopes close before other work on the same device can start.
 */
export function watched<T>(
  device: GPUDevice,
  work: () => T,
): { value: T; errors: Promise<(GPUError | null)[]> } {
  device.pushErrorScope('out-of-memory');
  device.pushErrorScope('validation');
  let errors: Promise<(GPUError | null)[]> = Promise.resolve([]);
  try {
    return {
      value: work(),
      get errors() {
        return errors;
      },
    };
  } finally {
    errors = Promise.all([device.popErrorScope(), device.popErrorScope()]);
    // Looked at by the caller; not at all where something else fails first, such as a device that is lost.
    errors.catch(() => {});
  }
}
