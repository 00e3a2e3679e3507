import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GpuContext, requestDevice } from '../../src/gpu/device.ts';
import * as e from '../../src/graph/expression.ts';
import { input } from '../../src/graph/leaf.ts';
import type { Node } from '../../src/graph/node.ts';
import { reference } from '../../src/graph/reference.ts';
import { linear } from '../../src/nn/linear.ts';
import { Weights } from '../../src/nn/parameters.ts';
import { tensorInput } from '../../src/nn/tensor.ts';
import { type TensorProductLayer, tensorProductLayer } from '../../src/nn/tensor-product.ts';
import { gradient } from '../../src/ops/index.ts';
import { map, multiply } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import { randomFeeds, scaledError } from '../support/feeds.ts';
import { irrepsUpTo, layoutOf } from '../support/layers.ts';
import { gpuError, runOnGpu } from '../support/on-gpu.ts';
import { runs, someOptimizations } from '../support/property.ts';
import { allOps, graphs, pointwiseOps } from '../support/random-graph.ts';
import { networks } from '../support/random-network.ts';
import { tensorProductSpecs, wideProductSpecs } from '../support/random-product.ts';

let gpu: GpuContext;
beforeAll(async () => {
  gpu = await requestDevice();
});
afterAll(() => gpu?.device.destroy());

describe('random graphs', () => {
  const check = (programs: fc.Arbitrary<{ pool: Node[]; chosen: number[] }>, count: number) =>
    fc.assert(
      fc.asyncProperty(programs, someOptimizations, async ({ pool, chosen }, optimizations) => {
        const outputs: Record<string, Node> = { last: pool[pool.length - 1] };
        for (const k of chosen) outputs[`out${k}`] = pool[k % pool.length];
        expect(await gpuError(gpu, outputs, randomFeeds(pool), { optimizations })).toBeLessThan(2e-5);
      }),
      runs(count),
    );
  const chosen = fc.array(fc.nat(), { maxLength: 3 });

  test('equal the reference, whatever rules are on', () =>
    check(fc.record({ pool: graphs(allOps, 20), chosen }), 25));

  test('of matrix products and sums equal the reference, whatever rules are on', () =>
    fc.assert(
      fc.asyncProperty(networks, someOptimizations, async (outputs, optimizations) => {
        expect(
          await gpuError(gpu, outputs, randomFeeds(Object.values(outputs)), { optimizations }),
        ).toBeLessThan(2e-5);
      }),
      runs(25),
    ));

  test('with so many rows that kernels compute four numbers at a time', () =>
    check(fc.record({ pool: graphs(pointwiseOps, 8, 8192), chosen: fc.constant([]) }), 8));
});

describe('random tensor products', () => {
  const padding = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean());

  /** The product with all its gradients, on so many rows. */
  async function errorOf(layer: TensorProductLayer, rows: number, perSample: boolean, plain = false) {
    const x = tensorInput('x', rows, layer.layoutIn1);
    const y = tensorInput('y', rows, layer.layoutIn2);
    const w = input('w', perSample ? rows : 1, layer.weightLength);
    const z = layer.apply(layer.weightLength > 0 ? w : null, x, y).node;
    const loss = sum(multiply(z, input('c', z.rows, z.cols)), 'all');
    const [dx, dy, dw] = gradient(loss, [x.node, y.node, w]);
    // Padding is zero in every feature.
    const feeds = randomFeeds([loss, w]);
    for (const [name, layout] of [
      ['x', layer.layoutIn1],
      ['y', layer.layoutIn2],
      ['c', layer.layoutOut],
    ] as const)
      if (feeds[name]) feeds[name] = layout.pack(layout.unpack(feeds[name]));
    return gpuError(gpu, { z, dx, dy, dw }, feeds, { plain });
  }

  for (const plain of [false, true])
    test(`equal the reference with all their gradients, ${plain ? 'by the default slots' : 'generated'}`, () =>
      fc.assert(
        fc.asyncProperty(tensorProductSpecs, padding, fc.boolean(), async (spec, padded, perSample) => {
          const layer = tensorProductLayer(spec, {
            layoutIn1: layoutOf(spec.irrepsIn1, padded[0]),
            layoutIn2: layoutOf(spec.irrepsIn2, padded[1]),
            layoutOut: layoutOf(spec.irrepsOut, padded[2]),
          });
          expect(await errorOf(layer, 3, perSample, plain)).toBeLessThan(2e-5);
        }),
        runs(plain ? 6 : 16),
      ));

  test('with so many rows that kernels take four channels at a time', () =>
    fc.assert(
      fc.asyncProperty(wideProductSpecs, fc.boolean(), async (spec, perSample) => {
        const layer = tensorProductLayer(spec, {
          layoutIn1: layoutOf(spec.irrepsIn1, true),
          layoutIn2: layoutOf(spec.irrepsIn2, spec.instructions[0]?.connectionMode === 'uuu'),
          layoutOut: layoutOf(spec.irrepsOut, true),
        });
        expect(await errorOf(layer, 1025, perSample)).toBeLessThan(2e-5);
      }),
      runs(6),
    ));
});

