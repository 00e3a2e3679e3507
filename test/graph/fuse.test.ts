import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as e from '../../src/graph/expression.ts';
import { type FuseOptions, fuse } from '../../src/graph/fuse.ts';
import { constantOp, input } from '../../src/graph/leaf.ts';
import { type Node, topologicalOrder } from '../../src/graph/node.ts';
import { reference } from '../../src/graph/reference.ts';
import { fused } from '../../src/ops/fused.ts';
import { gradient } from '../../src/ops/index.ts';
import { add, filled, map, multiply, scale } from '../../src/ops/map.ts';
import { concat, place, slice } from '../../src/ops/slice.ts';
import { broadcast, sum } from '../../src/ops/sum.ts';
import { randomFeeds, scaledError } from '../support/feeds.ts';
import { runs } from '../support/property.ts';
import { allOps, graphs, pointwiseOps } from '../support/random-graph.ts';

const fusing = (outputs: readonly Node[], options: Partial<FuseOptions> = {}) =>
  fuse(outputs, { fused, maxInputs: 7, keep: () => false, ...options });

/** What would be run: neither leaves nor numbers known when tracing. */
const steps = (outputs: readonly Node[]) =>
  topologicalOrder(outputs).filter((node) => node.inputs.length > 0 || node.op.kernel !== null);

/** Fuses, checks that every value stayed what it was, and gives the steps. */
function check(outputs: readonly Node[], options: Partial<FuseOptions> = {}): Node[] {
  const feeds = randomFeeds(outputs, 3);
  const after = fusing(outputs, options);
  const before = reference(outputs, feeds);
  reference(after, feeds).forEach((value, i) => {
    expect(scaledError(value, before[i])).toBeLessThan(1e-12);
  });
  return steps(after);
}

const programs = (ops: Parameters<typeof graphs>[0]) =>
  fc.record({
    pool: graphs(ops, 20),
    chosen: fc.array(fc.nat(), { maxLength: 3 }),
    maxInputs: fc.integer({ min: 2, max: 7 }),
  });
const outputsOf = (pool: readonly Node[], chosen: readonly number[]) => [
  pool[pool.length - 1],
  ...chosen.map((k) => pool[k % pool.length]),
];

describe('random graphs', () => {
  test('of pointwise ops have the same values fused', () => {
    fc.assert(
      fc.property(programs(pointwiseOps), ({ pool, chosen, maxInputs }) => {
        check(outputsOf(pool, chosen), { maxInputs });
      }),
      runs(400),
    );
  });

  test('of all ops have the same values fused, whatever must be kept', () => {
    fc.assert(
      fc.property(programs(allOps), ({ pool, chosen, maxInputs }) => {
        check(outputsOf(pool, chosen), { maxInputs, keep: (node) => node.id % 3 === 0 });
      }),
      runs(300),
    );
  });

  test('a fused kernel reads at most maxInputs values', () => {
    fc.assert(
      fc.property(programs(pointwiseOps), ({ pool, chosen, maxInputs }) => {
        const before = Math.max(maxInputs, ...topologicalOrder(pool).map((node) => node.inputs.length));
        for (const node of check(outputsOf(pool, chosen), { maxInputs })) {
          if (node.op.name === 'fused') expect(node.inputs.length).toBeLessThanOrEqual(maxInputs);
          expect(node.inputs.length).toBeLessThanOrEqual(before);
        }
      }),
      runs(200),
    );
  });

  test('there are never more steps than before', () => {
    fc.assert(
      fc.property(programs(allOps), ({ pool, chosen }) => {
        const outputs = outputsOf(pool, chosen);
        expect(check(outputs).length).toBeLessThanOrEqual(steps(outputs).length);
      }),
      runs(200),
    );
  });

  test('the pieces of a fused kernel cover each column once, in order', () => {
    fc.assert(
      fc.property(programs(pointwiseOps), ({ pool, chosen }) => {
        for (const node of check(outputsOf(pool, chosen))) {
          if (node.op.name !== 'fused') continue;
          const ends = node.attrs.pieces.map((piece: { end: number }) => piece.end);
          expect(node.attrs.pieces.map((piece: { start: number }) => piece.start)).toEqual([
            0,
            ...ends.slice(0, -1),
          ]);
          expect(ends.at(-1)).toBe(node.cols);
        }
      }),
      runs(200),
    );
  });
});

