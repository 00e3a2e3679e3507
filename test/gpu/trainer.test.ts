import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countGpu } from '../../demo/shared/count-gpu.ts';
import { type GpuContext, requestDevice } from '../../src/gpu/device.ts';
import * as e from '../../src/graph/expression.ts';
import { input, state } from '../../src/graph/leaf.ts';
import { readSafetensors, writeSafetensors } from '../../src/io/safetensors.ts';
import { batchNorm } from '../../src/nn/batch-norm.ts';
import { fullyConnectedNet } from '../../src/nn/fully-connected-net.ts';
import { squaredError } from '../../src/nn/loss.ts';
import { adam, adamW } from '../../src/nn/optimizer.ts';
import type { Weights } from '../../src/nn/parameters.ts';
import { cosineDecay } from '../../src/nn/schedule.ts';
import { tensorInput } from '../../src/nn/tensor.ts';
import { Random } from '../../src/o3/random.ts';
import { add, map } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import { NonFiniteError } from '../../src/training/non-finite.ts';
import { Trainer } from '../../src/training/trainer.ts';
import type { TrainerEvent, TrainerOptions } from '../../src/training/trainer-options.ts';

let gpu: GpuContext;
beforeAll(async () => {
  gpu = await requestDevice();
});
afterAll(() => gpu?.device.destroy());

const net = fullyConnectedNet([3, 16, 1], 'silu');
const rows = 8;
const x = input('x', rows, 3);
const predict = (weights: Weights) => net.apply(weights, x);

/** Another batch every step, always the same for one step. */
function batch(step: number) {
  const numbers = new Random(1000 + step).normals(rows * 3);
  const y = Array.from({ length: rows }, (_, r) => Math.sin(numbers[3 * r]) * numbers[3 * r + 1]);
  return { x: numbers, y };
}

const options = (context: GpuContext): TrainerOptions => ({
  gpu: context,
  module: net,
  loss: (weights) => squaredError(predict(weights), input('y', rows, 1)),
  feeds: batch,
  optimizer: (initial) =>
    adamW(initial, { learningRate: 0.02, ema: 0.9, clipNorm: 5, schedule: cosineDecay(60, { rise: 5 }) }),
  snapshotEvery: 7,
  seed: 3,
});

/** All states after so many steps of one training that nothing happened to. */
async function undisturbed(steps: number) {
  const trainer = await Trainer.create(options(gpu));
  const { loss } = await trainer.step(steps);
  const { states } = await trainer.snapshot();
  trainer.dispose();
  return { loss, states };
}

describe('steps', () => {
  test('one by one, many at a time, and by train give the same bits', async () => {
    const expected = await undisturbed(30);
    const single = await Trainer.create(options(gpu));
    for (let i = 0; i < 29; i++) await single.step();
    expect((await single.step()).loss).toBe(expected.loss);
    expect((await single.snapshot()).states).toEqual(expected.states);
    single.dispose();
    const whole = await Trainer.create(options(gpu));
    const seen: number[] = [];
    await whole.train(30, { readEvery: 8, onProgress: ({ step }) => seen.push(step) });
    expect(seen).toEqual([8, 16, 24, 30]);
    expect((await whole.snapshot()).states).toEqual(expected.states);
    whole.dispose();
  });

  test('the loss falls', async () => {
    const trainer = await Trainer.create({ ...options(gpu), feeds: batch(0) });
    const { loss: before } = await trainer.step();
    const { loss: after } = await trainer.step(59);
    expect(after).toBeLessThan(before / 4);
    trainer.dispose();
  });

  test('checkpoints on the way: from each of them training ends in the same bits', async () => {
    const trainer = await Trainer.create(options(gpu));
    const kept: { bytes: Uint8Array; step: number }[] = [];
    const save = async (bytes: Uint8Array, step: number) => {
      kept.push({ bytes, step });
    };
    await trainer.train(30, { readEvery: 4, saveEvery: 10, save });
    expect(kept.map(({ step }) => step)).toEqual([12, 24]);
    const expected = await trainer.snapshot();
    for (const { bytes, step } of kept) {
      await trainer.load(bytes);
      await trainer.step(30 - step);
      expect(await trainer.snapshot()).toEqual(expected);
    }
    trainer.dispose();
  });

  test('a signal ends the training after the step under way', async () => {
    const trainer = await Trainer.create(options(gpu));
    const controller = new AbortController();
    await trainer.train(50, {
      readEvery: 1,
      signal: controller.signal,
      onProgress: ({ step }) => step === 4 && controller.abort(),
    });
    expect(trainer.steps).toBe(4);
    trainer.dispose();
  });

  test('a batch without what the program reads is refused, and nothing is lost', async () => {
    let broken = true;
    const trainer = await Trainer.create({
      ...options(gpu),
      feeds: (step) => (broken && step === 2 ? { x: batch(step).x } : batch(step)),
    });
    await expect(trainer.step(5)).rejects.toThrow('step 2: the batch lacks "y"; it has x');
    broken = false;
    expect(trainer.steps).toBe(2);
    await trainer.step(28);
    expect((await trainer.snapshot()).states).toEqual((await undisturbed(30)).states);
    trainer.dispose();
  });
});

