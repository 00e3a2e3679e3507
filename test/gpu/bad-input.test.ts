import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile } from '../../src/compile.ts';
import { type GpuContext, requestDevice } from '../../src/gpu/device.ts';
import type { Executable } from '../../src/gpu/execute.ts';
import { index, packIndexMap } from '../../src/graph/index-map.ts';
import { input } from '../../src/graph/leaf.ts';
import { squaredError } from '../../src/nn/loss.ts';
import { adam, type Optimizer } from '../../src/nn/optimizer.ts';
import { gather, segmentSum } from '../../src/ops/gather.ts';
import { gradient } from '../../src/ops/index.ts';
import { multiply } from '../../src/ops/map.ts';
import { broadcast } from '../../src/ops/sum.ts';

/** Bad input is refused before anything of it reaches the GPU, and what was trained so far survives. */

const [nodes, capacity] = [3, 5];
let gpu: GpuContext;
let writes = 0;
let training: Executable;
let optimizer: Optimizer;
const good = {
  pos: [1, 2, 3, 4, 5, 6, 7, 8, 9],
  src: packIndexMap([0, 1, 2, 2], capacity, nodes),
  dst: packIndexMap([1, 0, 0, 1], capacity, nodes),
  target: [9, 8, 7, 6, 5, 4, 3, 2, 1],
};

beforeAll(async () => {
  gpu = await requestDevice();
  optimizer = adam([0.5, 1, 1.5], { learningRate: 0.1 });
  const src = index('src', capacity, nodes);
  const moved = segmentSum(gather(input('pos', nodes, 3), src), index('dst', capacity, nodes));
  const y = multiply(moved, broadcast(optimizer.parameters, nodes, 3));
  const loss = squaredError(y, input('target', nodes, 3));
  const updates = optimizer.step(gradient(loss, [optimizer.parameters])[0]);
  training = await compile(gpu, { outputs: { loss }, updates });
  training.write(good);
  const { queue } = gpu.device;
  const original = queue.writeBuffer.bind(queue);
  Object.defineProperty(queue, 'writeBuffer', {
    value: (...args: Parameters<GPUQueue['writeBuffer']>) => {
      writes++;
      original(...args);
    },
  });
});
afterAll(() => gpu?.device.destroy());

const cases: Record<string, { feeds: Record<string, ArrayLike<number>>; message: string }> = {
  'a position that is not a number': {
    feeds: { pos: [1, 2, 3, 4, Number.NaN, 6, 7, 8, 9] },
    message: 'input "pos": row 1, column 1 is NaN; all numbers must be finite in 32-bit floating point',
  },
  'a number too large for 32 bits': {
    feeds: { pos: [1, 2, 3, 4, 5, 6, 7, 8, 1e39] },
    message: 'input "pos": row 2, column 2 is 1e+39',
  },
  'too few numbers': {
    feeds: { pos: [1, 2, 3] },
    message: 'input "pos" is 3x3, 9 numbers, but 3 were given',
  },
  'a name that is not there': {
    feeds: { positions: good.pos },
    message: 'there is no input "positions" here; known are',
  },
  'a good input beside a bad one': {
    feeds: { pos: new Array(9).fill(0), target: [Number.POSITIVE_INFINITY, 0, 0, 0, 0, 0, 0, 0, 0] },
    message: 'input "target": row 0, column 0 is Infinity',
  },
  'an edge to a node that is not there': {
    feeds: { src: good.src.map((v, i) => (i === 2 ? 3 : v)) },
    message: 'src: row 2 points to 3, but there are only 3 (0 to 2)',
  },
  'a list of edges that is no index map': {
    feeds: { src: [0, 1, 2, 2, 0] },
    message: `input "src" is 1x${2 * capacity + nodes + 1}`,
  },
};

describe('an executable refuses', () => {
  for (const [name, { feeds, message }] of Object.entries(cases))
    test(`${name}, and trains on as if nothing had happened`, async () => {
      const { states } = training;
      const before = await states.read(optimizer.states.values);
      writes = 0;
      expect(() => training.write(feeds)).toThrow(message);
      expect(writes).toBe(0);
      expect(await states.read(optimizer.states.values)).toEqual(before);
      const { loss } = await training.runAndRead();
      expect(loss.every(Number.isFinite)).toBe(true);
      const after = await states.read(optimizer.states.values);
      expect(after).not.toEqual(before);
      expect(after.every(Number.isFinite)).toBe(true);
    });

  test('all of them together left no trace: the parameters are those of as many steps alone', async () => {
    const steps = (await training.states.read(optimizer.states.step))[0];
    const alone = adam([0.5, 1, 1.5], { learningRate: 0.1 });
    const src = index('src', capacity, nodes);
    const moved = segmentSum(gather(input('pos', nodes, 3), src), index('dst', capacity, nodes));
    const y = multiply(moved, broadcast(alone.parameters, nodes, 3));
    const loss = squaredError(y, input('target', nodes, 3));
    const program = { outputs: { loss }, updates: alone.step(gradient(loss, [alone.parameters])[0]) };
    const control = await compile(gpu, program);
    control.write(good);
    control.run({ times: steps });
    expect(steps).toBeGreaterThan(0);
    expect(await control.states.read(alone.states.values)).toEqual(
      await training.states.read(optimizer.states.values),
    );
    control.dispose();
  });

  test('states that are not finite', async () => {
    const { states } = training;
    const before = await states.read(optimizer.states.values);
    const bad = [...before].map((v, i) => (i === 1 ? Number.NaN : v));
    expect(() => states.write(optimizer.states.values, bad)).toThrow('"adam.values": number 1 is NaN');
    expect(() => training.write({ [optimizer.states.values]: bad })).toThrow('row 0, column 1 is NaN');
    expect(await states.read(optimizer.states.values)).toEqual(before);
  });

  test('numbers of steps that are none', () => {
    for (const times of [-1, 1.5, Number.NaN])
      expect(() => training.run({ times })).toThrow(`times is ${times}, but must be a whole number from 0`);
  });
});
