import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile } from '../../src/compile.ts';
import { type GpuContext, requestDevice } from '../../src/gpu/device.ts';
import { StateStore } from '../../src/gpu/state-store.ts';
import { index, packIndexMap } from '../../src/graph/index-map.ts';
import { input, state } from '../../src/graph/leaf.ts';
import { reference } from '../../src/graph/reference.ts';
import { batchNorm } from '../../src/nn/batch-norm.ts';
import { dropout, stepCounter } from '../../src/nn/dropout.ts';
import { extract } from '../../src/nn/extract.ts';
import { layerNorm } from '../../src/nn/layer-norm.ts';
import { norm } from '../../src/nn/norm.ts';
import { normActivation } from '../../src/nn/norm-activation.ts';
import { Parameters } from '../../src/nn/parameters.ts';
import { tensorInput } from '../../src/nn/tensor.ts';
import { Irreps } from '../../src/o3/irreps.ts';
import { Layout } from '../../src/o3/layout.ts';
import { Random } from '../../src/o3/random.ts';
import { add } from '../../src/ops/map.ts';
import { randomUniform } from '../../src/ops/random-uniform.ts';
import { segmentMaximum } from '../../src/ops/segment-maximum.ts';
import { denseBatchNorm } from '../support/batch-norm.ts';
import { expectZeroPadding, type FeatureLayer, mixedLayout, traceLayer } from '../support/features.ts';
import { scaledError } from '../support/feeds.ts';
import { rowsOf, trainable } from '../support/layers.ts';
import { load, runOnGpu } from '../support/on-gpu.ts';

/** Norms, normalisations and dropout: the GPU equals the reference, and what lives in states is what it should be. */

let gpu: GpuContext;
beforeAll(async () => {
  gpu = await requestDevice();
});
afterAll(() => gpu?.device.destroy());

const irreps = Irreps.parse('5x0e + 2x0o + 3x1o + 1x0e + 6x2e + 1x3o');
const none = { parameters: [] };
const ROWS = 6;

function featureLayers(): Record<string, FeatureLayer> {
  const samples = index('samples', ROWS, 3);
  // The last row belongs nowhere.
  const packed = { samples: packIndexMap([0, 2, 2, 0, 2], ROWS, 3) };
  const running = {
    running_mean: new Random(7).normals(6),
    running_var: new Random(8).normals(irreps.numIrreps).map((v) => v * v),
  };
  const ofBatch = (options: object, mode: { training: boolean; samples?: typeof samples }): FeatureLayer => {
    const layer = batchNorm(irreps, { eps: 0.01, ...options });
    const feeds = { ...(mode.samples && packed), ...(mode.training ? {} : running) };
    return { module: layer, irreps, apply: (w, x) => layer.apply(w, x, mode), feeds };
  };
  const activated = normActivation(irreps, 'tanh', { bias: true, epsilon: 0.1 });
  const factored = normActivation(irreps, 'silu', { normalize: false });
  const perRow = layerNorm(irreps, { eps: 0.01 });
  return {
    norm: { module: none, irreps, apply: (_, x) => norm(irreps).apply(x) },
    normActivation: { module: activated, irreps, apply: activated.apply },
    'normActivation without normalize': { module: factored, irreps, apply: factored.apply },
    layerNorm: { module: perRow, irreps, apply: perRow.apply },
    'batchNorm, training': ofBatch({}, { training: true }),
    'batchNorm, training, samples, max': ofBatch({ reduce: 'max' }, { training: true, samples }),
    'batchNorm, evaluation': ofBatch({}, { training: false }),
    'batchNorm, instance': ofBatch({ instance: true, normalization: 'norm' }, { training: true, samples }),
    dropout: {
      module: none,
      irreps,
      apply: (_, x) => dropout(irreps, 0.4, { seed: 3 }).apply(x, { step: input('step', 1, 1) }),
      feeds: { step: [12] },
    },
    extract: {
      module: none,
      irreps,
      apply: (_, x) => extract(irreps, ['6x2e + 2x0o'], [[4, 1]]).apply(x)[0],
    },
  };
}