describe('a lost device', () => {
  /** A device of its own that `destroy` may take away. */
  async function fragile(more: Partial<TrainerOptions> = {}) {
    const context = await requestDevice();
    const events: TrainerEvent[] = [];
    const trainer = await Trainer.create({
      ...options(context),
      onEvent: (event) => events.push(event),
      ...more,
    });
    return { context, trainer, events };
  }

  test.each([0, 1, 7, 10, 29])('after %i steps: training goes on and ends in the same bits', async (at) => {
    const expected = await undisturbed(30);
    const { context, trainer, events } = await fragile();
    if (at > 0) await trainer.step(at);
    context.device.destroy();
    const { loss } = await trainer.step(30 - trainer.steps);
    expect(loss).toBe(expected.loss);
    expect((await trainer.snapshot()).states).toEqual(expected.states);
    expect(events.map(({ kind }) => kind)).toEqual(['lost', 'recovered']);
    // No more than snapshotEvery steps were taken twice.
    const [, recovered] = events;
    expect(recovered.kind === 'recovered' && recovered.step).toBe(at - (at % 7));
    expect(trainer.gpu).not.toBe(context);
    trainer.gpu.device.destroy();
    trainer.dispose();
  });

  test('while steps are under way, several times', async () => {
    const expected = await undisturbed(30);
    const { trainer, events } = await fragile();
    const training = trainer.train(30, {
      readEvery: 3,
      onProgress: ({ step }) => {
        if (step === 9 || step === 21) trainer.gpu.device.destroy();
      },
    });
    await training;
    expect((await trainer.snapshot()).states).toEqual(expected.states);
    // Steps 9 and 21 are passed again after a recovery from 7 and 21.
    expect(events.filter(({ kind }) => kind === 'recovered').length).toBeGreaterThanOrEqual(2);
    trainer.gpu.device.destroy();
    trainer.dispose();
  });

  test('two trainers that shared it share the new one', async () => {
    const { context, trainer } = await fragile();
    const other = await Trainer.create({ ...options(context), seed: 4 });
    await Promise.all([trainer.step(5), other.step(5)]);
    context.device.destroy();
    await Promise.all([trainer.step(5), other.step(5)]);
    expect(trainer.gpu).toBe(other.gpu);
    trainer.gpu.device.destroy();
  });

  test('evaluators, snapshots and checkpoints move along, and see no older weights', async () => {
    const { context, trainer, events } = await fragile();
    const evaluator = trainer.evaluator((weights) => ({ y: predict(weights) }), { average: true });
    await trainer.step(10);
    const before = {
      y: await evaluator.run(batch(99)),
      snapshot: await trainer.snapshot(),
      checkpoint: await trainer.checkpoint(),
    };
    const after = async () => ({
      y: await evaluator.run(batch(99)),
      snapshot: await trainer.snapshot(),
      checkpoint: await trainer.checkpoint(),
    });
    context.device.destroy();
    expect(await after()).toEqual(before);
    expect(trainer.steps).toBe(10);
    trainer.gpu.device.destroy();
    const [checkpoint, ...many] = await Promise.all([
      trainer.checkpoint(),
      ...Array.from({ length: 8 }, () => evaluator.run(batch(99))),
    ]);
    expect(checkpoint).toEqual(before.checkpoint);
    for (const y of many) expect(y).toEqual(before.y);
    // One loss, however many were waiting.
    expect(events.map(({ kind }) => kind)).toEqual(['lost', 'recovered', 'lost', 'recovered']);
    trainer.gpu.device.destroy();
    evaluator.dispose();
    await expect(evaluator.run(batch(99))).rejects.toThrow('the evaluator was disposed of');
  });

  test('a learning rate that was changed on the way is the same when steps are taken again', async () => {
    const train = async (context: GpuContext, lose: boolean) => {
      const trainer = await Trainer.create({ ...options(context), snapshotEvery: 50 });
      await trainer.step(10);
      await trainer.setLearningRate(0.5);
      await trainer.step(5);
      if (lose) context.device.destroy();
      const { loss } = await trainer.step(5);
      const { states } = await trainer.snapshot();
      trainer.dispose();
      return { loss, states };
    };
    expect(await train(await requestDevice(), true)).toEqual(await train(gpu, false));
  });

  test('a context that cannot be renewed: the error says so', async () => {
    const context = await requestDevice();
    const { renew: _, ...bare } = context;
    const trainer = await Trainer.create(options(bare));
    context.device.destroy();
    await expect(trainer.step()).rejects.toThrow(/device was lost .*cannot ask for another one/);
  });
});

