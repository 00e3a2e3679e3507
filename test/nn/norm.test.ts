import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as e from '../../src/graph/expression.ts';
import { reference } from '../../src/graph/reference.ts';
import type { ActivationName } from '../../src/nn/activation.ts';
import { activations } from '../../src/nn/activation.ts';
import { norm } from '../../src/nn/norm.ts';
import { type NormActivationOptions, normActivation } from '../../src/nn/norm-activation.ts';
import { Parameters, Weights } from '../../src/nn/parameters.ts';
import { tensorInput } from '../../src/nn/tensor.ts';
import type { Irreps } from '../../src/o3/irreps.ts';
import { Random } from '../../src/o3/random.ts';
import { gradient } from '../../src/ops/index.ts';
import { sum } from '../../src/ops/sum.ts';
import { checkLayer, mixedLayout, paddings } from '../support/features.ts';
import { blocksOf, irrepsUpTo } from '../support/layers.ts';
import { runs } from '../support/property.ts';

const none = { parameters: [] };
const nonEmpty = irrepsUpTo(4, 6, 4).filter((irreps) => irreps.dim > 0);
const length = (copy: readonly number[]) => Math.hypot(...copy);

describe('norm', () => {
  test('equals its definition, in any memory layout', () => {
    fc.assert(
      fc.property(nonEmpty, paddings, fc.boolean(), (irreps, padded, squared) => {
        const layer = norm(irreps, { squared });
        expect(layer.irrepsOut.toString()).toBe(`${irreps.numIrreps}x0e`);
        checkLayer(
          { module: none, irreps, apply: (_, x) => layer.apply(x) },
          mixedLayout(irreps, padded),
          3,
          (rows) =>
            rows.map((row) =>
              blocksOf(irreps, row)
                .flat()
                .map((c) => length(c) ** (squared ? 2 : 1)),
            ),
        );
      }),
      runs(40),
    );
  });

  test('at zero it is zero, and so is its gradient', () => {
    const x = tensorInput('x', 1, '2x1o + 1x0e');
    const y = norm('2x1o + 1x0e').apply(x).node;
    const [value, slope] = reference([y, ...gradient(sum(y, 'all'), [x.node])], { x: new Float64Array(7) });
    expect([...value, ...slope]).toEqual(new Array(10).fill(0));
  });

  test('no irreps, no numbers', () => {
    const layer = norm('');
    expect(layer.irrepsOut.length).toBe(0);
    expect(layer.apply(tensorInput('x', 3, '')).node.cols).toBe(0);
  });

  test('refuses other irreps', () => {
    expect(() => norm('2x1o').apply(tensorInput('x', 1, '2x1e'))).toThrow(
      'norm was made for irreps 2x1o, but its input has 2x1e',
    );
  });
});

/** e3nn's NormActivation of one row. */
function dense(
  irreps: Irreps,
  row: number[],
  act: ActivationName,
  options: NormActivationOptions,
  biases: ArrayLike<number>,
) {
  const { normalize = true, epsilon = 1e-8, bias = false } = options;
  let copy = 0;
  return blocksOf(irreps, row).flatMap((block) =>
    block.flatMap((x) => {
      const size = normalize ? Math.max(length(x), epsilon) : length(x);
      const phi = e.evaluate(activations[act].expression, [size + (bias ? biases[copy] : 0)]);
      copy++;
      return x.map((v) => (v * phi) / (normalize ? size : 1));
    }),
  );
}

describe('normActivation', () => {
  const options = fc.record({
    normalize: fc.boolean(),
    bias: fc.boolean(),
    epsilon: fc.constantFrom(undefined, 1e-3, 0.8),
  });
  test('equals its definition, in any memory layout', () => {
    fc.assert(
      fc.property(
        nonEmpty,
        paddings,
        options,
        fc.constantFrom<ActivationName>('tanh', 'sigmoid', 'silu', 'cos'),
        (irreps, padded, { normalize, bias, epsilon }, act) => {
          const given = normalize ? { normalize, bias, epsilon } : { normalize, bias };
          const layer = normActivation(irreps, act, given);
          checkLayer({ ...layer, module: layer }, mixedLayout(irreps, padded), 2, (rows, { biases }) =>
            rows.map((row) => dense(irreps, row, act, given, biases)),
          );
        },
      ),
      runs(60),
    );
  });

  test('biases are as in e3nn: one a copy, zero at first', () => {
    const layer = normActivation('2x0e + 3x1o', 'tanh', { bias: true });
    const parameters = new Parameters(layer);
    expect(layer.parameters.map(({ name, shape }) => [name, shape])).toEqual([['biases', [5]]]);
    expect(parameters.initial(new Random(1)).every((v) => v === 0)).toBe(true);
    expect(normActivation('2x0e', 'tanh').parameters).toEqual([]);
  });

  test('at zero: value zero, gradient phi(epsilon) / epsilon', () => {
    const x = tensorInput('x', 1, '1o');
    const y = normActivation('1o', 'cos', { epsilon: 1e-3 }).apply(new Weights(new Map()), x).node;
    const [value, slope] = reference([y, ...gradient(sum(y, 'all'), [x.node])], { x: [0, 0, 0] });
    expect([...value]).toEqual([0, 0, 0]);
    for (const v of slope) expect(v).toBeCloseTo(Math.cos(1e-3) / 1e-3, 8);
  });

  test('refuses what e3nn refuses, and what 32 bits cannot hold', () => {
    expect(() => normActivation('1o', 'tanh', { epsilon: 0 })).toThrow('epsilon is 0, but must be positive');
    expect(() => normActivation('1o', 'tanh', { epsilon: -1 })).toThrow('epsilon is -1');
    expect(() => normActivation('1o', 'tanh', { epsilon: Number.NaN })).toThrow('epsilon is NaN');
    expect(() => normActivation('1o', 'tanh', { epsilon: 1e-20 })).toThrow('at least 1.08e-19');
    expect(() => normActivation('1o', 'tanh', { normalize: false, epsilon: 1e-8 })).toThrow(
      'nothing is divided without normalize',
    );
    expect(() => normActivation('1o', 'tan' as 'tanh')).toThrow('there is no activation "tan"');
    const layer = normActivation('2x1o', 'tanh');
    expect(() => layer.apply(new Weights(new Map()), tensorInput('x', 1, '1o'))).toThrow(
      'normActivation was made for irreps 2x1o, but its input has 1x1o',
    );
  });
});
