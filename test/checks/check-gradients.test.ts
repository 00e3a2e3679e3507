import { describe, expect, test } from 'vitest';
import { assertGradients, checkGradients } from '../../src/checks/check-gradients.ts';
import * as e from '../../src/graph/expression.ts';
import { index, packIndexMap } from '../../src/graph/index-map.ts';
import { constant, input, state } from '../../src/graph/leaf.ts';
import { apply, type Node, type Op } from '../../src/graph/node.ts';
import { fullyConnectedNet } from '../../src/nn/fully-connected-net.ts';
import type { Weights } from '../../src/nn/parameters.ts';
import { norm } from '../../src/nn/spherical-harmonics.ts';
import { tensorInput } from '../../src/nn/tensor.ts';
import { Layout } from '../../src/o3/layout.ts';
import { Random } from '../../src/o3/random.ts';
import { gather } from '../../src/ops/gather.ts';
import { add, filled, map, mapOp, multiply, scale } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import { build, cloud, smallNetwork } from '../support/models.ts';

const a = e.argument(0);
const x = input('x', 3, 4);
const feeds = { x: new Random(3).normals(12) };
const wave = (node: Node) => map(e.mul(e.sin(a), e.exp(e.mul(e.number(0.3), a))), node);

/** The same value as a map's, with a gradient that somebody got wrong. */
function misled(right: Node, rule: (gradient: Node, cotangent: Node) => Node): Node {
  const gradient: Op<typeof right.attrs>['gradient'] = (_, cotangent) =>
    mapOp.gradient(right, cotangent).map((thunk) => () => rule(thunk!(), cotangent));
  return apply({ ...mapOp, name: 'misled', gradient }, right.inputs, right.attrs);
}

/** A value of the wave's shape whose entry (1, 2) alone is `at`. */
const only = (at: number) =>
  constant(
    Float64Array.from({ length: 12 }, (_, i) => (i === 6 ? at : 0)),
    3,
  );

describe('a right gradient passes', () => {
  test('and its error falls as the square of the step, in every order', async () => {
    const steps = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8];
    const report = await checkGradients(null, wave(x), { feeds, order: 3, directions: 2, steps });
    expect(report.failure).toBeNull();
    expect(report.entries.map(({ order }) => order)).toEqual([1, 2, 3]);
    for (const { slope, best, curve } of report.entries) {
      expect(slope).toBeGreaterThan(1.9);
      expect(slope).toBeLessThan(2.1);
      expect(best.error).toBeLessThan(1e-9);
      // A V: rounding takes over at the small steps.
      expect(best.step).toBeLessThan(curve[0].step);
      expect(best.step).toBeGreaterThan(curve.at(-1)!.step);
      expect(curve.at(-1)!.error).toBeGreaterThan(100 * best.error);
    }
  });
  test('where the difference is exact there is no slope: a polynomial of degree two', async () => {
    const report = await checkGradients(null, multiply(x, x), { feeds, order: 3 });
    expect(report.passed).toBe(true);
    expect(report.entries[0].slope).toBeNull();
    // The third derivative is zero.
    expect(report.entries[2].best.error).toBe(0);
  });
  test('beside a large constant', async () => {
    const energy = add(sum(wave(x), 'all'), filled(1, 1, -1e5));
    expect((await checkGradients(null, energy, { feeds })).failure).toBeNull();
    const wrong = add(
      sum(
        misled(wave(x), (g) => scale(g, 1.001)),
        'all',
      ),
      filled(1, 1, -1e5),
    );
    expect((await checkGradients(null, wrong, { feeds })).passed).toBe(false);
  });
  test('of a network, by its parameters and by the positions, to the second order', async () => {
    const built = build(smallNetwork({ mul: 3, lmax: 1, layers: 1 }), 4);
    const features = new Random(2).normals(4 * built.irrepsIn!.dim);
    const { parameters: _, ...rest } = built.feeds(cloud(4), features);
    const network = smallNetwork({ mul: 3, lmax: 1, layers: 1 });
    const report = await assertGradients(
      null,
      (weights) => network.apply(weights, built.graph, built.x).node,
      { module: network.module, wrt: [built.graph.pos, built.x!], feeds: rest, order: 2 },
    );
    expect(report.entries.map(({ leaf, order }) => `${leaf} ${order}`)).toEqual(
      [1, 2].flatMap((order) => ['pos', 'x', 'parameters'].map((leaf) => `${leaf} ${order}`)),
    );
  });
  test('padding stays as it is, in features and in parameters: what happens there is not looked at', async () => {
    // Three copies in four columns; the gradient is wrong in the fourth.
    const layout = Layout.of('3x0e', 4);
    const fourth = constant([0, 0, 0, 7], 1);
    const wrongInFourth = (node: Node) => misled(wave(node), (g, c) => add(g, multiply(c, fourth)));
    const x = tensorInput('x', 1, layout);
    const at = (wrt: typeof x | Node) =>
      checkGradients(null, wrongInFourth(x.node), { wrt: [wrt], feeds: { x: layout.pack([1, 2, 3]) } });
    expect((await at(x)).passed).toBe(true);
    expect((await at(x.node)).entries[0].wrong).toMatchObject({ column: 3 });
    const module = {
      parameters: [
        { name: 'w', shape: [3], packedLength: 4, positions: Int32Array.of(0, 1, 2), initial: 'zeros' },
      ],
    } as const;
    const ofWeights = (weights: Weights) => wrongInFourth(weights.get('w'));
    const { passed, entries } = await checkGradients(null, ofWeights, { module });
    expect(passed).toBe(true);
    // Parameters that start at zero are drawn too: at zero the curve of a wave would be another.
    expect(entries[0].slope).not.toBeNull();
  });
  test('of a module without parameters', async () => {
    const report = await checkGradients(null, () => wave(x), { module: { parameters: [] }, wrt: [x], feeds });
    expect(report.entries.map(({ leaf, passed }) => [leaf, passed])).toEqual([['x', true]]);
  });
  test('by a state, whose initial numbers it then has, and by rows that are gathered', async () => {
    const s = state('s', 3, 2, [1, 2, 3, 4, 5, 6]);
    const rows = gather(s, index('i', 4, 3));
    const report = await checkGradients(null, wave(rows), { feeds: { i: packIndexMap([2, 0, 2], 4, 3) } });
    expect(report.entries.map(({ leaf, passed }) => [leaf, passed])).toEqual([['s', true]]);
  });
});