describe('numbers that are not finite', () => {
  const spoiled = (at: number, loss: TrainerOptions['loss']): TrainerOptions => ({
    ...options(gpu),
    loss,
    feeds: (step) => ({ ...batch(step), bad: [step === at ? 0 : 1] }),
  });
  const bad = input('bad', 1, 1);

  test.each([0, 5, 13])('in the loss of step %i: says where, and keeps what was trained', async (at) => {
    const loss = (weights: Weights) =>
      add(squaredError(predict(weights), input('y', rows, 1)), map(e.power(e.argument(0), -1), bad));
    const trainer = await Trainer.create(spoiled(at, loss));
    const error = await trainer.step(20).catch((one) => one);
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(error.step).toBe(at);
    expect(error.place).toMatchObject({ op: 'map', part: 'outputs', row: 0, column: 0, value: Infinity });
    expect(error.message).toMatch(`at step ${at}`);
    expect(trainer.steps).toBe(at);
    const { states } = await trainer.snapshot();
    const clean = await Trainer.create(spoiled(-1, loss));
    if (at > 0) await clean.step(at);
    expect(states).toEqual((await clean.snapshot()).states);
    trainer.dispose();
    clean.dispose();
  });

  test('in the gradient alone: named as such', async () => {
    // 1/x for x so small that the value is finite in 32 bits, and the slope -1/x^2 is not.
    const trainer = await Trainer.create(
      spoiled(4, (weights) => {
        const product = map(
          e.power(e.mul(e.argument(0), e.argument(1)), -1),
          sum(
            map(e.add(e.number(1), e.mul(e.argument(0), e.argument(0))), weights.get('layer0.weight')),
            'all',
          ),
          map(e.add(e.number(1e-30), e.argument(0)), bad),
        );
        return add(squaredError(predict(weights), input('y', rows, 1)), product);
      }),
    );
    const error = await trainer.step(20).catch((one) => one);
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(error.step).toBe(4);
    expect(error.place.part).toBe('gradient');
    expect(trainer.steps).toBe(4);
    trainer.dispose();
  });
});

