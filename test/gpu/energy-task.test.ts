import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GpuContext, requestDevice } from '../../src/gpu/device.ts';
import { energyModel } from '../../src/models/energy-model.ts';
import { adam } from '../../src/nn/optimizer.ts';
import { AtomicBatches } from '../../src/training/atomic-batches.ts';
import { type LabelledFrame, labelledSystem } from '../../src/training/atomic-data.ts';
import { energyErrors, energyPredictions, energyTaskLoss } from '../../src/training/energy-task.ts';
import { Trainer } from '../../src/training/trainer.ts';

/** Training on labels of crystals, on a GPU. */

let gpu: GpuContext;
beforeAll(async () => {
  gpu = await requestDevice();
});
afterAll(() => gpu?.device.destroy());

/** One atom in a cubic cell of side a: E = 3/2 (a - 2)^2, so that the stress is a (a - 2) / a^3 along each axis. */
function cubic(a: number): LabelledFrame {
  const cell = [a, 0, 0, 0, a, 0, 0, 0, a];
  const s = (a - 2) / a ** 2;
  const stress = [s, 0, 0, 0, s, 0, 0, 0, s];
  return { numbers: [18], pos: [0, 0, 0], forces: [0, 0, 0], energy: 1.5 * (a - 2) ** 2, cell, stress };
}

test('a loss on stress alone trains, and what was learnt is the stress of a crystal not seen', async () => {
  const known = { elements: [18], atomicEnergies: [0] };
  const batches = (sides: readonly number[], batchSize: number) =>
    new AtomicBatches(
      sides.map((a) => labelledSystem(cubic(a), 3, known)),
      { batchSize, species: 1, weights: { stress: 100 }, seed: null },
    );
  const training = batches([1.7, 1.8, 1.9, 2.05, 2.2, 2.3], 6);
  const model = energyModel({
    nSpecies: 1,
    hidden: '4x0e',
    lmax: 1,
    nLayers: 1,
    rMax: 3,
    fcHidden: 8,
    numNeighbors: 18,
  });
  const trainer = await Trainer.create({
    gpu,
    module: model,
    loss: energyTaskLoss(model, training.size, ['stress']),
    feeds: (step) => training.feeds(step),
    // A moment of no memory is among what an optimiser may have.
    optimizer: (initial) => adam(initial, { learningRate: 0.02, beta1: 0 }),
  });
  const unseen = batches([1.75, 2.1], 2);
  const evaluator = trainer.evaluator(energyPredictions(model, unseen.size, ['stress']));
  const errors = () => energyErrors((feeds) => evaluator.run(feeds), unseen);
  const [first, before] = [await trainer.step(), await errors()];
  const last = await trainer.train(150);
  const after = await errors();
  expect(last.loss).toBeLessThan(first.loss / 20);
  expect(after.stressRmse!).toBeLessThan(before.stressRmse! / 3);
  evaluator.dispose();
  trainer.dispose();
});