test('random linear layers equal the reference with their gradients: shared weights and per sample', async () => {
  const cases = fc.record({
    irrepsIn: irrepsUpTo(2, 9, 4),
    irrepsOut: irrepsUpTo(2, 9, 4),
    padded: fc.tuple(fc.boolean(), fc.boolean()),
    perSample: fc.boolean(),
    rows: fc.constantFrom(1, 3, 70),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ irrepsIn, irrepsOut, padded, perSample, rows }) => {
      const layer = linear(irrepsIn, irrepsOut, {
        layoutIn: layoutOf(irrepsIn, padded[0]),
        layoutOut: layoutOf(irrepsOut, padded[1]),
      });
      const x = tensorInput('x', rows, layer.layoutIn);
      const w = input('w', perSample ? rows : 1, layer.parameters[0].packedLength);
      const y = layer.apply(new Weights(new Map([['weight', w]])), x).node;
      const loss = sum(multiply(y, input('c', y.rows, y.cols)), 'all');
      const [dx, dw] = gradient(loss, [x.node, w]);
      expect(await gpuError(gpu, { y, dx, dw }, randomFeeds([loss]))).toBeLessThan(2e-5);
    }),
    runs(16),
  );
});

test('every scalar function is right to about the last bits of 32', async () => {
  const a = e.argument(0);
  const functions: Record<string, e.Expression> = {
    power3: e.power(a, 3),
    power7: e.power(a, 7),
    reciprocal: e.power(e.add(e.mul(a, a), e.number(0.1)), -1),
    'power -3': e.power(e.add(e.abs(a), e.number(0.5)), -3),
    sqrt: e.sqrt(a),
    exp: e.exp(a),
    expm1: e.expm1(a),
    log: e.log(e.add(e.mul(a, a), e.number(0.01))),
    sin: e.sin(a),
    'sin of large': e.sin(e.mul(e.number(40), a)),
    cos: e.cos(a),
    tanh: e.tanh(a),
    sigmoid: e.sigmoid(e.mul(e.number(5), a)),
    softplus: e.softplus(e.mul(e.number(5), a)),
    abs: e.abs(a),
    erf: e.erf(a),
    sign: e.sign(a),
    step: e.step(a),
    select: e.select(a, e.sin(a), e.mul(a, a)),
    max: e.max(a, e.mul(a, a)),
    min: e.min(a, e.mul(a, a)),
    ...Object.fromEntries([0, 1, 2, 4].map((n) => [`softUnitStep${n}`, e.softUnitStep(a, n)])),
    ...Object.fromEntries([0, 1, 2, 3, 4].map((n) => [`sinc${n}`, e.sinc(a, n)])),
  };
  const x = input('x', 1, 161);
  // Eighths, which multiplying by whole numbers leaves exact.
  const grid = Float32Array.from({ length: 161 }, (_, i) => (i - 80) / 8);
  const outputs = Object.fromEntries(Object.entries(functions).map(([name, f]) => [name, map(f, x)]));
  const values = await runOnGpu(gpu, outputs, { x: grid });
  const expected = reference(Object.values(outputs), { x: grid });
  const errors = Object.keys(outputs).map((name, i) => ({
    name,
    error: scaledError(values[name], expected[i]),
  }));
  expect(errors.filter(({ error }) => !(error < 2e-6))).toEqual([]);
});