describe('checkpoints', () => {
  test.each([1, 7, 12])('stopped after %i steps and resumed in a new trainer: the same bits', async (at) => {
    const expected = await undisturbed(30);
    const first = await Trainer.create(options(gpu));
    await first.step(at);
    const bytes = await first.checkpoint({ epoch: 3 });
    first.dispose();
    const second = await Trainer.create({ ...options(gpu), seed: 77 });
    expect(await second.load(bytes)).toEqual({ epoch: 3 });
    expect(second.steps).toBe(at);
    await second.step(30 - at);
    expect((await second.snapshot()).states).toEqual(expected.states);
    second.dispose();
  });

  test('an e3nn state dict in 64 bits: written back bit for bit, until training changes it', async () => {
    const numbers = (n: number) => new Random(n).normals(n);
    const tensors = new Map(
      [['layer1.weight', [16, 1]] as const, ['layer0.weight', [3, 16]] as const].map(([name, shape]) => [
        name,
        { dtype: 'F64' as const, shape, data: numbers(shape[0] * shape[1]) },
      ]),
    );
    const bytes = writeSafetensors({ tensors, metadata: new Map([['format', 'pt']]) });
    const trainer = await Trainer.create(options(gpu));
    await trainer.step(3);
    expect(await trainer.load(bytes)).toBeNull();
    expect(trainer.steps).toBe(0);
    expect(await trainer.stateDict()).toEqual(bytes);
    expect(await trainer.stateDict({ average: true })).toEqual(bytes);
    await trainer.step();
    const changed = readSafetensors(await trainer.stateDict());
    expect([...changed.tensors.keys()]).toEqual(['layer1.weight', 'layer0.weight']);
    expect(changed.tensors.get('layer0.weight')).not.toEqual(tensors.get('layer0.weight'));
    trainer.dispose();
  });

  test('running statistics travel under their own names', async () => {
    const norm = batchNorm('2x0e + 1x1o');
    const features = tensorInput('f', 6, '2x0e + 1x1o');
    const statistics: TrainerOptions = {
      gpu,
      module: norm,
      loss: (weights) => {
        const { node, updates } = norm.apply(weights, features, { training: true });
        return { loss: squaredError(node, input('t', 6, node.cols)), updates };
      },
      feeds: { f: new Random(5).normals(30), t: new Random(6).normals(30) },
    };
    const first = await Trainer.create(statistics);
    await first.step(4);
    const bytes = await first.checkpoint();
    expect([...readSafetensors(bytes).tensors.keys()]).toEqual(
      expect.arrayContaining(['weight', 'bias', 'running_mean', 'running_var']),
    );
    await first.step(4);
    const second = await Trainer.create(statistics);
    await second.load(bytes);
    await second.step(4);
    expect(await second.snapshot()).toEqual(await first.snapshot());
    first.dispose();
    second.dispose();
  });

  test('of another optimiser or model: refused, and nothing changes', async () => {
    const description = (width: number) => ({ name: 'net', options: { width } });
    const trainer = await Trainer.create({ ...options(gpu), description: description(16) });
    await trainer.step(3);
    const bytes = await trainer.checkpoint();
    const before = await trainer.snapshot();
    const plain = await Trainer.create({ ...options(gpu), optimizer: adam });
    await expect(plain.load(bytes)).rejects.toThrow(/another optimiser.*adamw\.ema/);
    const wider = await Trainer.create({ ...options(gpu), description: description(17) });
    await expect(wider.load(bytes)).rejects.toThrow(/16.*17|17.*16/s);
    await expect(trainer.load(bytes.subarray(0, 100))).rejects.toThrow();
    expect(await trainer.snapshot()).toEqual(before);
    for (const one of [trainer, plain, wider]) one.dispose();
  });
});

