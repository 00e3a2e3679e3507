import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { prepare } from '../../src/compile.ts';
import * as e from '../../src/graph/expression.ts';
import { input } from '../../src/graph/leaf.ts';
import type { Node } from '../../src/graph/node.ts';
import type { OptimizationChoice } from '../../src/graph/optimizations.ts';
import { reference } from '../../src/graph/reference.ts';
import { add, map, multiply } from '../../src/ops/map.ts';
import { slice } from '../../src/ops/slice.ts';
import { sum } from '../../src/ops/sum.ts';
import { randomFeeds, scaledError } from '../support/feeds.ts';
import { runs } from '../support/property.ts';
import { networks, product } from '../support/random-network.ts';
import { Simulation } from '../support/simulate.ts';

/** Names of the ops of each dispatch; the plan is run in its buffers, and compared with the reference. */
function dispatches(outputs: Record<string, Node>, optimizations: OptimizationChoice = true): string[][] {
  const prepared = prepare({ outputs }, { optimizations });
  const feeds = randomFeeds(Object.values(outputs));
  const simulation = new Simulation(prepared.plan);
  simulation.run(feeds);
  const expected = reference(Object.values(outputs), feeds);
  Object.keys(outputs).forEach((name, i) => {
    expect(scaledError(simulation.read(prepared.outputs[name]), expected[i])).toBeLessThan(1e-12);
  });
  return prepared.plan.dispatches.map((nodes) => nodes.map(({ op }) => op.name));
}

describe('steps that share a dispatch', () => {
  const x = input('x', 3, 8);

  test('products of one value, whatever their widths', () => {
    const outputs = { a: product(x, 4), b: product(x, 8, 1), c: product(x, 12, 2) };
    expect(dispatches(outputs)).toEqual([['contract', 'contract', 'contract']]);
    expect(dispatches(outputs, { batches: false })).toHaveLength(3);
  });

  test('products of several values, where a dispatch can write those into one buffer', () => {
    const [a, b] = [product(x, 4), product(x, 8, 1)];
    const outputs = { a: product(a, 8, 2), b: product(b, 4, 3) };
    expect(dispatches(outputs)).toEqual([
      ['contract', 'contract'],
      ['contract', 'contract'],
    ]);
    // Inputs have buffers of their own.
    expect(dispatches({ a: product(x, 4), b: product(input('y', 3, 8), 4) })).toHaveLength(2);
  });

  test('one does not share a dispatch with what it needs', () => {
    const a = product(x, 8);
    expect(dispatches({ a, b: product(a, 8, 1), c: product(x, 4, 2) }).length).toBe(2);
  });

  test('pointwise values, with as many inputs as a kernel can read', () => {
    const inputs = Array.from({ length: 10 }, (_, i) => input(`x${i}`, 2, 5));
    const outputs = Object.fromEntries(inputs.map((y, i) => [`y${i}`, map(e.sin(e.argument(0)), y)]));
    expect(dispatches(outputs).map((names) => names.length)).toEqual([7, 3]);
  });
});

describe('sums', () => {
  const [x, y] = [sum(input('x', 8, 3), 'cols'), sum(input('y', 8, 3), 'cols')];

  test('of two products are one dispatch', () => {
    const outputs = { z: add(product(x, 4), product(y, 4, 1)) };
    const names = dispatches(outputs).flat();
    expect(names.filter((name) => /contract/.test(name))).toEqual(['contractSum']);
    expect(dispatches(outputs, { sums: false }).flat()).not.toContain('contractSum');
  });

  test('are left as they were where their operands have buffers of their own, or one is needed besides', () => {
    const two = { z: add(product(input('a', 3, 8), 4), product(input('b', 3, 8), 4, 1)) };
    expect(dispatches(two).flat()).not.toContain('contractSum');
    const first = product(x, 4);
    expect(dispatches({ z: add(first, product(y, 4, 1)), first }).flat()).not.toContain('contractSum');
  });

  test('over columns take in what they add up', () => {
    const [a, b] = [input('a', 3, 70), input('b', 3, 70)];
    expect(dispatches({ z: sum(multiply(a, b), 'cols') })).toEqual([['fused']]);
    expect(dispatches({ z: sum(multiply(a, b), 'cols') }, { reductions: false })).toHaveLength(2);
    expect(dispatches({ z: sum(slice(multiply(a, b), 3, 20), 'cols') })).toEqual([['fused']]);
  });
});

test('random networks of products, sums and pointwise values run in their buffers', () => {
  fc.assert(
    fc.property(networks, (outputs) => {
      dispatches(outputs);
    }),
    runs(150),
  );
});
