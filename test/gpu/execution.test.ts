import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countGpu } from '../../demo/shared/count-gpu.ts';
import { gatePoints } from '../../demo/shared/tetris-network.ts';
import { TetrisTrainer } from '../../demo/shared/tetris-trainer.ts';
import { compile } from '../../src/compile.ts';
import { type GpuContext, requestDevice } from '../../src/gpu/device.ts';
import { StateStore } from '../../src/gpu/state-store.ts';
import * as e from '../../src/graph/expression.ts';
import { index } from '../../src/graph/index-map.ts';
import { input, state } from '../../src/graph/leaf.ts';
import { reference } from '../../src/graph/reference.ts';
import { linear } from '../../src/nn/linear.ts';
import { squaredError } from '../../src/nn/loss.ts';
import { adam } from '../../src/nn/optimizer.ts';
import { tensorInput } from '../../src/nn/tensor.ts';
import { Random } from '../../src/o3/random.ts';
import { contract } from '../../src/ops/contract.ts';
import { gather, segmentSum } from '../../src/ops/gather.ts';
import { gradient } from '../../src/ops/index.ts';
import { add, map, multiply, scale } from '../../src/ops/map.ts';
import { optimizerStep } from '../../src/ops/optimizer-step.ts';
import { radialBasis } from '../../src/ops/radial-basis.ts';
import { slice } from '../../src/ops/slice.ts';
import { solidHarmonics } from '../../src/ops/spherical-harmonics.ts';
import { sum } from '../../src/ops/sum.ts';
import { tensorProduct } from '../../src/ops/tensor-product.ts';
import { randomFeeds, scaledError } from '../support/feeds.ts';
import { trainable } from '../support/layers.ts';
import { gpuError, limited, load } from '../support/on-gpu.ts';

let gpu: GpuContext;
beforeAll(async () => {
  gpu = await requestDevice();
});
afterAll(() => gpu?.device.destroy());

describe('training repeats itself to the last bit', () => {
  test('two trainers with one seed, 20 steps, one by one and five a submit; another seed differs', async () => {
    const train = async (seed: number, steps: number, times: number) => {
      const trainer = await TetrisTrainer.create(gpu, { recipe: gatePoints({ mul: 8 }), seed });
      const before = await trainer.values();
      for (let step = 0; step < steps; step += times) await trainer.step(times);
      const values = await trainer.values();
      trainer.dispose();
      return { before, values };
    };
    const first = await train(1, 20, 1);
    expect(await train(1, 20, 5)).toEqual(first);
    expect(first.values).not.toEqual(first.before);
    expect(Array.from(first.values).every(Number.isFinite)).toBe(true);
    expect((await train(2, 0, 1)).before).not.toEqual(first.before);
  });
});

/** A layer small enough for many steps, learning another one's outputs: its training program, fed. */
async function smallTraining(context: GpuContext, states?: StateStore) {
  const layer = linear('3x0e + 2x1o', '2x0e + 2x1o', { biases: true });
  const { parameters, values } = trainable(layer);
  const optimizer = adam(values, { learningRate: 0.05 });
  const x = tensorInput('x', 5, layer.layoutIn);
  const y = layer.apply(parameters.weights(optimizer.parameters), x).node;
  const loss = squaredError(y, input('target', 5, y.cols));
  const updates = optimizer.step(gradient(loss, [optimizer.parameters])[0]);
  const random = new Random(3);
  const feeds = { x: random.normals(5 * 9), target: random.normals(5 * 8) };
  const executable = await compile(context, { outputs: { loss }, updates }, { states });
  executable.write(feeds);
  return { executable, optimizer, updates, loss, feeds };
}

