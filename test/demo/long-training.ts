// Runs in a page: a training that a test disturbs, and the same one undisturbed.
import {
  fullyConnectedNet,
  input,
  requestDevice,
  type Snapshot,
  squaredError,
  Trainer,
  type TrainerEvent,
} from '../../src/index.ts';

const STEPS = 2000;
let running: Trainer | null = null;

async function train(onEvent: (event: TrainerEvent) => void): Promise<Snapshot> {
  const net = fullyConnectedNet([1, 16, 1], 'silu');
  const trainer = await Trainer.create({
    gpu: await requestDevice(),
    module: net,
    loss: (weights) => squaredError(net.apply(weights, input('x', 4, 1)), input('y', 4, 1)),
    feeds: (step) => ({ x: [0, 1, 2, step % 3], y: [0, 1, 0, 1] }),
    onEvent,
    snapshotEvery: 50,
  });
  running = trainer;
  await trainer.train(STEPS, { readEvery: 5 });
  const snapshot = await trainer.snapshot();
  trainer.dispose();
  running = null;
  return snapshot;
}

export const steps = () => running?.steps ?? 0;

/** What happened to a training that was disturbed, and whether it ended as one to which nothing happened. */
export async function disturbed(): Promise<{ events: TrainerEvent[]; step: number; same: boolean }> {
  const events: TrainerEvent[] = [];
  const first = await train((event) => events.push(event));
  const second = await train(() => {});
  return { events, step: first.step, same: JSON.stringify(first) === JSON.stringify(second) };
}
