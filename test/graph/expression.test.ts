import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as e from '../../src/graph/expression.ts';
import { centralDifference } from '../support/differences.ts';
import { runs } from '../support/property.ts';

const [a, b, c] = [e.argument(0), e.argument(1), e.argument(2)];
const n = e.number;
const positive = e.add(e.mul(a, a), n(0.5));

/** Every function, alone and inside others, with points away from its kinks. */
const functions: Record<string, { f: e.Expression; points: readonly number[][] }> = {
  add: { f: e.add(a, b), points: [[0.3, -2]] },
  sub: { f: e.sub(a, b), points: [[0.3, -2]] },
  mul: { f: e.mul(a, b), points: [[0.3, -2]] },
  div: {
    f: e.div(a, b),
    points: [
      [0.3, -2],
      [4, 0.7],
    ],
  },
  neg: { f: e.neg(e.mul(a, a)), points: [[1.5]] },
  'power 3': { f: e.power(a, 3), points: [[-1.3], [0], [2]] },
  'power -1': { f: e.power(a, -1), points: [[-1.3], [0.4]] },
  'power -2': { f: e.power(a, -2), points: [[-1.3], [0.4]] },
  sqrt: { f: e.sqrt(positive), points: [[-1], [0], [2]] },
  exp: { f: e.exp(e.mul(a, b)), points: [[0.3, -2]] },
  expm1: { f: e.expm1(a), points: [[-3], [1e-3], [2]] },
  log: { f: e.log(positive), points: [[-1], [0], [2]] },
  sin: { f: e.sin(e.mul(a, b)), points: [[0.3, -2]] },
  cos: { f: e.cos(e.mul(a, b)), points: [[0.3, -2]] },
  tanh: { f: e.tanh(e.mul(n(2), a)), points: [[-1], [0], [0.3]] },
  sigmoid: { f: e.sigmoid(a), points: [[-8], [0], [3]] },
  softplus: { f: e.softplus(a), points: [[-8], [0], [3]] },
  abs: { f: e.abs(e.mul(a, a)), points: [[-1.2]] },
  'abs of odd': { f: e.mul(a, e.abs(a)), points: [[-1.2], [0.7]] },
  erf: { f: e.erf(a), points: [[-3.5], [-0.2], [0], [1.1]] },
  sign: { f: e.mul(e.sign(a), e.power(a, 3)), points: [[-1.2], [0.8]] },
  step: { f: e.mul(e.step(a), e.power(a, 3)), points: [[-1.2], [0.8]] },
  select: {
    f: e.select(a, e.mul(a, b), e.sin(b)),
    points: [
      [0.5, 2],
      [-0.5, 2],
    ],
  },
  max: {
    f: e.max(e.mul(a, a), b),
    points: [
      [2, 1],
      [0.5, 1],
    ],
  },
  min: {
    f: e.min(e.mul(a, a), b),
    points: [
      [2, 1],
      [0.5, 1],
    ],
  },
  softUnitStep: { f: e.softUnitStep(a), points: [[-1], [0.15], [0.7], [4]] },
  'softUnitStep order 2': { f: e.softUnitStep(a, 2), points: [[-1], [0.2], [0.7], [4]] },
  sinc: { f: e.sinc(a), points: [[0], [1e-3], [-0.9], [1.5], [20]] },
  'sinc order 3': { f: e.sinc(a, 3), points: [[0], [0.5], [-3.7], [4.5], [20]] },
  composed: {
    f: e.mul(e.tanh(e.mul(a, b)), e.sqrt(e.add(e.exp(b), e.softplus(e.sin(a))))),
    points: [
      [0.3, -0.6],
      [-1, 0.4],
    ],
  },
};