describe('a wrong gradient does not', () => {
  const cases: Record<string, { rule: (gradient: Node, cotangent: Node) => Node; about: number }> = {
    'a factor of 1.001': { rule: (g) => scale(g, 1.001), about: 1e-3 },
    'a factor of 1.00001': { rule: (g) => scale(g, 1.00001), about: 1e-5 },
    'a sign': { rule: (g) => scale(g, -1), about: 2 },
    'a missing term': { rule: (_, c) => multiply(c, map(e.cos(a), x)), about: 1 },
    'no gradient at all': { rule: () => filled(3, 4, 0), about: 1 },
  };
  for (const [name, { rule, about }] of Object.entries(cases))
    test(name, async () => {
      const report = await checkGradients(null, misled(wave(x), rule), { feeds });
      const [{ passed, slope, curve }] = report.entries;
      expect(passed).toBe(false);
      expect(report.passed).toBe(false);
      // A plateau: the error is what it is whatever the step. The smaller the mistake, the later it begins.
      if (about > 1e-4) expect(slope).toBeNull();
      if (name === 'no gradient at all') return;
      const errors = curve.slice(-4).map(({ error }) => error);
      expect(Math.min(...errors)).toBeGreaterThan(about / 10);
      expect(Math.max(...errors)).toBeLessThan(10 * about);
      expect(Math.max(...errors) / Math.min(...errors)).toBeLessThan(1.01);
    });

  test('one number among many: leaf, order, place and both numbers are named', async () => {
    const wrong = misled(wave(x), (g, c) => add(g, multiply(c, only(0.5))));
    const report = await checkGradients(null, sum(wrong, 'all'), { feeds });
    const v = feeds.x[6];
    const right = Math.exp(0.3 * v) * (Math.cos(v) + 0.3 * Math.sin(v));
    const { wrong: found } = report.entries[0];
    expect(found).toMatchObject({ index: 6, row: 1, column: 2, against: 'central differences' });
    expect(found!.derivative).toBeCloseTo(right + 0.5, 6);
    expect(found!.found).toBeCloseTo(right, 6);
    await expect(assertGradients(null, sum(wrong, 'all'), { feeds })).rejects.toThrow(
      /^assertGradients: the derivative of order 1 by "x" is wrong at row 1, column 2 \(number 6\): it is [-\d.]+, but central differences give [-\d.]+; the relative error is \d\.\de[-+]\d at best, allowed is 0\.000001 at two neighbouring steps\nFAILED {2}order 1 by x: /,
    );
  });

  test('one number among thousands is found by halving', async () => {
    const many = input('many', 50, 60);
    const spike = constant(
      Float64Array.from({ length: 3000 }, (_, i) => (i === 1234 ? 0.01 : 0)),
      50,
    );
    const wrong = misled(wave(many), (g, c) => add(g, multiply(c, spike)));
    const report = await checkGradients(null, wrong, { feeds: { many: new Random(5).normals(3000) } });
    expect(report.entries[0].wrong).toMatchObject({ index: 1234, row: 20, column: 34 });
  });

  test('only in the second order: the first passes, and the second is named', async () => {
    // The gradient is right as a value, but its own gradient is not.
    const wrong = misled(wave(x), (g) => misled(g, (second) => scale(second, 1.001)));
    const report = await checkGradients(null, wrong, { feeds, order: 2 });
    expect(report.entries.map(({ passed }) => passed)).toEqual([true, false]);
    expect(report.failure).toMatch(/^the derivative of order 2 by "x" is wrong at row \d, column \d/);
    expect((await checkGradients(null, wrong, { feeds })).passed).toBe(true);
  });

  test('by one leaf of two: that leaf is named', async () => {
    const y = input('y', 3, 4);
    const value = multiply(
      misled(wave(x), (g) => scale(g, 1.01)),
      wave(y),
    );
    const report = await checkGradients(null, value, { feeds: { ...feeds, y: feeds.x } });
    expect(report.entries.map(({ leaf, passed }) => [leaf, passed])).toEqual([
      ['x', false],
      ['y', true],
    ]);
  });

  test('where it is not a number', async () => {
    const wrong = misled(wave(x), (g) => multiply(g, map(e.log(e.mul(a, e.number(-1))), map(e.abs(a), x))));
    const report = await checkGradients(null, wrong, { feeds });
    expect(report.passed).toBe(false);
    expect(report.failure).toMatch(/it is NaN, but central differences give/);
  });
});