describe('a step', () => {
  test('creates no GPU object and submits once, 1,000 times', async () => {
    const own = await requestDevice();
    const { executable } = await smallTraining(own);
    const counts = countGpu(own.device);
    let [first, last] = [0, 0];
    for (let step = 1; step <= 1000; step++) {
      const { loss } = await executable.runAndRead();
      if (step === 1) first = loss[0];
      last = loss[0];
    }
    expect(counts).toEqual({ objects: 0, submits: 1000 });
    expect(last).toBeLessThan(0.9 * first);
    executable.run({ times: 500 });
    expect(counts).toEqual({ objects: 0, submits: 1001 });
    own.device.destroy();
  });

  test('follows the reference: adam in f64, 10 steps', async () => {
    const { executable, updates, loss, feeds, optimizer } = await smallTraining(gpu);
    const states: Record<string, ArrayLike<number>> = {};
    for (let step = 0; step < 10; step++) {
      const [expected, ...next] = reference([loss, ...updates.map((u) => u.next)], { ...feeds, ...states });
      updates.forEach(({ state: s }, i) => {
        states[s.attrs.name] = next[i];
      });
      const { loss: actual } = await executable.runAndRead();
      expect(scaledError(actual, expected)).toBeLessThan(1e-4);
    }
    const values = await executable.states.read(optimizer.states.values);
    expect(scaledError(values, states[optimizer.states.values])).toBeLessThan(1e-4);
    expect([...(await executable.states.read(optimizer.states.step))]).toEqual([10]);
    executable.dispose();
  });

  test('does not change its inputs', async () => {
    const { executable } = await smallTraining(gpu);
    const frozen = await smallTraining(gpu);
    const { loss: first } = await executable.runAndRead();
    expect((await frozen.executable.runAndRead()).loss).toEqual(first);
    executable.dispose();
    frozen.executable.dispose();
  });
});

describe('reads', () => {
  test('many under way at once each give the values of their own run', async () => {
    const x = input('x', 3, 5);
    const executable = await compile(gpu, {
      outputs: { double: scale(x, 2), total: sum(x, 'all'), same: x },
    });
    const reads: Promise<Record<string, Float32Array>>[] = [];
    for (let k = 0; k < 12; k++) {
      executable.write({ x: new Float32Array(15).fill(k) });
      reads.push(executable.runAndRead());
    }
    const results = await Promise.all(reads);
    results.forEach(({ double, total, same }, k) => {
      expect([...double]).toEqual(new Array(15).fill(2 * k));
      expect([...total]).toEqual([15 * k]);
      expect([...same]).toEqual(new Array(15).fill(k));
    });
    // Values that were read stay what they are.
    executable.write({ x: new Float32Array(15).fill(100) });
    await executable.runAndRead();
    expect([...results[3].total]).toEqual([45]);
    executable.dispose();
  });

  test('some outputs only, and unknown ones refused', async () => {
    const x = input('x', 1, 2);
    const executable = await compile(gpu, { outputs: { a: scale(x, 2), b: scale(x, 3) } });
    executable.write({ x: [1, 2] });
    expect(await executable.runAndRead({ outputs: ['b'] })).toEqual({ b: Float32Array.of(3, 6) });
    expect(() => executable.runAndRead({ outputs: ['c'] })).toThrow(
      'there is no output "c" here; known are a, b',
    );
    executable.dispose();
  });

  test('of a program that is disposed of meanwhile are rejected', async () => {
    const executable = await compile(gpu, { outputs: { y: scale(input('x', 1, 2), 2) } });
    const reading = executable.runAndRead();
    executable.dispose();
    await expect(reading).rejects.toThrow();
  });

  test('slower than runs, they do not hold them up', async () => {
    const counter = state('counter', 1, 1, [0]);
    const executable = await compile(gpu, {
      outputs: { counter },
      updates: [{ state: counter, next: map(e.add(e.argument(0), e.number(1)), counter) }],
    });
    const early = executable.runAndRead();
    for (let k = 0; k < 50; k++) executable.run();
    const late = executable.runAndRead({ times: 3 });
    // An output that is a state is its value before the step.
    expect([...(await early).counter, ...(await late).counter]).toEqual([0, 53]);
    expect([...(await executable.states.read('counter'))]).toEqual([54]);
    executable.dispose();
  });
});

