import { afterEach, expect, test, vi } from 'vitest';
import { Pauses } from '../../src/gpu/pauses.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('long work lets other tasks in', async () => {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const pauses = new Pauses();
  let other = false;
  setTimeout(() => {
    other = true;
  });
  // Were a pause no task of its own, this would never end.
  while (!other) {
    now += 25;
    await pauses.due();
  }
});

test('short work goes on at once', async () => {
  vi.spyOn(performance, 'now').mockImplementation(() => 7);
  const pauses = new Pauses();
  const order: string[] = [];
  const work = pauses.due().then(() => order.push('work'));
  await Promise.resolve().then(() => Promise.resolve());
  order.push('microtasks');
  await work;
  expect(order).toEqual(['work', 'microtasks']);
});