test('a mistake that cancels the error of the difference at one step is found at its neighbours', async () => {
  const one = input('one', 1, 1);
  const cube = map(e.power(a, 3), one);
  const at = (value: Node, steps: number[]) => checkGradients(null, value, { feeds: { one: [1] }, steps });
  // Along u the difference is (3 + h^2 u^2) u: its relative error gives u.
  const [{ best }] = (await at(cube, [0.01])).entries;
  const wrong = misled(cube, (g, c) => add(g, scale(c, (3 * best.error) ** (2 / 3) * 0.01 ** (2 / 3))));
  const report = await at(wrong, [0.1, 0.01, 0.001, 0.0001]);
  expect(report.entries[0].best).toMatchObject({ step: 0.01 });
  expect(report.entries[0].best.error).toBeLessThan(1e-9);
  expect(report.passed).toBe(false);
});

describe('where the function is not smooth', () => {
  test('the curve has no plateau only if no step crosses the place', async () => {
    const relu = map(e.max(a, e.number(0)), input('x', 1, 2));
    const at = (v: number, steps: number[]) => checkGradients(null, relu, { feeds: { x: [v, 1] }, steps });
    expect((await at(0.01, [1e-3, 1e-4])).passed).toBe(true);
    expect((await at(0, [1e-3, 1e-4])).passed).toBe(false);
  });
  test('the length of a zero vector has the gradient zero, and so has the central difference', async () => {
    const report = await checkGradients(null, norm(x), { feeds: { x: new Float64Array(12) } });
    expect(report.passed).toBe(true);
  });
});

describe('the report as text', () => {
  test('has a line and a curve for each leaf and order', async () => {
    const text = (await checkGradients(null, wave(x), { feeds, steps: [1e-1, 1e-2, 1e-3, 1e-4] })).print();
    const lines = text.split('\n');
    expect(lines[0]).toMatch(
      /^passed {2}order 1 by x: best \d\.\de-\d+ at step 1\.0e-4, slope (2\.0|1\.9)\d$/,
    );
    expect(lines[1]).toBe('  step     error');
    expect(lines[2]).toMatch(/^ {2}1\.0e-1 {3}\d\.\de-\d {3}#{20,32}$/);
    // Two characters a decade: the error falls by two decades from line to line.
    const bar = (line: string) => line.length - line.replaceAll('#', '').length;
    expect(bar(lines[2]) - bar(lines[4])).toBe(8);
    expect(lines.slice(5)).toEqual([expect.stringMatching(/^ {2}1\.0e-4/), 'all derivatives passed']);
  });
});

describe('what makes no sense is refused', () => {
  const refused = (value: Node, options: Parameters<typeof checkGradients>[2], message: string) =>
    expect(checkGradients(null, value, options)).rejects.toThrow(message);
  test('leaves', async () => {
    await refused(wave(x), { feeds, wrt: [input('y', 1, 1)] }, 'cannot differentiate by the input of 1x1');
    await refused(wave(x), { feeds, wrt: [wave(x)] }, 'cannot differentiate by the map of 3x4');
    await refused(filled(2, 2, 1), {}, 'the value reads no input and no state');
    await refused(wave(x), {}, 'no numbers were given for input "x" (3x4)');
    await refused(wave(x), { module: fullyConnectedNet([1, 1], 'silu') }, 'go together');
  });
  test('what is no value', async () => {
    const refusedAsValue = (value: unknown, message: string, options = {}) =>
      expect(checkGradients(null, value as Node, options)).rejects.toThrow(message);
    const net = fullyConnectedNet([1, 1], 'silu');
    await refusedAsValue(
      undefined,
      'checkGradients(gpu or null, value, options): the value must be a node, or a function of weights that makes one; it is undefined',
    );
    await refusedAsValue(net, 'it is a module: pass (weights) => its value');
    await refusedAsValue(
      () => ({ energy: wave(x), forces: x }),
      'what the function gave must be a node, or a function of weights that makes one; it is an object with energy, forces',
      { module: net },
    );
  });
  test('options', async () => {
    await refused(wave(x), { feeds, order: 0 }, 'the order is 0, but must be a whole number from 1');
    await refused(wave(x), { feeds, steps: [] }, 'the steps are []');
    await refused(
      wave(x),
      { feeds, steps: [0.1, 0] },
      'the steps are [0.1, 0], but must be positive numbers',
    );
    await refused(wave(x), { feeds, directions: 0 }, '0 directions');
  });
});