describe('side by side', () => {
  test('two trainers on one device, steps interleaved, end as if alone', async () => {
    const expected = await undisturbed(30);
    const first = await Trainer.create(options(gpu));
    const second = await Trainer.create({ ...options(gpu), seed: 5 });
    await Promise.all([first.train(30, { readEvery: 2 }), second.train(30, { readEvery: 3 })]);
    expect((await first.snapshot()).states).toEqual(expected.states);
    expect((await second.snapshot()).states).not.toEqual(expected.states);
    first.dispose();
    second.dispose();
  });

  test('1,000 rounds of create, train, dispose leave no buffer behind', async () => {
    const own = await requestDevice();
    const live = liveBuffers(own.device);
    const small: TrainerOptions = {
      ...options(own),
      module: fullyConnectedNet([1, 2, 1], 'tanh'),
      loss: (weights) => {
        const y = fullyConnectedNet([1, 2, 1], 'tanh').apply(weights, input('x', 2, 1));
        return squaredError(y, input('y', 2, 1));
      },
      feeds: { x: [1, 2], y: [3, 4] },
    };
    const round = async () => {
      const trainer = await Trainer.create(small);
      await trainer.step(2);
      trainer.dispose();
    };
    await round();
    const counts = countGpu(own.device);
    await round();
    const objects = counts.objects;
    for (let i = 0; i < 998; i++) {
      await round();
      expect(live.count).toBe(0);
    }
    // Pipelines, layouts and shader modules are made once; buffers and bind groups anew each round.
    expect(counts.objects).toBe(999 * objects);
    own.device.destroy();
  }, 400_000);
});

describe('calls', () => {
  test('several at once wait for each other; what is not whole is refused before anything moves', async () => {
    const trainer = await Trainer.create({ ...options(gpu), snapshotEvery: 2 });
    const results = await Promise.all([1, 2, 3, 4, 5].map(() => trainer.step()));
    expect(results.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5]);
    const before = await trainer.snapshot();
    for (const times of [0, -3, 1.5, Number.NaN])
      await expect(trainer.step(times)).rejects.toThrow(
        `step: times is ${times}, but must be a whole number from 1`,
      );
    await expect(trainer.train(5, { readEvery: 0 })).rejects.toThrow('readEvery is 0');
    await expect(trainer.train(5, { saveEvery: 0.5 })).rejects.toThrow('saveEvery is 0.5');
    await expect(trainer.restore({ ...before, step: -1 })).rejects.toThrow('the step is -1');
    await expect(trainer.restore({ step: 1, states: {} })).rejects.toThrow(/has no state/);
    await expect(trainer.setLearningRate(Number.NaN)).rejects.toThrow(/NaN/);
    expect(await trainer.snapshot()).toEqual(before);
    trainer.dispose();
    await expect(trainer.step()).rejects.toThrow('the trainer was disposed of');
  });

  test('disposing of it during a training ends that with a word', async () => {
    const trainer = await Trainer.create(options(gpu));
    const training = trainer.train(1000, { onProgress: ({ step }) => step === 20 && trainer.dispose() });
    await expect(training).rejects.toThrow('the trainer was disposed of');
  });

  test('a checkpoint whose training makes no sense is refused', async () => {
    const trainer = await Trainer.create(options(gpu));
    const file = readSafetensors(await trainer.checkpoint());
    for (const text of ['{"step":-3}', '{"step":1.5}', '5', '{}', '[]', '"x"']) {
      const metadata = new Map(file.metadata).set('clebsch.training', text);
      const forged = writeSafetensors({ tensors: file.tensors, metadata });
      await expect(trainer.load(forged), text).rejects.toThrow(/checkpoint, the training: its step is/);
    }
    expect(trainer.steps).toBe(0);
    trainer.dispose();
  });
});

