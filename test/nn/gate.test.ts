import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as e from '../../src/graph/expression.ts';
import { reference } from '../../src/graph/reference.ts';
import { type ActivationName, activations, parityOf } from '../../src/nn/activation.ts';
import { gate } from '../../src/nn/gate.ts';
import { tensorInput } from '../../src/nn/tensor.ts';
import { Irreps } from '../../src/o3/irreps.ts';
import { Layout } from '../../src/o3/layout.ts';
import { Random } from '../../src/o3/random.ts';
import { gradient } from '../../src/ops/index.ts';
import { multiply } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import { directionalError } from '../support/differences.ts';
import { scaledError } from '../support/feeds.ts';
import { runs } from '../support/property.ts';

type Act = ActivationName | null;

/** One row of e3nn's Gate by its definition, in e3nn's layout. */
function dense(
  scalars: Irreps,
  actScalars: Act[],
  gates: Irreps,
  actGates: Act[],
  gated: Irreps,
  x: ArrayLike<number>,
) {
  // The input is [scalars, gates, gated], each simplified, sorted.
  const parts = [scalars, gates, gated].map((part) => part.simplify());
  const all = parts.reduce((sum, part) => sum.add(part));
  const { irreps: sorted, p } = all.sort();
  const slices = sorted.slices();
  let block = 0;
  const [s, g, v] = parts.map((part) =>
    part.blocks.flatMap(() => {
      const { start, stop } = slices[p[block++]];
      return Array.from({ length: stop - start }, (_, i) => x[start + i]);
    }),
  );
  const activate = (irreps: Irreps, acts: Act[], values: number[]) =>
    irreps.slices().flatMap(({ start, stop }, b) => {
      const act = acts[b];
      const phi = (z: number) => activations[act!].constant * e.evaluate(activations[act!].expression, [z]);
      return values.slice(start, stop).map((z) => (act === null ? z : phi(z)));
    });
  const factors = activate(gates, actGates, g);
  let copy = 0;
  let at = 0;
  const turned = gated.blocks.flatMap(({ mul, ir }) =>
    Array.from({ length: mul }, () => factors[copy++]).flatMap((factor) =>
      Array.from({ length: ir.dim }, () => factor * v[at++]),
    ),
  );
  return [...activate(scalars, actScalars, s), ...turned];
}

const actFor = (p: string, even: Act, odd: Act) => (p === 'e' ? even : odd);
const evenActs = fc.constantFrom<Act>('silu', 'sigmoid', 'cos', 'relu', null);
const oddActs = fc.constantFrom<Act>('tanh', 'abs', 'sin', null);
const block = (max: number) =>
  fc.record({ mul: fc.nat({ max }), p: fc.constantFrom('e', 'o'), even: evenActs, odd: oddActs });

const cases = fc
  .record({
    scalars: fc.array(block(5), { maxLength: 3 }),
    gated: fc.array(fc.tuple(fc.nat({ max: 5 }), fc.constantFrom('1o', '1e', '2e', '0o', '3o')), {
      maxLength: 3,
    }),
    cuts: fc.array(block(6), { maxLength: 3 }),
    last: block(0),
  })
  .map(({ scalars, gated, cuts, last }) => {
    // As many gates as gated irreps, cut into blocks of their own.
    let left = gated.reduce((n, [mul]) => n + mul, 0);
    const gates = [...cuts, { ...last, mul: left }].map((cut, i) => {
      const mul = i === cuts.length ? left : Math.min(left, cut.mul);
      left -= mul;
      return { ...cut, mul };
    });
    return {
      scalars: Irreps.parse(scalars.map(({ mul, p }): [number, string] => [mul, `0${p}`])),
      actScalars: scalars.map(({ p, even, odd }) => actFor(p, even, odd)),
      gates: Irreps.parse(gates.map(({ mul, p }): [number, string] => [mul, `0${p}`])),
      actGates: gates.map(({ p, even, odd }) => actFor(p, even, odd)),
      gated: Irreps.parse(gated.map(([mul, ir]): [number, string] => [mul, ir])),
    };
  });

