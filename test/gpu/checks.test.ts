import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arrayModel, assertEquivariantModel } from '../../src/checks/array-model.ts';
import { assertGradients, checkGradients } from '../../src/checks/check-gradients.ts';
import { type GpuContext, requestDevice } from '../../src/gpu/device.ts';
import * as e from '../../src/graph/expression.ts';
import { input, state } from '../../src/graph/leaf.ts';
import { apply, type Node } from '../../src/graph/node.ts';
import { tensor } from '../../src/nn/tensor.ts';
import { Layout } from '../../src/o3/layout.ts';
import { Random } from '../../src/o3/random.ts';
import { gradient } from '../../src/ops/index.ts';
import { map, mapOp, scale } from '../../src/ops/map.ts';
import { build, cloud, smallNetwork } from '../support/models.ts';

/** The public checks, on a GPU. */

let gpu: GpuContext;
beforeAll(async () => {
  gpu = await requestDevice();
});
afterAll(() => gpu?.device.destroy());

const x = input('x', 3, 4);
const feeds = { x: new Random(3).normals(12) };
const a = e.argument(0);
const wave = (node: Node) => map(e.mul(e.sin(a), e.exp(e.mul(e.number(0.3), a))), node);

describe('checkGradients', () => {
  test('of a network, to the second order: the GPU has the derivatives that differences give', async () => {
    const network = smallNetwork({ mul: 3, lmax: 1, layers: 1 });
    const built = build(network, 4);
    const { parameters: _, ...rest } = built.feeds(cloud(4), new Random(2).normals(4 * built.irrepsIn!.dim));
    const report = await assertGradients(
      gpu,
      (weights) => network.apply(weights, built.graph, built.x).node,
      { module: network.module, wrt: [built.graph.pos, built.x!], feeds: rest, order: 2 },
    );
    for (const { gpu: error, curve, best } of report.entries) {
      expect(error).toBeGreaterThan(0);
      expect(error).toBeLessThan(1e-4);
      // The GPU's curve ends where 32 bits do.
      const least = Math.min(...curve.map(({ gpuError }) => gpuError!));
      expect(least).toBeGreaterThan(best.error);
      expect(least).toBeLessThan(1e-4);
    }
    expect(report.print()).toMatch(
      /^passed {2}order 1 by pos: .*, GPU \d\.\de-\d\n {2}step {5}error {4}GPU\n/,
    );
  });

  test('a kernel that is wrong by a thousandth is found, though the gradient in f64 is right', async () => {
    // The same value by definition, and a thousandth more by its kernel.
    const rounded = (node: Node) =>
      apply(
        {
          ...mapOp,
          name: 'rounded',
          pointwise: undefined,
          batch: undefined,
          simplify: undefined,
          kernel: (own) => mapOp.kernel!({ ...own, attrs: { expression: e.mul(e.number(1.001), a) } }),
        },
        [node],
        { expression: a },
      );
    const right = wave(x);
    const gradientOf: typeof mapOp.gradient = (node, cotangent) =>
      mapOp.gradient(node, cotangent).map((rule) => () => rounded(rule!()));
    const value = apply({ ...mapOp, name: 'wave', gradient: gradientOf }, right.inputs, right.attrs);
    expect((await checkGradients(null, value, { feeds })).passed).toBe(true);
    const report = await checkGradients(gpu, value, { feeds });
    const [{ wrong, gpu: error }] = report.entries;
    expect(error).toBeGreaterThan(0.9e-3);
    expect(error).toBeLessThan(1.1e-3);
    expect(wrong!.against).toBe('the GPU');
    expect(wrong!.found / wrong!.derivative).toBeCloseTo(1.001, 5);
    expect(report.failure).toMatch(
      /^the derivative of order 1 by "x" is wrong at row \d, column \d \(number \d+\): it is [-\d.]+, but the GPU gives [-\d.]+; the relative error is [19]\.\de-[34], allowed is 0\.0001$/,
    );
  });

  test('by states, of a value that one leaf drops out of', async () => {
    const s = state('s', 1, 4, [1, 2, 3, 4]);
    const unused = input('unused', 1, 4);
    const value = wave(map(e.add(a, e.mul(e.argument(1), e.number(0))), s, unused));
    const report = await assertGradients(gpu, value, { feeds: { unused: [0, 0, 0, 0] }, order: 3 });
    expect(report.entries.map(({ leaf }) => leaf)).toEqual(['s', 's', 's']);
  });
});

describe('models of arrays', () => {
  test('a network and its forces are equivariant, edges following the points', async () => {
    const rows = 4;
    const built = build(smallNetwork({ irrepsIn: '0e', irrepsOut: '0e' }), rows);
    const [force] = gradient(built.output.node, [built.graph.pos]);
    const errors = await assertEquivariantModel(gpu, {
      inputs: [built.graph.pos],
      outputs: [tensor(force, Layout.of('1o'))],
      feeds: (pos) => built.feeds(pos, new Float64Array(rows).fill(1)),
    });
    expect(Math.min(errors.rotation, errors.translation)).toBeGreaterThan(0);
    for (const error of Object.values(errors)) expect(error).toBeLessThan(1e-4);
  });

  test('a broken one is not, and its buffers are freed', async () => {
    const broken = { inputs: [tensor(x, Layout.of('4x0e'))], outputs: [tensor(wave(x), Layout.of('4x0o'))] };
    await expect(assertEquivariantModel(gpu, broken)).rejects.toThrow('not equivariant under inversion');
  });

  test('arrays come and go in the order of e3nn; after dispose nothing runs', async () => {
    const y = input('y', 2, 6);
    const layout = Layout.of('2x1o');
    const { model, dispose } = await arrayModel(gpu, {
      inputs: [tensor(y, layout)],
      outputs: [tensor(scale(y, 2), layout)],
    });
    const numbers = Float64Array.from({ length: 12 }, (_, i) => i);
    expect(await model(numbers)).toEqual([numbers.map((v) => 2 * v)]);
    dispose();
  });
});