describe('what depends on inputs only', () => {
  test('runs again when an input was written, and gives the same bits as if it always ran', async () => {
    const make = (prologue: boolean) => {
      const x = input('x', 40, 8);
      const s = state('s', 1, 8, [1, 2, 3, 4, 5, 6, 7, 8]);
      const kept = sum(map(e.sin(e.argument(0)), x), 'rows');
      const updates = [{ state: s, next: map(e.sin(e.add(e.argument(0), e.argument(1))), s, kept) }];
      return compile(
        gpu,
        { outputs: { total: sum(multiply(s, kept), 'all') }, updates },
        { optimizations: { prologue } },
      );
    };
    const [lazy, eager] = [await make(true), await make(false)];
    expect([lazy.prologueDispatches, eager.prologueDispatches]).toEqual([2, 0]);
    expect(lazy.dispatches + lazy.prologueDispatches).toBe(eager.dispatches);
    for (const times of [0, 1, 3, 2]) {
      const x = Float32Array.from({ length: 320 }, (_, i) => Math.cos(i * (times + 1)));
      const ofEach = [];
      for (const executable of [lazy, eager]) {
        executable.write({ x });
        executable.run({ times });
        ofEach.push(await executable.runAndRead({ times: 2 }), await executable.states.read('s'));
      }
      expect(ofEach.slice(0, 2)).toEqual(ofEach.slice(2));
    }
    lazy.dispose();
    eager.dispose();
  });
});

describe('states', () => {
  test('live on in their store: a second program reads what the first one trained', async () => {
    const states = new StateStore(gpu.device);
    const { executable, optimizer } = await smallTraining(gpu, states);
    executable.run({ times: 7 });
    const reader = await compile(gpu, { outputs: { p: scale(optimizer.parameters, 1) } }, { states });
    const trained = await states.read(optimizer.states.values);
    executable.dispose();
    const { p } = await reader.runAndRead();
    expect(p).toEqual(trained.slice(0, p.length));
    reader.dispose();
    states.dispose();
  });

  test('all change at once: two exchange their values, a third sees both as they were', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name, i) => state(name, 1, 3, [i, i + 10, i + 20]));
    const executable = await compile(gpu, {
      outputs: { sum: add(a, b), part: slice(c, 1, 2), c },
      updates: [
        { state: a, next: b },
        { state: b, next: a },
        { state: c, next: add(add(a, b), c) },
      ],
    });
    const first = await executable.runAndRead();
    expect(Object.values(first).map((v) => [...v])).toEqual([
      [1, 21, 41],
      [12, 22],
      [2, 12, 22],
    ]);
    const read = (name: string) => executable.states.read(name).then((v) => [...v]);
    expect([await read('a'), await read('b'), await read('c')]).toEqual([
      [1, 11, 21],
      [0, 10, 20],
      [3, 33, 63],
    ]);
    executable.run();
    expect([await read('a'), await read('b')]).toEqual([
      [0, 10, 20],
      [1, 11, 21],
    ]);
    executable.dispose();
  });

  test('are written and read by name, and refuse what does not fit', async () => {
    const s = state('s', 1, 3, [1, 2, 3]);
    const executable = await compile(gpu, { outputs: { y: scale(s, 2) } });
    executable.states.write('s', [4, 5, 6]);
    expect([...(await executable.runAndRead()).y]).toEqual([8, 10, 12]);
    expect(() => executable.states.write('s', [1])).toThrow('state "s" holds 3 numbers, got 1');
    expect(() => executable.states.write('t', [1])).toThrow('there is no state "t" here; known are s');
    await expect(executable.states.read('t')).rejects.toThrow('there is no state "t" here; known are s');
    await expect(
      compile(gpu, { outputs: { y: scale(state('s', 1, 2, [1, 2]), 2) } }, { states: executable.states }),
    ).rejects.toThrow('state "s" holds 3 numbers, another program wants 2 under that name');
    executable.dispose();
  });
});

