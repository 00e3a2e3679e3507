import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as e from '../../src/graph/expression.ts';
import { constant, constantOp, input, state } from '../../src/graph/leaf.ts';
import { type Node, topologicalOrder } from '../../src/graph/node.ts';
import { reference } from '../../src/graph/reference.ts';
import { simplify } from '../../src/graph/simplify.ts';
import { gradient } from '../../src/ops/index.ts';
import { add, filled, map, multiply, scale, subtract, uniformOf } from '../../src/ops/map.ts';
import { optimizerStep } from '../../src/ops/optimizer-step.ts';
import { radialBasis } from '../../src/ops/radial-basis.ts';
import { concat, place, slice } from '../../src/ops/slice.ts';
import { solidHarmonics } from '../../src/ops/spherical-harmonics.ts';
import { broadcast, sum } from '../../src/ops/sum.ts';
import { randomFeeds, scaledError } from '../support/feeds.ts';
import { runs } from '../support/property.ts';
import { allOps, graphs } from '../support/random-graph.ts';

const isZero = (node: Node) => uniformOf(node) === 0;
const simplified = (outputs: readonly Node[]) =>
  simplify(outputs, (rows, cols) => filled(rows, cols, 0), isZero);
/** Nodes of a graph, without the numbers known when tracing. */
const size = (outputs: readonly Node[]) =>
  topologicalOrder(outputs).filter((n) => n.op !== constantOp && uniformOf(n) === null).length;

const x = input('x', 3, 5);
const y = input('y', 3, 5);

describe('random graphs', () => {
  const programs = fc.record({ pool: graphs(allOps), chosen: fc.array(fc.nat(), { maxLength: 3 }) });
  const outputsOf = (pool: readonly Node[], chosen: readonly number[]) => [
    pool[pool.length - 1],
    ...chosen.map((k) => pool[k % pool.length]),
  ];

  test('values stay what they are', () => {
    fc.assert(
      fc.property(programs, ({ pool, chosen }) => {
        const outputs = outputsOf(pool, chosen);
        const feeds = randomFeeds(outputs);
        const before = reference(outputs, feeds);
        reference(simplified(outputs), feeds).forEach((value, i) => {
          expect(scaledError(value, before[i])).toBeLessThan(1e-12);
        });
      }),
      runs(400),
    );
  });

  test('no graph grows, and a simplified one stays as it is', () => {
    fc.assert(
      fc.property(programs, ({ pool, chosen }) => {
        const outputs = outputsOf(pool, chosen);
        const once = simplified(outputs);
        expect(size(once)).toBeLessThanOrEqual(size(outputs));
        expect(size(simplified(once))).toBe(size(once));
      }),
      runs(200),
    );
  });

  test('a graph made twice is made one', () => {
    fc.assert(
      fc.property(programs, ({ pool, chosen }) => {
        const outputs = outputsOf(pool, chosen);
        const twice = [...outputs, ...copyOf(outputs)];
        const result = simplified(twice);
        outputs.forEach((_, i) => {
          expect(result[outputs.length + i]).toBe(result[i]);
        });
      }),
      runs(200),
    );
  });
});

/** The same graph of other nodes over the same leaves. */
function copyOf(outputs: readonly Node[]): Node[] {
  const copies = new Map<Node, Node>();
  let id = -1;
  for (const node of topologicalOrder(outputs))
    copies.set(
      node,
      node.inputs.length === 0 ? node : { ...node, id: id--, inputs: node.inputs.map((i) => copies.get(i)!) },
    );
  return outputs.map((output) => copies.get(output)!);
}