describe('differentiate', () => {
  for (const [name, { f, points }] of Object.entries(functions))
    test(`${name}: the first three derivatives equal central differences`, () => {
      const count = points[0].length;
      for (const point of points) {
        let derivative = f;
        for (let order = 1; order <= 3; order++) {
          // By each argument in turn, so that mixed derivatives are among them.
          const by = (order - 1) % count;
          const before = derivative;
          derivative = e.differentiate(before, by);
          const numeric = centralDifference((h) =>
            e.evaluate(
              before,
              point.map((x, i) => (i === by ? x + h : x)),
            ),
          );
          const exact = e.evaluate(derivative, point);
          expect(
            Math.abs(numeric - exact) / Math.max(1, Math.abs(exact)),
            `${name} at ${point}, order ${order}`,
          ).toBeLessThan(1e-8);
        }
      }
    });

  test('the derivative by an argument that does not occur is the number 0', () => {
    expect(e.differentiate(functions.composed.f, 2)).toEqual(n(0));
    expect(e.differentiate(e.select(a, e.number(2), e.number(3)), 0)).toEqual(n(0));
  });

  test('what is not taken by select cannot spoil value or derivative', () => {
    const f = e.select(a, e.mul(a, e.log(a)), n(0));
    for (const x of [-1, 0]) {
      expect(e.evaluate(f, [x])).toBe(0);
      expect(e.evaluate(e.differentiate(f, 0), [x])).toBe(0);
      expect(e.evaluate(e.differentiate(e.differentiate(f, 0), 0), [x])).toBe(0);
    }
  });

  test('kinks have a finite derivative: that of abs, sign, step and sqrt at 0 is 0', () => {
    for (const f of [e.abs(a), e.sign(a), e.step(a), e.sqrt(a), e.sqrt(e.mul(a, a))])
      expect(Math.abs(e.evaluate(e.differentiate(f, 0), [0]))).toBe(0);
  });
});

describe('evaluate', () => {
  const at = (f: e.Expression, ...x: number[]) => e.evaluate(f, x);

  test('erf has its tabulated values and is odd', () => {
    // Abramowitz and Stegun, Handbook of Mathematical Functions, table 7.1.
    const table = { 0.5: 0.5204998778, 1: 0.8427007929, 1.5: 0.9661051465, 2: 0.995322265 };
    for (const [x, value] of Object.entries(table)) {
      expect(at(e.erf(a), +x)).toBeCloseTo(value, 9);
      expect(at(e.erf(a), -x)).toBe(-at(e.erf(a), +x));
    }
    expect(at(e.erf(a), 0)).toBe(0);
    expect(at(e.erf(a), 7)).toBe(1);
  });

  test('erf does not jump where the series gives way to the continued fraction', () => {
    expect(at(e.erf(a), 3)).toBeCloseTo(at(e.erf(a), 3 - 1e-15), 14);
  });

  test('sinc is sin(x)/x, and no derivative of it jumps where its series ends', () => {
    for (const x of [0.1, 0.99, 1.01, 7]) expect(at(e.sinc(a), x)).toBeCloseTo(Math.sin(x) / x, 14);
    expect(at(e.sinc(a), 0)).toBe(1);
    for (let order = 0; order <= 8; order++) {
      const f = e.sinc(a, order);
      const edge = order + 1;
      expect(at(f, edge + 1e-12), `order ${order}`).toBeCloseTo(at(f, edge), 10);
      expect(at(f, 0)).toBe(order % 2 ? 0 : (-1) ** (order / 2) / (order + 1));
    }
  });

  test('expm1 and softplus keep their digits where the plain formulas lose them', () => {
    expect(at(e.expm1(a), 1e-18)).toBe(1e-18);
    expect(at(e.softplus(a), 800)).toBe(800);
    expect(at(e.softplus(a), -40)).toBeCloseTo(Math.exp(-40), 30);
  });

  test('sqrt of a negative number is 0, softUnitStep is 0 up to 0', () => {
    expect(at(e.sqrt(a), -2)).toBe(0);
    expect([-1, 0].map((x) => at(e.softUnitStep(a, 3), x))).toEqual([0, 0]);
    expect(at(e.softUnitStep(a, 2), 0.5)).toBeCloseTo(Math.exp(-2) * 4, 14);
  });

  test('max and min are those of Math', () => {
    for (const [x, y] of [
      [1, 2],
      [2, 1],
      [-1, -1],
    ]) {
      expect(at(e.max(a, b), x, y)).toBe(Math.max(x, y));
      expect(at(e.min(a, b), x, y)).toBe(Math.min(x, y));
    }
  });
});

