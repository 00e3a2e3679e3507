import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CompileOptions, compile } from '../../src/compile.ts';
import { type GpuContext, requestDevice } from '../../src/gpu/device.ts';
import { input, inputOp } from '../../src/graph/leaf.ts';
import { type Node, topologicalOrder } from '../../src/graph/node.ts';
import { reference } from '../../src/graph/reference.ts';
import { gradient, ops } from '../../src/ops/index.ts';
import { multiply } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import { randomFeeds, scaledError } from '../support/feeds.ts';

/** Every op on the GPU equals its f64 definition: generated code, default slots, and the kernels of its gradient. */

let gpu: GpuContext;
beforeAll(async () => {
  gpu = await requestDevice();
});
afterAll(() => gpu?.device.destroy());

async function worstError(outputs: Record<string, Node>, options: CompileOptions = {}): Promise<number> {
  const nodes = Object.values(outputs);
  const feeds = randomFeeds(nodes, 7);
  const executable = await compile(gpu, { outputs }, options);
  const used = new Set(
    topologicalOrder(nodes)
      .filter((n) => n.inputs.length === 0)
      .map((n) => n.attrs.name),
  );
  executable.write(Object.fromEntries(Object.entries(feeds).filter(([name]) => used.has(name))));
  const values = await executable.runAndRead();
  executable.dispose();
  const expected = reference(nodes, feeds);
  return Math.max(
    ...Object.keys(outputs).map((name, i) => {
      if (outputs[name].dtype === 'f32') return scaledError(values[name], expected[i]);
      // Whole numbers are equal or wrong.
      const whole = new Uint32Array(values[name].buffer);
      return whole.length === expected[i].length && whole.every((v, at) => v === expected[i][at])
        ? 0
        : Infinity;
    }),
  );
}

for (const op of ops)
  describe(op.name, () => {
    op.examples().forEach((example, number) => {
      test(`example ${number}: value`, async () => {
        expect(await worstError({ value: example })).toBeLessThan(1e-5);
      });
      test(`example ${number}: value by the default slots`, async () => {
        expect(await worstError({ value: example }, { plain: true })).toBeLessThan(1e-5);
      });
      test(`example ${number}: value with no optimization`, async () => {
        expect(await worstError({ value: example }, { optimizations: false })).toBeLessThan(1e-5);
      });
      // Made after differentiation.
      if (['fused', 'edgeProduct', 'addEdgeProduct'].includes(op.name)) return;
      if (example.dtype === 'u32' || op.name === 'neighbourFrame') return;
      test(`example ${number}: gradients, by generated code and by default slots`, async () => {
        const loss = sum(multiply(example, input('c', example.rows, example.cols)), 'all');
        const wrt = topologicalOrder([example]).filter((n) => n.op === inputOp);
        const grads = gradient(loss, wrt);
        const outputs = Object.fromEntries(grads.map((g, i) => [`grad ${wrt[i].attrs.name}`, g]));
        expect(await worstError(outputs)).toBeLessThan(2e-5);
        expect(await worstError(outputs, { plain: true })).toBeLessThan(2e-5);
      });
    });
  });
