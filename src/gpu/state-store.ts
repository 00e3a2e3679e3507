import type { Node } from '../graph/node.ts';
import { startsOf } from '../graph/starts.ts';
import { Allocation, usage } from './allocation.ts';

/**
 * The buffers of states by name. Programs compiled with one store share them: a training program writes the
 * parameters that an evaluation program reads, without a copy.
 *
 * @example
 * ```ts gpu
 * import { add, compile, constant, requestDevice, StateStore, state } from 'clebsch';
 * const gpu = await requestDevice();
 * const states = new StateStore(gpu.device);
 * const count = state('count', 1, 1, [0]);
 * const updates = [{ state: count, next: add(count, constant(1)) }];
 * const program = await compile(gpu, { outputs: {}, updates }, { states });
 * program.run({ times: 3 });
 * await states.read('count'); // => [3]
 * ```
 */
export class StateStore {
  /** Where the buffers are; programs that use the store run on this device. */
  readonly device: GPUDevice;
  private readonly memory: Allocation;
  private readonly buffers = new Map<string, { buffer: GPUBuffer; size: number }>();

  constructor(device: GPUDevice) {
    this.device = device;
    this.memory = new Allocation(device);
  }

  /** Names of the states that are there, in the order in which they were made. */
  get names(): string[] {
    return [...this.buffers.keys()];
  }

  /**
   * The buffer of a state, made and filled with its initial numbers at the first call.
   *
   * @throws LimitError if it is larger than the device allows.
   * @throws Error if the store has a state of that name and another size.
   */
  bufferOf(state: Node): GPUBuffer {
    const { name, initial } = state.attrs as { name: string; initial: Float64Array };
    const known = this.buffers.get(name);
    if (known) {
      if (known.size !== initial.length)
        throw new Error(
          `state "${name}" holds ${known.size} numbers, another program wants ${initial.length} under that name`,
        );
      return known.buffer;
    }
    const buffer = this.memory.buffer(`state "${name}"`, Float32Array.from(initial));
    this.buffers.set(name, { buffer, size: initial.length });
    return buffer;
  }

  /**
   * Replaces the numbers of a state, all of them, row-major.
   *
   * @throws Error if there is no such state, or it holds another number of numbers.
   */
  write(name: string, values: ArrayLike<number>): void {
    const { buffer, size } = this.find(name);
    if (values.length !== size)
      throw new Error(`state "${name}" holds ${size} numbers, got ${values.length}`);
    const data = Float32Array.from(values);
    const bad = data.findIndex((v) => !Number.isFinite(v));
    if (bad >= 0)
      throw new Error(
        `state "${name}": number ${bad} is ${values[bad]}; all must be finite in 32-bit floating point`,
      );
    this.device.queue.writeBuffer(buffer, 0, data);
  }

  /**
   * The numbers of a state, row-major, as they are after all work submitted so far.
   *
   * @throws Error if there is no such state.
   */
  async read(name: string): Promise<Float32Array> {
    return (await this.readAll([name]))[name];
  }

  /**
   * The numbers of several states (default: all), by name: all as they are after the work submitted so far, so that
   * they belong to one step. Feed them to `write`, one by one, to go back there.
   *
   * @throws Error if there is no state of a name.
   */
  async readAll(names: readonly string[] = this.names): Promise<Record<string, Float32Array>> {
    const found = names.map((name) => ({ name, ...this.find(name) }));
    const starts = startsOf(found.map(({ size }) => size * 4));
    const total = found.reduce((sum, { size }) => sum + size * 4, 0);
    const staging = this.device.createBuffer({
      label: 'staging of states',
      size: Math.max(4, total),
      usage: usage.mapRead | usage.copyTarget,
    });
    try {
      const encoder = this.device.createCommandEncoder();
      found.forEach(({ buffer, size }, i) => {
        encoder.copyBufferToBuffer(buffer, 0, staging, starts[i], size * 4);
      });
      this.device.queue.submit([encoder.finish()]);
      await staging.mapAsync(1);
      const mapped = staging.getMappedRange();
      return Object.fromEntries(
        found.map(({ name, size }, i) => [
          name,
          new Float32Array(mapped.slice(starts[i], starts[i] + size * 4)),
        ]),
      );
    } finally {
      staging.destroy();
    }
  }

  /** Bytes of all states. */
  get bytes(): number {
    return this.memory.bytes;
  }

  /** Frees the buffers; programs that use them can run no more. */
  dispose(): void {
    this.memory.dispose();
    this.buffers.clear();
  }

  private find(name: string) {
    const found = this.buffers.get(name);
    if (!found)
      throw new Error(
        `there is no state "${name}" here; known are ${[...this.buffers.keys()].join(', ') || 'none'}`,
      );
    return found;
  }
}