describe('values, first and second derivatives', () => {
  const layouts = {
    unpadded: Layout.of(irreps),
    padded: Layout.of(irreps, 4),
    'some blocks padded': mixedLayout(irreps, [true, false, true, false, true, false]),
  };
  for (const [name, layer] of Object.entries(featureLayers()))
    test(name, async () => {
      for (const [how, layout] of Object.entries(layouts)) {
        const { y, first, second, feeds, wrt } = traceLayer(layer, layout, ROWS);
        const outputs = {
          y: y.node,
          ...Object.fromEntries(first.map((node, i) => [`first ${i}`, node])),
          ...Object.fromEntries(second.map((node, i) => [`second ${i}`, node])),
        };
        const values = await runOnGpu(gpu, outputs, feeds);
        const expected = reference(Object.values(outputs), feeds);
        Object.keys(outputs).forEach((key, i) => {
          const bound = key === 'y' ? 1e-5 : key.startsWith('first') ? 1e-4 : 1e-3;
          expect(scaledError(values[key], expected[i]), `${how}: ${key}`).toBeLessThan(bound);
        });
        expectZeroPadding(Float64Array.from(values.y), y.layout);
        expectZeroPadding(Float64Array.from(values['first 0']), layout);
        expect(wrt.length).toBe(first.length);
      }
    });

  test('many rows and copies of multiples of four: the kernels that load by four', async () => {
    const many = Irreps.parse('8x0e + 4x1o');
    const layer = layerNorm(many);
    const { y, first, feeds } = traceLayer(
      { module: layer, irreps: many, apply: layer.apply },
      Layout.of(many),
      1030,
    );
    const outputs = { y: y.node, x: first[0] };
    const values = await runOnGpu(gpu, outputs, feeds);
    const expected = reference(Object.values(outputs), feeds);
    Object.keys(outputs).forEach((key, i) => {
      expect(scaledError(values[key], expected[i])).toBeLessThan(1e-5);
    });
  });
});

test('random numbers have the bits of the reference', async () => {
  for (const [step, seed] of [
    [0, 0],
    [1, 7],
    [16_777_215, 0xffffffff],
    [2.7, 123_456_789],
    [-3, 1],
  ]) {
    const numbers = randomUniform(input('step', 1, 1), 37, 11, seed);
    const { out } = await runOnGpu(gpu, { out: numbers }, { step: [step] });
    expect(Float64Array.from(out)).toEqual(reference([numbers], { step: [step] })[0]);
  }
});

test('the largest of segments: of negative numbers, of none, and of rows that belong nowhere', async () => {
  const largest = segmentMaximum(input('x', 5, 2), index('samples', 5, 3));
  const feeds = { x: [-3, 1, -7, 4, -2, 0, -8, 9, 50, 60], samples: packIndexMap([0, 2, 0, 2], 5, 3) };
  const { out } = await runOnGpu(gpu, { out: largest }, feeds);
  expect([...out]).toEqual([-2, 1, 0, 0, -7, 9]);
});