describe('equal nodes become one', () => {
  const merged = (a: Node, b: Node) => {
    const [c, d] = simplified([a, b]);
    return c === d;
  };
  const sine = e.sin(e.argument(0));

  test('maps by their expression, whatever object holds it', () => {
    expect(merged(map(sine, x), map(e.sin(e.argument(0)), x))).toBe(true);
    expect(merged(map(sine, x), map(e.cos(e.argument(0)), x))).toBe(false);
    expect(merged(map(sine, x), map(sine, y))).toBe(false);
    expect(merged(scale(x, 0.5), scale(x, 0.5000001))).toBe(false);
  });

  test('other ops by their attributes', () => {
    expect(merged(slice(x, 1, 2), slice(x, 1, 2))).toBe(true);
    expect(merged(slice(x, 1, 2), slice(x, 2, 2))).toBe(false);
    expect(merged(sum(x, 'rows'), sum(x, 'rows'))).toBe(true);
    expect(merged(sum(x, 'rows'), sum(y, 'rows'))).toBe(false);
    expect(merged(concat([x, y]), concat([x, y]))).toBe(true);
    expect(merged(concat([x, y]), concat([y, x]))).toBe(false);
    expect(merged(broadcast(sum(x, 'cols'), 3, 4), broadcast(sum(x, 'cols'), 3, 5))).toBe(false);
    const xyz = input('xyz', 3, 3);
    expect(merged(solidHarmonics(xyz, [1, 2]), solidHarmonics(xyz, [1, 2]))).toBe(true);
    expect(merged(solidHarmonics(xyz, [1, 2]), solidHarmonics(xyz, [1, 2], [1, 2]))).toBe(false);
    const r = input('r', 3, 1);
    expect(merged(radialBasis(r, sine, [1]), radialBasis(r, sine, [1]))).toBe(true);
    expect(merged(radialBasis(r, sine, [1]), radialBasis(r, sine, [2]))).toBe(false);
    const p = input('p', 1, 1);
    const step = (rate: number) => optimizerStep([e.sub(e.argument(0), e.number(rate))], p, p);
    expect(merged(step(0.5), step(0.5))).toBe(true);
    expect(merged(step(0.5), step(0.5000001))).toBe(false);
  });

  test('constants by their numbers, leaves by their names', () => {
    expect(merged(constant([1, 2]), constant([1, 2]))).toBe(true);
    expect(merged(constant([1, 2]), constant([1, 3]))).toBe(false);
    expect(merged(constant([1, 2], 2), constant([1, 2], 1))).toBe(false);
    expect(merged(input('x', 3, 5), x)).toBe(true);
    expect(merged(input('x', 3, 5), y)).toBe(false);
    expect(merged(state('x', 1, 2, [1, 2]), input('x', 1, 2))).toBe(false);
  });

  test('through whole chains: the two sides of a difference cancel to one node', () => {
    const side = () => map(e.tanh(e.argument(0)), slice(concat([x, map(sine, y)]), 3, 5));
    const [difference] = simplified([subtract(side(), side())]);
    expect(difference.inputs).toHaveLength(1);
  });
});

describe('zeros', () => {
  const zero = filled(3, 5, 0);

  test('a product with zero is zero, a sum with zero is the other term', () => {
    expect(simplified([multiply(x, zero), add(x, zero)]).map(isZero)).toEqual([true, false]);
    expect(simplified([add(x, zero)])[0]).toBe(x);
  });

  test('what is linear in each input vanishes with one of them', () => {
    const [s, b, c] = simplified([sum(zero, 'rows'), broadcast(sum(zero, 'cols'), 3, 9), slice(zero, 1, 2)]);
    expect([s, b, c].map((node) => [isZero(node), node.rows, node.cols])).toEqual([
      [true, 1, 5],
      [true, 3, 9],
      [true, 3, 2],
    ]);
  });

  test('what is linear in all inputs together vanishes with all of them only', () => {
    const [all, one] = simplified([concat([zero, zero]), concat([zero, x])]);
    expect([isZero(all), isZero(one)]).toEqual([true, false]);
  });

  test('the gradient of a value that does not depend on x is zero, and so is all that follows', () => {
    const steps = map(e.step(e.argument(0)), x);
    const [g] = gradient(sum(multiply(concat([steps, steps]), concat([y, y])), 'all'), [x]);
    expect(isZero(simplified([g])[0])).toBe(true);
  });
});

describe('slices', () => {
  test('a slice of a slice is one slice', () => {
    const [s] = simplified([slice(slice(x, 1, 4), 1, 2)]);
    expect([s.inputs[0], s.attrs]).toEqual([x, { start: 2, cols: 2 }]);
  });

  test('a slice of one part of a concatenation reads that part', () => {
    expect(simplified([slice(concat([x, y]), 5, 5)])[0]).toBe(y);
    const [s] = simplified([slice(place([x, y], [2, 10], 20), 11, 3)]);
    expect([s.inputs[0], s.attrs]).toEqual([y, { start: 1, cols: 3 }]);
  });

  test('a slice across parts, or of a gap, stays', () => {
    const row = place([x, y], [2, 10], 20);
    for (const node of [slice(row, 6, 6), slice(row, 0, 2), slice(row, 7, 3)])
      expect(simplified([node])[0].inputs[0].op.name).toBe('concat');
  });

  test('a broadcast of a broadcast is one', () => {
    const [b] = simplified([broadcast(broadcast(input('s', 1, 1), 1, 5), 3, 5)]);
    expect(b.inputs[0].op.name).toBe('input');
  });
});
