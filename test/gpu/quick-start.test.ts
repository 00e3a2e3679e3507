import { afterAll, beforeAll, expect, test } from 'vitest';
import { batchOf, trainingShapes } from '../../demo/shared/tetris-batch.ts';
import { gatePoints } from '../../demo/shared/tetris-network.ts';
import { tetrisLabels } from '../../src/data/tetris.ts';
import { type GpuContext, requestDevice } from '../../src/gpu/device.ts';
import { input } from '../../src/graph/leaf.ts';
import { squaredError } from '../../src/nn/loss.ts';
import { adam } from '../../src/nn/optimizer.ts';
import { Trainer } from '../../src/training/trainer.ts';
import { openDevice } from '../bench/device.ts';

/** A trainer whose first steps run on kernels that compile fast. */

let gpu: GpuContext;
beforeAll(async () => {
  gpu = await requestDevice();
});
afterAll(() => gpu?.device.destroy());

const QUICK = 4;

async function trainerOf(quickStart: number, context = gpu): Promise<Trainer> {
  const recipe = gatePoints({ mul: 2, lmax: 1, layers: 2 });
  const { graph, feeds } = batchOf(trainingShapes, recipe);
  return Trainer.create({
    gpu: context,
    module: recipe.module,
    loss: (weights) =>
      squaredError(recipe.apply(weights, graph).node, input('target', trainingShapes.length, 7)),
    feeds: { ...feeds, target: trainingShapes.flatMap((s) => tetrisLabels.slice(7 * s, 7 * s + 7)) },
    optimizer: (initial) => adam(initial, { learningRate: 0.01 }),
    seed: 5,
    snapshotEvery: 6,
    quickStart,
  });
}

/** States after so many steps, submitted `times` at once. */
async function trained(quickStart: number, steps: number, times = steps) {
  const trainer = await trainerOf(quickStart);
  for (let step = 0; step < steps; step += times) await trainer.step(times);
  const { states } = await trainer.snapshot();
  trainer.dispose();
  return states;
}

const shadersOf = (trainer: Trainer) => new Set(trainer.shaders().map(({ code }) => code));

test('its kernels are others, and nearly the same numbers', async () => {
  const [quick, usual] = [await trainerOf(QUICK), await trainerOf(0)];
  const losses = async (trainer: Trainer) => (await trainer.step()).loss;
  for (let step = 1; step <= QUICK; step++) {
    const [own, other] = [await losses(quick), await losses(usual)];
    expect(Math.abs(own / other - 1)).toBeLessThan(1e-4);
    expect(shadersOf(quick)).not.toEqual(shadersOf(usual));
  }
  await losses(quick);
  expect(shadersOf(quick)).toEqual(shadersOf(usual));
  quick.dispose();
  usual.dispose();
});

test('which steps they take is fixed: one by one, all at once, and from a checkpoint it gives the same bits', async () => {
  const expected = await trained(QUICK, 12);
  expect(await trained(QUICK, 12, 1)).toEqual(expected);
  const [first, second] = [await trainerOf(QUICK), await trainerOf(QUICK)];
  for (const step of [QUICK - 1, QUICK + 1]) {
    await first.step(step - first.steps);
    await second.load(await first.checkpoint());
    await second.step(12 - step);
    expect((await second.snapshot()).states).toEqual(expected);
  }
  first.dispose();
  second.dispose();
  expect(expected).not.toEqual(await trained(0, 12));
});

test('they are freed when the others take over, and made again for who goes back', async () => {
  const { gpu: own, meter } = await openDevice();
  const [quick, usual] = [await trainerOf(QUICK, own), await trainerOf(0)];
  const early = quick.bytes;
  const start = await quick.checkpoint();
  await quick.step(QUICK + 1);
  expect(quick.bytes).toBe(usual.bytes);
  expect(meter.bytes).toBe(usual.bytes);
  const { states } = await quick.snapshot();
  await quick.load(start);
  await quick.step();
  expect(shadersOf(quick)).not.toEqual(shadersOf(usual));
  const stateBytes = Object.values(states).reduce((sum, { byteLength }) => sum + byteLength, 0);
  expect(quick.bytes).toBe(early + usual.bytes - stateBytes);
  await quick.step(QUICK);
  expect((await quick.snapshot()).states).toEqual(states);
  expect(quick.bytes).toBe(usual.bytes);
  quick.dispose();
  await own.device.queue.onSubmittedWorkDone();
  expect(meter.bytes).toBe(0);
  usual.dispose();
  own.device.destroy();
});

test('a number of steps that is none is refused', async () => {
  await expect(trainerOf(-1)).rejects.toThrow('Trainer: quickStart is -1, but must be a whole number from 0');
});