/** Random expressions of three arguments; numbers that 32 bits hold exactly. */
const expressions = fc.letrec<{ e: e.Expression }>((tie) => ({
  e: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom(a, b, c),
    fc.integer({ min: -8, max: 8 }).map((k) => n(k / 4)),
    fc
      .tuple(fc.constantFrom(e.add, e.sub, e.mul, e.max, e.min), tie('e'), tie('e'))
      .map(([f, x, y]) => f(x, y)),
    fc.tuple(fc.constantFrom(-2, -1, 2, 3), tie('e')).map(([k, x]) => e.power(x, k)),
    fc
      .tuple(
        fc.constantFrom(
          e.neg,
          e.sqrt,
          e.expm1,
          e.sin,
          e.cos,
          e.tanh,
          e.sigmoid,
          e.softplus,
          e.abs,
          e.erf,
          e.sign,
          e.step,
        ),
        tie('e'),
      )
      .map(([f, x]) => f(x)),
    fc.tuple(fc.nat({ max: 3 }), tie('e')).map(([k, x]) => e.softUnitStep(x, k)),
    fc.tuple(fc.nat({ max: 3 }), tie('e')).map(([k, x]) => e.sinc(x, k)),
    fc.tuple(tie('e'), tie('e'), tie('e')).map(([x, y, z]) => e.select(x, y, z)),
  ),
})).e;
const points = fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: -16, max: 16 }).map((k) => k / 8)));
const same = (x: number, y: number) => Object.is(x + 0, y + 0) || Math.abs(x - y) <= 1e-9 * Math.abs(x);

describe('laws of random expressions', () => {
  test('substitution and evaluation commute', () => {
    fc.assert(
      fc.property(expressions, expressions, expressions, points, (f, g, h, x) => {
        const composed = e.substitute(f, [g, h, c]);
        const [y, z] = [e.evaluate(g, x), e.evaluate(h, x)];
        fc.pre(Number.isFinite(y) && Number.isFinite(z));
        const value = e.evaluate(f, [y, z, x[2]]);
        // 0 times infinity: a product with a 0 known beforehand is 0, one with a 0 found later is not a number.
        fc.pre(Number.isFinite(value));
        expect(same(e.evaluate(composed, x), value)).toBe(true);
      }),
      runs(500),
    );
  });

  test('the printed WGSL computes the value, each subexpression once', () => {
    fc.assert(
      fc.property(expressions, points, (f, x) => {
        fc.pre(literals(f).every((k) => Number.isFinite(Math.fround(k)) && Math.fround(k) === k));
        const { lines, result } = e.toWgsl(f, ['x', 'y', 'z']);
        expect(new Set(lines.map((line) => line.replace(/^let \w+ = /, ''))).size).toBe(lines.length);
        expect(same(run(lines, result, x), e.evaluate(f, x))).toBe(true);
      }),
      runs(500),
    );
  });

  test('argumentsOf finds exactly the arguments on which the text depends', () => {
    fc.assert(
      fc.property(expressions, (f) => {
        const { lines, result } = e.toWgsl(f, ['<0>', '<1>', '<2>']);
        const text = lines.join('') + result;
        expect([...e.argumentsOf(f)].sort()).toEqual([0, 1, 2].filter((i) => text.includes(`<${i}>`)));
      }),
      runs(300),
    );
  });

  test('closure: the third derivative is again an expression that prints', () => {
    fc.assert(
      fc.property(
        expressions,
        fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 2 }), fc.nat({ max: 2 })),
        (f, by) => {
          const third = by.reduce(e.differentiate, f);
          fc.pre(literals(third).every((k) => Number.isFinite(Math.fround(k))));
          expect(e.toWgsl(third, ['x', 'y', 'z']).result).toMatch(/./);
        },
      ),
      runs(50),
    );
  });
});

/** The numbers that occur in an expression. */
function literals(f: e.Expression, seen = new Set<e.Expression>()): number[] {
  if (f.kind === 'number') return [f.value];
  if (f.kind === 'argument' || seen.has(f)) return [];
  seen.add(f);
  return f.args.flatMap((x) => literals(x, seen));
}

