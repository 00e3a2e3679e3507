import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as e from '../../src/graph/expression.ts';
import { input } from '../../src/graph/leaf.ts';
import { reference } from '../../src/graph/reference.ts';
import {
  type ActivationName,
  activation,
  activations,
  applyScalar,
  normalize2mom,
  parityOf,
  secondMomentConstant,
} from '../../src/nn/activation.ts';
import { tensorInput } from '../../src/nn/tensor.ts';
import { Irreps } from '../../src/o3/irreps.ts';
import { Random } from '../../src/o3/random.ts';
import { gradient } from '../../src/ops/index.ts';
import { sum } from '../../src/ops/sum.ts';
import { scaledError } from '../support/feeds.ts';
import { layoutOf, rowsOf } from '../support/layers.ts';
import { runs } from '../support/property.ts';

const names = Object.keys(activations) as ActivationName[];
const a = e.argument(0);

describe('normalize2mom', () => {
  for (const name of names)
    test(`${name}: the constant is that of e3nn's samples, near the integral`, () => {
      const { expression, constant } = activations[name];
      // The expression alone is integrated; e3nn's constants come from a million samples.
      const exact = secondMomentConstant(expression);
      expect(secondMomentConstant(name)).toBe(constant);
      expect(Math.abs(constant / exact - 1)).toBeLessThan(3.1e-3);
    });

  test('makes the mean square of any function 1 for normal numbers', () => {
    const phi = e.mul(e.number(3), e.tanh(e.add(a, e.number(0.4))));
    const normalised = normalize2mom(phi);
    expect(secondMomentConstant(normalised)).toBe(1);
    const random = new Random(1);
    let mean = 0;
    for (let i = 0; i < 20_000; i++) mean += e.evaluate(normalised, [random.normal()]) ** 2 / 20_000;
    expect(Math.abs(mean - 1)).toBeLessThan(0.02);
  });

  test('a function that is normalised already stays as it is', () => {
    const phi = e.mul(e.number(1.00005), a);
    expect(normalize2mom(phi)).toBe(phi);
  });
});

describe('parity', () => {
  const odd: ActivationName[] = ['tanh', 'sin', 'identity', 'softsign', 'tanhshrink', 'hardtanh'];
  const even: ActivationName[] = ['abs', 'cos', 'square', 'exp_neg_square'];
  for (const name of names)
    test(`${name} is ${odd.includes(name) ? 'odd' : even.includes(name) ? 'even' : 'neither'}`, () => {
      expect(parityOf(name)).toBe(odd.includes(name) ? -1 : even.includes(name) ? 1 : 0);
    });

  test('of expressions', () => {
    expect(parityOf(e.power(a, 3))).toBe(-1);
    expect(parityOf(e.cos(e.power(a, 3)))).toBe(1);
    expect(parityOf(e.add(a, e.power(a, 2)))).toBe(0);
  });
});

describe('activation', () => {
  const scalars = fc.array(
    fc.record({
      mul: fc.nat({ max: 6 }),
      p: fc.constantFrom('e', 'o'),
      even: fc.constantFrom<ActivationName>('silu', 'relu', 'cos', 'sigmoid', 'tanh'),
      odd: fc.constantFrom<ActivationName>('tanh', 'abs', 'sin', 'cos'),
      none: fc.boolean(),
    }),
    { minLength: 1, maxLength: 3 },
  );

  test('applies its normalised function to each number of each block', () => {
    fc.assert(
      fc.property(scalars, fc.boolean(), (blocks, padded) => {
        const irreps = Irreps.parse(blocks.map(({ mul, p }): [number, string] => [mul, `0${p}`]));
        const acts = blocks.map(({ p, even, odd, none }) => (none ? null : p === 'e' ? even : odd));
        const layout = layoutOf(irreps, padded);
        const layer = activation(irreps, acts, layout);
        const out = layer.apply(tensorInput('x', 2, layout));
        const x = new Random(1).normals(2 * irreps.dim);
        const [value] = reference([out.node], { x: layout.pack(x) });
        const kinds = blocks.flatMap(({ mul }, b) => new Array<number>(mul).fill(b));
        const expected = Array.from(x, (v, i) => {
          const act = acts[kinds[i % irreps.dim]];
          return act === null ? v : activations[act].constant * e.evaluate(activations[act].expression, [v]);
        });
        expect(scaledError(out.layout.unpack(value), expected)).toBeLessThan(1e-14);
        expect(value).toEqual(out.layout.pack(out.layout.unpack(value)));
      }),
      runs(150),
    );
  });

  test('parities follow: odd functions keep them, even ones make them even', () => {
    expect(activation('2x0o + 3x0o + 0o + 0e', ['tanh', 'abs', null, 'tanh']).irrepsOut.toString()).toBe(
      '2x0o+3x0e+1x0o+1x0e',
    );
  });

  test('blocks of vectors pass where they have no function', () => {
    const layer = activation('2x0e + 1x1o', ['relu', null]);
    const out = layer.apply(tensorInput('x', 1, '2x0e + 1x1o'));
    const [value] = reference([out.node], { x: [1, -1, 3, 4, 5] });
    expect([...value]).toEqual([activations.relu.constant, 0, 3, 4, 5]);
  });

  test('padding stays zero, and so does its gradient, for functions that are not zero at zero', () => {
    const x = input('x', 3, 8);
    const values = new Random(1).normals(24).map((v, i) => (i % 8 < 5 ? v : 0));
    for (const name of ['sigmoid', 'cos', 'softplus', 'silu'] as const) {
      const y = applyScalar(x, activations[name].expression, 5);
      const [value, slope] = reference([y, ...gradient(sum(y, 'all'), [x])], { x: values });
      rowsOf(value, 8).forEach((row, r) => {
        expect(row.slice(5)).toEqual([0, 0, 0]);
        row.slice(0, 5).forEach((v, c) => {
          expect(v).toBe(e.evaluate(activations[name].expression, [values[8 * r + c]]));
        });
      });
      if (name !== 'silu') for (const row of rowsOf(slope, 8)) expect(row.slice(5)).toEqual([0, 0, 0]);
    }
  });
});

describe('errors', () => {
  test('a function of components would break equivariance', () => {
    expect(() => activation('2x0e + 3x1o', ['relu', 'relu'])).toThrow(
      'activation: block 1 (3x1o) is no scalar; a function of components would break equivariance',
    );
  });
  test('an odd scalar needs an even or an odd function', () => {
    expect(() => activation('2x0o', ['silu'])).toThrow(
      'activation: block 0 (2x0o) changes sign under inversion and the function is neither even nor odd; use tanh ' +
        '(odd) or abs (even)',
    );
  });
  test('one function a block', () => {
    expect(() => activation('2x0o + 0e', ['tanh'])).toThrow('has 2 blocks, but 1 functions were given');
  });
  test('an activation that does not exist', () => {
    expect(() => activation('0e', ['swish' as ActivationName])).not.toThrow();
    expect(() => parityOf('swish' as ActivationName)).toThrow(
      'there is no activation "swish"; known are silu, tanh',
    );
  });
  test('other irreps than the layer was made for', () => {
    expect(() => activation('2x0e', ['relu']).apply(tensorInput('x', 1, '2x0o'))).toThrow(
      'activation was made for irreps 2x0e, but its input has 2x0o',
    );
  });
});