describe('gate', () => {
  test('equals its definition, padded or not', () => {
    const padded = new Set<boolean>();
    fc.assert(
      fc.property(cases, ({ scalars, actScalars, gates, actGates, gated }) => {
        const layer = gate(scalars, actScalars, gates, actGates, gated);
        fc.pre(layer.irrepsIn.dim > 0);
        padded.add(layer.layoutIn.isPadded);
        const x = new Random(1).normals(2 * layer.irrepsIn.dim);
        const out = layer.apply(tensorInput('x', 2, layer.layoutIn));
        const [value] = reference([out.node], { x: layer.layoutIn.pack(x) });
        const expected = [0, 1].flatMap((r) =>
          dense(scalars, actScalars, gates, actGates, gated, x.slice(r * layer.irrepsIn.dim)),
        );
        expect(scaledError(layer.layoutOut.unpack(value), expected)).toBeLessThan(1e-13);
        expect(value).toEqual(layer.layoutOut.pack(layer.layoutOut.unpack(value)));
      }),
      runs(300),
    );
    expect(padded).toEqual(new Set([true, false]));
  });

  test('the gradient equals central differences, that of padding is zero', () => {
    fc.assert(
      fc.property(cases, ({ scalars, gates, gated }) => {
        const smooth = (irreps: Irreps) =>
          irreps.blocks.map(({ ir }): Act => (ir.p === 1 ? 'sigmoid' : 'tanh'));
        const layer = gate(scalars, smooth(scalars), gates, smooth(gates), gated);
        fc.pre(layer.irrepsIn.dim > 0);
        const x = tensorInput('x', 2, layer.layoutIn);
        const y = layer.apply(x).node;
        const loss = sum(multiply(y, y), 'all');
        const slopes = gradient(loss, [x.node]);
        const feeds = { x: layer.layoutIn.pack(new Random(2).normals(2 * layer.irrepsIn.dim)) };
        const [slope] = reference(slopes, feeds);
        expect(slope).toEqual(layer.layoutIn.pack(layer.layoutIn.unpack(slope)));
        expect(directionalError(loss, [x.node], slopes, feeds)).toBeLessThan(1e-8);
      }),
      runs(60),
    );
  });

  test("irreps are e3nn's", () => {
    // The network of e3nn's Tetris example with a gate.
    const layer = gate(
      '32x0e + 32x0o',
      ['relu', 'abs'],
      '8x0e + 8x0o + 8x0e + 8x0o',
      ['relu', 'tanh', 'relu', 'tanh'],
      '16x1o + 16x1e',
    );
    expect(layer.irrepsIn.toString()).toBe('48x0o+48x0e+16x1o+16x1e');
    expect(layer.irrepsOut.toString()).toBe('32x0e+32x0e+8x1o+8x1e+8x1e+8x1o');
  });

  test('an odd gate turns the parity of what it multiplies', () => {
    expect(parityOf('tanh')).toBe(-1);
    expect(gate('', [], '2x0o', ['tanh'], '2x1o').irrepsOut.toString()).toBe('2x1e');
    expect(gate('', [], '2x0o', ['abs'], '2x1o').irrepsOut.toString()).toBe('2x1o');
  });

  test('scalars alone, gated irreps alone', () => {
    expect(gate('3x0e', ['silu'], '', [], '').irrepsOut.toString()).toBe('3x0e');
    expect(gate('', [], '3x0e', ['silu'], '3x2e').irrepsIn.toString()).toBe('3x0e+3x2e');
  });
});

describe('errors', () => {
  test('scalars and gates that are none', () => {
    expect(() => gate('2x1o', ['relu'], '', [], '')).toThrow('gate: scalars must be scalars, got 2x1o');
    expect(() => gate('2x0e', ['relu'], '2x1o', ['relu'], '2x1o')).toThrow(
      'gate: gates must be scalars, got 2x1o',
    );
  });
  test('not one gate for each gated irrep', () => {
    expect(() => gate('', [], '2x0e', ['relu'], '3x1o')).toThrow(
      'gate: 2 gates (2x0e) for 3 gated irreps (3x1o); each needs one',
    );
  });
  test('an odd scalar with a function of no parity', () => {
    expect(() => gate('2x0o', ['silu'], '', [], '')).toThrow('neither even nor odd');
  });
  test('other irreps; the same ones stored otherwise are moved', () => {
    const layer = gate('4x0e', ['silu'], '3x0e', ['sigmoid'], '3x1o');
    expect(layer.layoutIn.isPadded).toBe(true);
    expect(() => layer.apply(tensorInput('x', 1, Layout.of('7x0e')))).toThrow(
      'gate was made for irreps 7x0e+3x1o',
    );
    const tight = Layout.of('7x0e + 3x1o');
    const x = new Random(3).normals(16);
    const [padded, moved] = [layer.layoutIn, tight].map((layout) => {
      const out = layer.apply(tensorInput('x', 1, layout));
      return reference([out.node], { x: layout.pack(x) })[0];
    });
    expect(Array.from(moved)).toEqual(Array.from(padded));
  });
});