describe('large values', () => {
  test('more than 65,535 workgroups take two dimensions: a map over five million numbers', async () => {
    const rows = 5_000_011;
    const x = input('x', rows, 1);
    const executable = await compile(gpu, {
      outputs: { y: map(e.add(e.mul(e.argument(0), e.argument(0)), e.number(1)), x) },
    });
    expect(executable.describe()[0]).toMatch(/\(78126 workgroups\)/);
    const random = new Random(1);
    const values = Float32Array.from({ length: rows }, () => random.bits() % 1000);
    executable.write({ x: values });
    const { y } = await executable.runAndRead();
    // Whole numbers below 2^24: exact.
    expect(y.findIndex((v, i) => v !== values[i] * values[i] + 1)).toBe(-1);
    executable.dispose();
  });

  test('every kernel counts its workgroups over both dimensions', async () => {
    const n = 640;
    const column = input('column', n, 1);
    const long = input('long', 10, 65);
    const form = { aCols: 2, wCols: 16, oCols: 8, perSample: false };
    const block = { a: 0, aStride: 2, o: 0, oStride: 8, w: 0, mulIn: 2, mulOut: 8, dim: 1, coefficient: 0.5 };
    const dense = {
      a: 0,
      aStride: 16,
      o: 0,
      oStride: 40,
      w: 0,
      mulIn: 16,
      mulOut: 40,
      dim: 1,
      coefficient: 2,
    };
    const weights = input('weights', 1, 17 * 41);
    const product = contract(
      { blocks: [dense], aCols: 17, wCols: 17 * 41, oCols: 41, perSample: false },
      input('few', 3, 17),
      weights,
    );
    const scalar = { offset: 0, stride: 1, mul: 1, l: 0 };
    const path = { mode: 'uuu' as const, x: scalar, y: scalar, z: scalar, w: null, coefficient: 1 };
    const outputs = {
      map: map(e.sin(e.argument(0)), column),
      sum: sum(input('wide', 3, n), 'rows'),
      longSum: sum(long, 'cols'),
      gather: gather(input('ten', 10, 1), index('from', n, 10)),
      segmentSum: segmentSum(column, index('to', n, n)),
      contract: contract({ ...form, blocks: [block] }, input('pairs', n, 2), input('w', 1, 16)),
      contractWeights: gradient(product, [weights], input('c', 3, 41))[0],
      tensorProduct: tensorProduct({ paths: [path], cols: { x: 1, y: 1, w: 0, z: 1 } }, column, column),
      solidHarmonics: solidHarmonics(input('xyz', n, 3), [0, 1]),
      radialBasis: radialBasis(column, e.sin(e.mul(e.argument(0), e.argument(1))), [2]),
      optimizerStep: optimizerStep(
        [e.sub(e.argument(0), e.argument(1))],
        weights,
        input('slope', 1, 17 * 41),
      ),
    };
    const narrow = limited(gpu, { maxComputeWorkgroupsPerDimension: 4 });
    const feeds = randomFeeds(Object.values(outputs));
    const executable = await load(narrow, { outputs }, feeds, {
      optimizations: { batches: false, reductions: false },
    });
    // Ten or eleven each, and one copy for the optimiser to write over: three rows of four.
    expect(executable.describe().map((text) => /\((\d+) workgroups\)/.exec(text)![1])).toEqual(
      new Array(12).fill('12'),
    );
    const values = await executable.runAndRead();
    const expected = reference(Object.values(outputs), feeds);
    Object.keys(outputs).forEach((name, i) => {
      expect(scaledError(values[name as keyof typeof outputs], expected[i]), name).toBeLessThan(1e-5);
    });
    executable.dispose();
  });

  test('a sum over all of them', async () => {
    const executable = await compile(gpu, { outputs: { total: sum(input('x', 1000, 1000), 'all') } });
    executable.write({ x: new Float32Array(1_000_000).fill(0.5) });
    expect([...(await executable.runAndRead()).total]).toEqual([500_000]);
    executable.dispose();
  });
});

describe('kernels that bind much', () => {
  test('know how much it is; others share their pipelines', async () => {
    const values = (rows: number) => ({ y: scale(input('x', rows, 8), 3) });
    const codeOf = async (rows: number) => {
      const executable = await compile(gpu, { outputs: values(rows) });
      const [{ code }] = executable.shaders();
      executable.dispose();
      return code;
    };
    expect(await codeOf(8000)).toMatch(/in0: array<f32, 64000>/);
    expect(await codeOf(8000)).not.toBe(await codeOf(7999));
    expect(await codeOf(30)).toBe(await codeOf(31));
  });

  test.each([40_000, 40_001])('an optimiser of %i parameters, four at a time or one', async (n) => {
    const optimizer = adam(new Float64Array(n).fill(0.5), {
      learningRate: 0.25,
      weightDecay: 0.125,
      ema: 0.5,
    });
    const [step, values] = optimizer.step(input('gradient', 1, n)).map(({ next }) => next);
    const feeds = randomFeeds([values]);
    const { name: counter } = step.inputs[0].attrs;
    expect(await gpuError(gpu, { values }, { ...feeds, [counter]: [3] })).toBeLessThan(1e-5);
  });
});
