import { describe, expect, test } from 'vitest';
import type { GpuContext } from '../../src/gpu/device.ts';
import type { StateStore } from '../../src/gpu/state-store.ts';
import { DeviceLost, onLoss, persist } from '../../src/training/device-loss.ts';
import { live, soon, whileThere } from '../../src/training/live.ts';
import type { StepPrograms } from '../../src/training/step-programs.ts';

/** A device that can be lost, and nothing else. */
function device() {
  let lose: (info: GPUDeviceLostInfo) => void = () => {};
  const lost = new Promise<GPUDeviceLostInfo>((resolve) => {
    lose = resolve;
  });
  const gpu = { device: {}, adapterName: 'none', lost } as GpuContext;
  const info = { reason: 'unknown', message: 'gone' } as GPUDeviceLostInfo;
  const on = () => live(gpu, {} as StateStore, {} as StepPrograms);
  return { gpu, info, on, lose: () => lose(info) };
}

describe('work on a device', () => {
  test('gives what it gives, and nothing waits for the loss any more', async () => {
    const one = device().on();
    expect(await whileThere(one, Promise.resolve(5))).toBe(5);
    await expect(whileThere(one, Promise.reject(new Error('no')))).rejects.toThrow('no');
    // What waits for a promise that never settles is never freed.
    await Promise.resolve();
    expect(one.waiting.size).toBe(0);
  });

  test('ends when the device is lost, for all that wait', async () => {
    const { on, lose, info } = device();
    const one = on();
    const never = new Promise<never>(() => {});
    const works = [1, 2, 3].map(() => whileThere(one, never));
    lose();
    for (const work of works) await expect(work).rejects.toBeInstanceOf(DeviceLost);
    expect(one.lost).toBe(info);
    await expect(whileThere(one, never)).rejects.toBeInstanceOf(DeviceLost);
  });
});

test('who listens to a loss is told once, even afterwards, unless it was called off', async () => {
  const { gpu, lose } = device();
  const told: string[] = [];
  onLoss(gpu, () => told.push('first'));
  onLoss(gpu, () => told.push('second'))();
  lose();
  await gpu.lost;
  await new Promise((later) => setTimeout(later));
  onLoss(gpu, () => told.push('third'));
  await Promise.resolve();
  expect(told).toEqual(['first', 'third']);
});

test('whether it will be known soon that the device is lost', async () => {
  const { on, lose, info } = device();
  const one = on();
  expect(await soon(one)).toBeNull();
  const answer = soon(one);
  lose();
  expect(await answer).toBe(info);
  expect(await soon(one)).toBe(info);
  expect(one.waiting.size).toBe(0);
});

test('a device is asked for again until there is one', async () => {
  const { gpu } = device();
  let asked = 0;
  const found = await persist(async () => {
    if (++asked < 3) throw new Error('no adapter');
    return gpu;
  });
  expect(found).toBe(gpu);
  expect(asked).toBe(3);
});
