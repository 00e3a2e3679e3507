import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as e from '../../src/graph/expression.ts';
import { input } from '../../src/graph/leaf.ts';
import { reference } from '../../src/graph/reference.ts';
import { type ActivationName, normalize2mom } from '../../src/nn/activation.ts';
import { fullyConnectedNet } from '../../src/nn/fully-connected-net.ts';
import { Random } from '../../src/o3/random.ts';
import { gradient } from '../../src/ops/index.ts';
import { multiply } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import { scaledError } from '../support/feeds.ts';
import { rowsOf, trainable } from '../support/layers.ts';
import { runs } from '../support/property.ts';

const cases = fc.record({
  hs: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 4 }),
  act: fc.constantFrom<ActivationName | null>('silu', 'tanh', 'relu', 'sigmoid', 'cos', null),
  varianceIn: fc.constantFrom(1, 0.5, 3),
  varianceOut: fc.constantFrom(1, 0.25, 2),
  outAct: fc.boolean(),
});

test('equals its definition: y = c phi(x W / sqrt(h_in var_in)) sqrt(var_out), the last layer without phi', () => {
  fc.assert(
    fc.property(cases, ({ hs, act, ...options }) => {
      const net = fullyConnectedNet(hs, act, options);
      const { weights, arrays, values } = trainable(net);
      const y = net.apply(weights, input('x', 3, hs[0]));
      const x = new Random(1).normals(3 * hs[0]);
      const [value] = reference([y], { x, parameters: values });
      const phi = act && normalize2mom(act);
      const expected = rowsOf(x, hs[0]).flatMap((row) => {
        let h = row;
        for (let i = 0; i + 1 < hs.length; i++) {
          const last = i === hs.length - 2;
          const varIn = i === 0 ? options.varianceIn : 1;
          const varOut = last ? options.varianceOut : 1;
          const active = phi !== null && (!last || options.outAct);
          h = Array.from({ length: hs[i + 1] }, (_, w) => {
            const z = h.reduce((s, v, u) => s + v * arrays[`layer${i}.weight`][u * hs[i + 1] + w], 0);
            const scaled = z / Math.sqrt(hs[i] * varIn);
            return (active ? e.evaluate(phi!, [scaled]) : scaled) * Math.sqrt(varOut);
          });
        }
        return h;
      });
      expect(scaledError(value, expected, 1)).toBeLessThan(1e-13);
    }),
    runs(300),
  );
});

describe('widths that are no multiple of four are padded', () => {
  const hs = [6, 5, 7, 3];
  for (const act of ['sigmoid', 'cos', 'tanh', 'softplus'] as const)
    test(`${act}: padded weights have no gradient, so they stay zero`, () => {
      const net = fullyConnectedNet(hs, act);
      const { weights, values, packed, parameters } = trainable(net);
      expect(net.parameters.map((p) => p.packedLength)).toEqual([8 * 8, 8 * 8, 8 * 3]);
      const x = input('x', 4, hs[0]);
      const y = net.apply(weights, x);
      const loss = sum(multiply(y, y), 'all');
      const slopes = gradient(loss, [packed, x]);
      const second = gradient(sum(multiply(slopes[1], slopes[1]), 'all'), [packed]);
      const feeds = { x: new Random(1).normals(4 * hs[0]), parameters: values };
      for (const slope of reference([slopes[0], second[0]], feeds)) {
        expect(slope).toEqual(parameters.pack(parameters.unpack(slope)));
        expect(slope.some((v) => v !== 0)).toBe(true);
      }
    });
});

test('outputs may stand where a consumer wants them', () => {
  const net = fullyConnectedNet([3, 4, 2], 'silu', { outPositions: Int32Array.of(5, 1), outCols: 6 });
  const plain = fullyConnectedNet([3, 4, 2], 'silu');
  const run = (which: typeof net) => {
    const { weights, arrays, parameters } = trainable(which);
    const named = Object.entries(arrays).map(([name, data]) => [name, { shape: [], data }]);
    const feeds = { x: [1, -2, 0.5], parameters: parameters.pack(Object.fromEntries(named)) };
    return reference([which.apply(weights, input('x', 1, 3))], feeds)[0];
  };
  const [a, b] = run(plain);
  expect([...run(net)]).toEqual([0, b, 0, 0, 0, a]);
});

test('unit variance in, unit variance out', () => {
  const net = fullyConnectedNet([64, 64, 64], 'silu');
  const { weights, values } = trainable(net);
  const y = net.apply(weights, input('x', 64, 64));
  const [value] = reference([y], { x: new Random(2).normals(64 * 64), parameters: values });
  const variance = value.reduce((s, v) => s + v * v, 0) / value.length;
  expect(Math.abs(variance - 1)).toBeLessThan(0.2);
});

test('errors: a row of another length', () => {
  const net = fullyConnectedNet([3, 4], 'silu');
  expect(() => net.apply(trainable(net).weights, input('x', 2, 4))).toThrow(
    'fullyConnectedNet takes 3 numbers a row, got 4',
  );
});