/** Runs WGSL `let` lines as JavaScript, with shaders/shared/functions.wgsl replaced by Math. */
function run(lines: readonly string[], result: string, x: readonly number[]): number {
  const one = (f: (x: e.Expression) => e.Expression) => (v: number) => e.evaluate(f(a), [v]);
  const library: Record<string, (...args: number[]) => number> = {
    power: (v, k) => v ** k,
    sqrt: Math.sqrt,
    max: Math.max,
    exp: Math.exp,
    log: Math.log,
    abs: Math.abs,
    sign: Math.sign,
    select: (no, yes, condition) => (condition ? yes : no),
    sine: Math.sin,
    cosine: Math.cos,
    expMinusOne: Math.expm1,
    hyperbolicTangent: Math.tanh,
    sigmoid: one(e.sigmoid),
    softplus: one(e.softplus),
    errorFunction: one(e.erf),
    softUnitStep: (v, k) => e.evaluate(e.softUnitStep(a, k), [v]),
    sincDerivative: (v, k) => e.evaluate(e.sinc(a, k), [v]),
  };
  const body = [...lines, `return ${result};`].join('\n');
  return new Function('x', 'y', 'z', ...Object.keys(library), body)(...x, ...Object.values(library));
}

describe('text', () => {
  const f = e.differentiate(e.mul(e.sigmoid(e.mul(a, b)), e.power(e.sin(a), 2)), 0);

  test('WGSL: one let a subexpression', () => {
    const { lines, result } = e.toWgsl(f, ['x', 'y']);
    expect([...lines, `return ${result};`].join('\n')).toMatchInlineSnapshot(`
      "let t0 = (x * y);
      let t1 = sigmoid(t0);
      let t2 = (1.0 - t1);
      let t3 = (t1 * t2);
      let t4 = (y * t3);
      let t5 = sine(x);
      let t6 = (t5 * t5);
      let t7 = (t4 * t6);
      let t8 = cosine(x);
      let t9 = (2.0 * t5);
      let t10 = (t8 * t9);
      let t11 = (t10 * t1);
      let t12 = (t7 + t11);
      return t12;"
    `);
  });

  test('readable', () => {
    expect(e.print(e.mul(a, e.sigmoid(e.add(b, n(1 / 3)))))).toMatchInlineSnapshot(
      `"(a * sigmoid((b + 0.333333)))"`,
    );
    expect(e.print(e.add(e.power(a, -2), e.sinc(b, 2)))).toMatchInlineSnapshot(`"(a^-2 + sinc2(b))"`);
  });

  test('numbers are written as 32-bit literals, and those that have none are refused', () => {
    const text = (value: number) => e.toWgsl(n(value), []).result;
    expect([1, -0.5, 1e-20, 3e38, 0, -0].map(text)).toEqual([
      '1.0',
      '-0.5',
      '9.999999682655225e-21',
      '3.0000000054977558e+38',
      '0.0',
      '0.0',
    ]);
    for (const value of [1e39, Number.NaN, Number.NEGATIVE_INFINITY])
      expect(() => text(value)).toThrow(`${value} cannot be written in 32-bit floating point`);
  });

  test('a deep derivative is printed in time linear in its distinct parts', () => {
    let deep: e.Expression = a;
    for (let i = 0; i < 40; i++) deep = e.mul(e.tanh(deep), e.sigmoid(deep));
    // As a tree it has 2^40 calls.
    expect(e.toWgsl(deep, ['x']).lines).toHaveLength(120);
  });
});

test('simplification on building: neutral and absorbing numbers vanish, numbers are folded', () => {
  expect(e.add(n(0), a)).toBe(a);
  expect(e.sub(a, n(0))).toBe(a);
  expect(e.mul(n(1), a)).toBe(a);
  expect(e.mul(a, n(0))).toEqual(n(0));
  expect(e.mul(n(-1), a)).toEqual(e.neg(a));
  expect(e.power(a, 1)).toBe(a);
  expect(e.power(a, 0)).toEqual(n(1));
  expect(e.div(a, n(1))).toBe(a);
  expect(e.exp(n(0))).toEqual(n(1));
  // Infinity has no literal in WGSL.
  expect(e.power(n(0), -1).kind).toBe('call');
});

test('sizeOf counts calls', () => {
  expect([a, n(2), e.mul(a, b), e.add(e.mul(a, b), e.sin(e.mul(a, b)))].map(e.sizeOf)).toEqual([0, 0, 1, 4]);
});