describe('batchNorm over steps', () => {
  const layer = batchNorm(irreps, { momentum: 0.3 });
  const { parameters, packed, arrays, values } = trainable(layer);
  const x = tensorInput('x', ROWS, Layout.of(irreps, 4));

  test('running statistics are those of the definition, and evaluation uses them', async () => {
    const states = new StateStore(gpu.device);
    const trained = layer.apply(parameters.weights(packed), x, { training: true });
    const training = await compile(
      gpu,
      { outputs: { y: trained.node }, updates: trained.updates },
      { states },
    );
    const evaluated = layer.apply(parameters.weights(packed), x, { training: false });
    const evaluation = await compile(gpu, { outputs: { y: evaluated.node } }, { states });
    let buffers = { running_mean: new Array(6).fill(0), running_var: new Array(irreps.numIrreps).fill(1) };
    for (let i = 0; i < 4; i++) {
      const plain = new Random(20 + i).normals(ROWS * irreps.dim).map(Math.fround);
      const rows = rowsOf(plain, irreps.dim, ROWS);
      training.write({ x: x.layout.pack(plain), parameters: values });
      // Two steps in one submit: both count.
      training.run({ times: 2 });
      for (let k = 0; k < 2; k++)
        buffers = denseBatchNorm(
          irreps,
          rows,
          { ...arrays, ...buffers },
          { momentum: 0.3 },
          { training: true },
        ).buffers;
      const read = parameters.unpackBuffers(await states.readAll());
      expect(scaledError(read.running_mean.data, buffers.running_mean)).toBeLessThan(1e-5);
      expect(scaledError(read.running_var.data, buffers.running_var)).toBeLessThan(1e-5);
      evaluation.write({ x: x.layout.pack(plain), parameters: values });
      const { y } = await evaluation.runAndRead();
      const expected = denseBatchNorm(irreps, rows, { ...arrays, ...buffers }, {}, { training: false }).out;
      expect(scaledError(x.layout.unpack(y), expected.flat())).toBeLessThan(1e-5);
    }
    // Evaluation has changed nothing.
    const after = parameters.unpackBuffers(await states.readAll());
    expect(scaledError(after.running_mean.data, buffers.running_mean)).toBeLessThan(1e-5);
    training.dispose();
    evaluation.dispose();
    states.dispose();
  });

  test('momentum 0 keeps the statistics, 1 replaces them', async () => {
    for (const momentum of [0, 1]) {
      const own = batchNorm('2x0e + 1x1o', { momentum });
      const features = tensorInput('x', ROWS, '2x0e + 1x1o');
      const { weights } = trainable(own);
      const { node, updates } = own.apply(weights, features, { training: true });
      const plain = new Random(3).normals(ROWS * 5);
      const executable = await load(
        gpu,
        { outputs: { y: node }, updates },
        {
          x: features.layout.pack(plain),
          parameters: trainable(own).values,
        },
      );
      executable.run({ times: 3 });
      const read = new Parameters(own).unpackBuffers(await executable.states.readAll());
      const rows = rowsOf(plain, 5, ROWS);
      const start = { running_mean: [0, 0], running_var: [1, 1, 1] };
      const expected =
        momentum === 0
          ? start
          : denseBatchNorm(
              Irreps.parse('2x0e + 1x1o'),
              rows,
              { ...start, weight: [1, 1, 1], bias: [0, 0] },
              { momentum },
              { training: true },
            ).buffers;
      expect(scaledError(read.running_mean.data, expected.running_mean)).toBeLessThan(1e-5);
      expect(scaledError(read.running_var.data, expected.running_var)).toBeLessThan(1e-5);
      executable.dispose();
      executable.states.dispose();
    }
  });
});

describe('dropout over steps', () => {
  const layer = dropout('6x1o', 0.5, { seed: 11 });
  const rows = 8;
  const x = tensorInput('x', rows, '6x1o');
  const ones = new Float64Array(rows * 18).fill(1);
  /** The mask of each step, by the definition. */
  const masks = Array.from({ length: 12 }, (_, step) => {
    const { node } = layer.apply(x, { step: input('now', 1, 1) });
    return Float32Array.from(reference([node], { x: ones, now: [step] })[0]);
  });

  /** A program that drops and adds up what was kept, so that a run of K steps shows all of their masks. */
  async function counting() {
    const { step, update } = stepCounter();
    const { node } = layer.apply(x, { step });
    const total = state('total', rows, 18, new Float64Array(rows * 18));
    return load(
      gpu,
      { outputs: { y: node }, updates: [update, { state: total, next: add(total, node) }] },
      { x: ones },
    );
  }

  test('every step of one submit has a mask of its own', async () => {
    expect(new Set(masks.map((mask) => mask.join())).size).toBe(masks.length);
    const executable = await counting();
    const { y } = await executable.runAndRead({ times: 7 });
    expect(y).toEqual(masks[6]);
    const expected = masks[0].map((_, i) => masks.slice(0, 7).reduce((sum, mask) => sum + mask[i], 0));
    expect(await executable.states.read('total')).toEqual(expected);
    expect([...(await executable.states.read('step'))]).toEqual([7]);
    executable.dispose();
    executable.states.dispose();
  });

  test('who goes on from saved states sees the masks that would have come', async () => {
    const first = await counting();
    first.run({ times: 5 });
    const saved = await first.states.readAll();
    first.dispose();
    first.states.dispose();
    const second = await counting();
    for (const [name, values] of Object.entries(saved)) second.states.write(name, values);
    for (let step = 5; step < 9; step++) expect((await second.runAndRead()).y).toEqual(masks[step]);
    second.dispose();
    second.states.dispose();
  });
});
