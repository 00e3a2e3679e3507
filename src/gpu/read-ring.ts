import { startsOf } from '../graph/starts.ts';
import { usage } from './allocation.ts';

interface Source {
  readonly name: string;
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly numbers: number;
}

interface Slot {
  readonly staging: GPUBuffer;
  busy: Promise<unknown> | null;
}

/** How many reads may be under way before the next one has to wait for the oldest. */
const SLOTS = 3;

/**
 * Rotating staging buffers: while one is being mapped, the next run copies into another, so that reading the loss
 * never stalls training. Should all be under way, a further slot is made, once.
 */
export class ReadRing {
  private readonly device: GPUDevice;
  private readonly sources: readonly Source[];
  private readonly offsets: readonly number[];
  private readonly size: number;
  private readonly slots: Slot[] = [];

  constructor(device: GPUDevice, sources: readonly Source[]) {
    this.device = device;
    this.sources = sources;
    const bytes = sources.map(({ numbers }) => numbers * 4);
    this.offsets = startsOf(bytes);
    this.size = bytes.reduce((sum, b) => sum + b, 0);
    if (this.size > 0) for (let i = 0; i < SLOTS; i++) this.add();
  }

  get bytes(): number {
    return this.slots.length * this.size;
  }

  private add(): Slot {
    const staging = this.device.createBuffer({
      label: 'staging',
      size: Math.max(4, this.size),
      usage: usage.mapRead | usage.copyTarget,
    });
    const slot = { staging, busy: null };
    this.slots.push(slot);
    return slot;
  }

  /** A free staging buffer: what to encode after the pass, and how to read it once submitted. */
  acquire(names?: readonly string[]): {
    encode(encoder: GPUCommandEncoder): void;
    read(): Promise<Record<string, Float32Array>>;
  } {
    const unknown = names?.find((name) => !this.sources.some((s) => s.name === name));
    if (unknown !== undefined)
      throw new Error(
        `there is no output "${unknown}" here; known are ${this.sources.map((s) => s.name).join(', ')}`,
      );
    const slot = this.slots.find((s) => s.busy === null) ?? this.add();
    const wanted = (name: string) => !names || names.includes(name);
    return {
      encode: (encoder) => {
        this.sources.forEach(({ name, buffer, offset, numbers }, i) => {
          if (wanted(name) && numbers > 0)
            encoder.copyBufferToBuffer(buffer, offset, slot.staging, this.offsets[i], numbers * 4);
        });
      },
      read: () => {
        const reading = (async () => {
          await slot.staging.mapAsync(1);
          const mapped = slot.staging.getMappedRange();
          const values: Record<string, Float32Array> = {};
          this.sources.forEach(({ name, numbers }, i) => {
            if (wanted(name))
              values[name] = new Float32Array(mapped.slice(this.offsets[i], this.offsets[i] + numbers * 4));
          });
          slot.staging.unmap();
          return values;
        })();
        // Whoever awaits the reading learns of a failure; here it only frees the slot.
        const free = () => {
          slot.busy = null;
        };
        slot.busy = reading.then(free, free);
        return reading;
      },
    };
  }

  dispose(): void {
    for (const { staging } of this.slots) staging.destroy();
  }
}