describe('what is fused', () => {
  const x = input('x', 3, 8);
  const y = input('y', 3, 8);
  const sine = (node: Node) => map(e.sin(e.argument(0)), node);
  const costly = (node: Node) => map(e.tanh(e.sin(e.cos(e.exp(e.sin(e.argument(0)))))), node);

  test('a chain of maps is one kernel', () => {
    expect(check([sine(add(scale(x, 2), multiply(x, y)))])).toHaveLength(1);
  });

  test('slices, concatenations and broadcasts are read through', () => {
    const row = broadcast(sum(y, 'rows'), 3, 8);
    const joined = concat([slice(multiply(x, row), 2, 3), sine(slice(y, 0, 2))]);
    const result = check([map(e.tanh(e.argument(0)), joined)]);
    expect(result.map((node) => node.op.name)).toEqual(['sum', 'fused']);
    expect(result[1].attrs.pieces).toHaveLength(2);
  });

  test('a number known when tracing is written into the kernel', () => {
    const [kernel] = check([multiply(place([x], [2], 12), concat([filled(3, 6, 0.5), filled(3, 6, 2)]))]);
    expect(kernel.inputs).toEqual([x]);
  });

  test('a costly value that several read is computed once, a cheap one in each', () => {
    const shared = costly(x);
    expect(check([sine(shared), scale(shared, 2)])).toHaveLength(3);
    const cheap = scale(x, 3);
    expect(check([sine(cheap), sum(sine(cheap), 'all')])).toHaveLength(3);
  });

  test('a value that is an output is computed for itself', () => {
    const middle = costly(x);
    expect(check([middle, sine(middle)])).toHaveLength(2);
  });

  test('what must be kept is neither fused nor read through', () => {
    const middle = sine(x);
    expect(check([scale(middle, 2)], { keep: (node) => node === middle })).toHaveLength(2);
    expect(check([scale(middle, 2)])).toHaveLength(1);
  });

  test('other ops end a chain', () => {
    expect(check([sine(sum(sine(x), 'rows'))]).map((n) => n.op.name)).toEqual(['map', 'sum', 'map']);
  });

  test('a chain that reads too much is cut', () => {
    const inputs = Array.from({ length: 12 }, (_, i) => input(`x${i}`, 2, 4));
    const total = inputs.reduce(add);
    for (const maxInputs of [2, 3, 7]) {
      const kernels = check([total], { maxInputs });
      expect(kernels.length).toBe(Math.ceil(11 / (maxInputs - 1)));
    }
  });

  test('long concatenations and deep expressions stop before compiling them costs more than a pass', () => {
    const inputs = Array.from({ length: 7 }, (_, i) => input(`x${i}`, 2, 7));
    const shuffled = concat(inputs.flatMap((one) => [slice(one, 3, 4), slice(one, 0, 3)]));
    const many = concat([shuffled, sine(shuffled), scale(shuffled, 2)]);
    for (const node of check([many]))
      if (node.op.name === 'fused') expect(node.attrs.pieces.length).toBeLessThanOrEqual(16);
    let deep: Node = x;
    for (let i = 0; i < 500; i++) deep = sine(deep);
    const kernels = check([deep]);
    expect(kernels.length).toBeGreaterThan(1);
    for (const { attrs } of kernels) {
      const expression = attrs.expression ?? attrs.pieces[0].expression;
      expect(e.sizeOf(expression)).toBeLessThanOrEqual(400);
    }
  });

  test('a fused chain has no gradient: differentiation comes first', () => {
    const [node] = fusing([sine(add(x, y))]);
    expect(node.op.name).toBe('fused');
    expect(() => gradient(sum(node, 'all'), [x])).toThrow('differentiate before fusing');
  });

  test('constants stay leaves', () => {
    const [node] = fusing([filled(2, 3, 1.5)]);
    const [value] = reference([node]);
    expect([...value]).toEqual([1.5, 1.5, 1.5, 1.5, 1.5, 1.5]);
    expect(topologicalOrder([node]).filter((n) => n.op === constantOp).length).toBeLessThanOrEqual(1);
  });
});