describe('a tab in the background', () => {
  /** Hides or shows the page; in Node, where there is none, one is made for the occasion. */
  function visibility() {
    const own = typeof document === 'undefined';
    const page = own ? new EventTarget() : document;
    let state = 'visible';
    Object.defineProperty(page, 'visibilityState', { configurable: true, get: () => state });
    if (own) Object.assign(globalThis, { document: page });
    return {
      set(to: 'visible' | 'hidden') {
        state = to;
        page.dispatchEvent(new Event('visibilitychange'));
      },
      restore() {
        if (own) Reflect.deleteProperty(globalThis, 'document');
        else Reflect.deleteProperty(page, 'visibilityState');
      },
    };
  }

  test('waits for the visitor or goes on, as told; a signal ends the waiting', async () => {
    const tab = visibility();
    try {
      tab.set('hidden');
      const waiting = await Trainer.create(options(gpu));
      const going = await Trainer.create(options(gpu));
      const done = waiting.train(10, { whenHidden: 'pause' });
      await going.train(10);
      expect([waiting.steps, going.steps]).toEqual([0, 10]);
      tab.set('visible');
      await done;
      expect(await waiting.snapshot()).toEqual(await going.snapshot());
      tab.set('hidden');
      const controller = new AbortController();
      const again = waiting.train(10, { whenHidden: 'pause', signal: controller.signal });
      controller.abort();
      expect((await again).step).toBe(10);
      waiting.dispose();
      going.dispose();
    } finally {
      tab.restore();
    }
  });
});

describe('out of GPU memory', () => {
  test('says how much was asked for and by what; another trainer on the device goes on', async () => {
    const own = await requestDevice();
    const live = liveBuffers(own.device);
    const trainer = await Trainer.create(options(own));
    const before = live.count;
    const wide = 256;
    const long = Math.floor(own.device.limits.maxBufferSize / 4 / wide);
    const all = Array.from({ length: 64 }, (_, i) => sum(input(`x${i}`, long, wide), 'all'));
    const error = await Trainer.create({ ...options(own), loss: () => all.reduce(add) }).catch((one) => one);
    const asked = (64 * long * wide * 4) / 2 ** 20;
    const [, mebibytes, largest] = error.message.match(
      /^out of GPU memory: the program asks for ([\d.]+) MiB in \d+ buffers, the largest ([\d.]+) MiB for input "x\d+"; use fewer samples/,
    );
    expect(Number(mebibytes)).toBeGreaterThanOrEqual(asked);
    expect(Number(largest)).toBeCloseTo(asked / 64, 0);
    expect(live.count).toBe(before);
    await trainer.step(30);
    expect((await trainer.snapshot()).states).toEqual((await undisturbed(30)).states);
    trainer.dispose();
    own.device.destroy();
  });
});

/** Buffers that were made and not destroyed. */
function liveBuffers(device: GPUDevice): { count: number } {
  const live = { count: 0 };
  const create = device.createBuffer.bind(device);
  Object.defineProperty(device, 'createBuffer', {
    configurable: true,
    value: (descriptor: GPUBufferDescriptor) => {
      const buffer = create(descriptor);
      live.count++;
      const destroy = buffer.destroy.bind(buffer);
      let gone = false;
      Object.defineProperty(buffer, 'destroy', {
        value: () => {
          if (!gone) live.count--;
          gone = true;
          destroy();
        },
      });
      return buffer;
    },
  });
  return live;
}

test('a state of the user is trained along, and an update of another', async () => {
  const count = state('count', 1, 1, [0]);
  const trainer = await Trainer.create({
    ...options(gpu),
    loss: (weights) => ({
      loss: squaredError(predict(weights), input('y', rows, 1)),
      outputs: { before: count },
      updates: [{ state: count, next: map(e.add(e.argument(0), e.number(1)), count) }],
    }),
  });
  const { outputs } = await trainer.step(4);
  expect(outputs.before).toEqual(Float32Array.of(3));
  trainer.dispose();
});
