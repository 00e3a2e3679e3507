import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CompileOptions, prepare } from '../../src/compile.ts';
import * as e from '../../src/graph/expression.ts';
import { index, packIndexMap } from '../../src/graph/index-map.ts';
import { constant, input, state, stateOp } from '../../src/graph/leaf.ts';
import type { Update } from '../../src/graph/memory.ts';
import { type Node, topologicalOrder } from '../../src/graph/node.ts';
import { type Feeds, reference } from '../../src/graph/reference.ts';
import { gather, segmentSum } from '../../src/ops/gather.ts';
import { add, map, multiply, scale } from '../../src/ops/map.ts';
import { optimizerStep } from '../../src/ops/optimizer-step.ts';
import { concat, place, slice } from '../../src/ops/slice.ts';
import { broadcast, sum } from '../../src/ops/sum.ts';
import { randomFeeds, scaledError } from '../support/feeds.ts';
import { runs, someOptimizations } from '../support/property.ts';
import { allOps, graphOps, graphs } from '../support/random-graph.ts';
import { Simulation } from '../support/simulate.ts';

/**
 * Prepares a program, runs its plan several times on simulated buffers, twice with the same inputs, and compares
 * outputs and states with the reference interpreter.
 */
function check(
  outputs: Readonly<Record<string, Node>>,
  updates: readonly Update[] = [],
  options: Pick<CompileOptions, 'optimizations' | 'strips'> & { maxInputs?: number; feeds?: Feeds } = {},
) {
  const prepared = prepare({ outputs, updates }, options);
  const simulation = new Simulation(prepared.plan);
  const all = [...Object.values(outputs), ...updates.flatMap((u) => [u.next, u.state])];
  const held: Record<string, ArrayLike<number>> = {};
  for (const node of topologicalOrder(all))
    if (node.op === stateOp) held[node.attrs.name] = node.attrs.initial;
  for (let time = 1; time <= 4; time++) {
    const feeds = { ...randomFeeds(all, Math.ceil(time / 2)), ...options.feeds, ...held };
    simulation.run(feeds);
    const expected = reference([...Object.values(outputs), ...updates.map((u) => u.next)], feeds);
    Object.keys(outputs).forEach((name, i) => {
      const error = scaledError(simulation.read(prepared.outputs[name]), expected[i]);
      expect(error, `output ${name} of run ${time}`).toBeLessThan(1e-12);
    });
    updates.forEach(({ state: s }, i) => {
      held[s.attrs.name] = expected[Object.keys(outputs).length + i];
      expect(scaledError(simulation.read(s), held[s.attrs.name]), `state of run ${time}`).toBeLessThan(1e-12);
    });
  }
  return prepared;
}

/** Some of the values of a random graph as outputs. */
const programs = (maxLength?: number) =>
  fc.record({ pool: graphs(allOps, maxLength), chosen: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }) });
const outputsOf = (pool: readonly Node[], chosen: readonly number[]) =>
  Object.fromEntries(
    chosen.map((k, i) => [`out${i}`, i === 0 ? pool[pool.length - 1] : pool[k % pool.length]]),
  );

describe('random programs run in their buffers as they do without any', () => {
  for (const optimizations of [true, false])
    test(optimizations ? 'with all rules on' : 'with all rules off', () => {
      fc.assert(
        fc.property(programs(), ({ pool, chosen }) => {
          check(outputsOf(pool, chosen), [], { optimizations });
        }),
        runs(optimizations ? 400 : 200),
      );
    });

  test('with some rules on', () => {
    fc.assert(
      fc.property(programs(), someOptimizations, ({ pool, chosen }, optimizations) => {
        check(outputsOf(pool, chosen), [], { optimizations });
      }),
      runs(200),
    );
  });

  test.each([
    ['', 3, undefined],
    [', in strips', 150, { rows: 64, stored: 0 }],
  ])('with states that become random values, each read by the others%s', (_, rows, strips) => {
    let split = 0;
    fc.assert(
      fc.property(
        fc.record({
          pool: graphs(strips ? graphOps : allOps, 10, rows),
          chosen: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
        }),
        fc.array(fc.nat(), { minLength: 3, maxLength: 3 }),
        ({ pool, chosen }, nexts) => {
          const others = ['p', 'q'].map((name, i) => state(name, 1, 8, new Array(8).fill(i + 1)));
          const row = (node: Node) => broadcast(sum(node, 'all'), 1, 8);
          const many = pool
            .filter((node) => node.rows === 150)
            .map((node) => sum(multiply(node, node), 'all'));
          const mixed = [
            ...pool,
            ...(strips ? [row(many.reduce(add))] : []),
            map(e.sin(e.add(e.argument(0), e.argument(1))), ...others),
            ...others,
          ];
          const pick = (k: number) => mixed[k % mixed.length];
          const first = mixed.find((node) => node.op === stateOp)!;
          const updates = [
            {
              state: others[0],
              next:
                pick(nexts[0]).cols === 8 && pick(nexts[0]).rows === 1 ? pick(nexts[0]) : row(pick(nexts[0])),
            },
            {
              state: others[1],
              next: optimizerStep([e.sub(e.argument(0), e.argument(1))], others[1], others[0]),
            },
            { state: first, next: multiply(first, broadcast(sum(pick(nexts[1]), 'all'), 1, 128)) },
          ];
          const { plan } = check(
            { ...outputsOf(mixed, chosen), p: others[0], step: updates[1].next },
            updates.slice(nexts[2] % 3),
            { strips },
          );
          if (plan.steps.some(({ op }) => op.name === 'accumulate' || op.name === 'addSegments')) split++;
        },
      ),
      runs(strips ? 100 : 300),
    );
    expect(split > 20).toBe(strips !== undefined);
  });
});

describe('buffers', () => {
  const computed = (node: Node) => prepare({ outputs: { node } }).plan.buffers.filter((b) => b.leaf === null);

  test('a buffer is used again when the last reader of its value has run', () => {
    // A chain of products over rows that cannot be fused: two buffers, by turns.
    let x = input('x', 3, 5);
    for (let i = 0; i < 20; i++) x = broadcast(sum(x, 'rows'), 3, 5);
    const { plan } = check({ x }, [], { optimizations: false });
    expect(plan.steps).toHaveLength(40);
    expect(plan.buffers.filter((b) => b.leaf === null).length).toBeLessThanOrEqual(3);
  });

  test('the smallest free buffer that is large enough is taken', () => {
    const large = sum(broadcast(sum(input('x', 4, 100), 'cols'), 4, 100), 'rows');
    const small = sum(broadcast(sum(large, 'cols'), 5, 1), 'rows');
    expect(computed(small).every((b) => b.size <= 400)).toBe(true);
    check({ small }, [], { optimizations: false });
  });

  test('an output keeps its buffer to the end', () => {
    const x = input('x', 3, 5);
    const early = sum(x, 'rows');
    let late: Node = early;
    for (let i = 0; i < 5; i++) late = sum(broadcast(late, 3, 5), 'rows');
    check({ early, late });
  });

  test('an input, a constant or a state may be an output', () => {
    const s = state('s', 1, 3, [1, 2, 3]);
    check({ x: input('x', 2, 2), c: constant([1, 2]), s }, [{ state: s, next: scale(s, 2) }]);
  });

  test('one value may have several names', () => {
    const y = scale(input('x', 2, 2), 3);
    check({ a: y, b: y, c: scale(input('x', 2, 2), 3) });
  });
});

describe('slices of packed rows', () => {
  const packed = input('packed', 1, 300);

  test('a slice that starts where a buffer can be bound is a view: no step, no buffer', () => {
    const { plan } = check({ sum: sum(slice(packed, 128, 70), 'all') });
    expect(plan.steps.map((n) => n.op.name)).toEqual(['sum']);
  });

  test('a view of a view adds up', () => {
    const { plan } = check({ sum: sum(slice(slice(packed, 64, 200), 128, 10), 'all') });
    expect(plan.steps).toHaveLength(1);
  });

  test('any other slice is copied', () => {
    const { plan } = check({ sum: sum(slice(packed, 65, 70), 'all') });
    expect(plan.steps.map((n) => n.op.name)).toEqual(['slice', 'sum']);
  });

  test('a view keeps the buffer of its source alive', () => {
    const source = sum(broadcast(packed, 3, 300), 'rows');
    const view = slice(source, 192, 100);
    let other = sum(broadcast(packed, 2, 300), 'rows');
    for (let i = 0; i < 4; i++) other = sum(broadcast(other, 2, 300), 'rows');
    check({ both: add(sum(view, 'all'), sum(other, 'all')) }, [], { optimizations: false });
  });
});

describe('packed rows are computed in place', () => {
  const part = (name: string, cols: number) => sum(input(name, 3, cols), 'rows');

  test('a concatenation of fresh values at bindable places is no step', () => {
    const row = place([part('a', 50), part('b', 64), part('c', 3)], [0, 64, 192], 200);
    const { plan, outputs } = check({ row });
    expect(plan.steps.map((n) => n.op.name)).toEqual(['sum', 'sum', 'sum']);
    expect(plan.places.get(outputs.row)).toEqual({ buffer: expect.any(Number), offset: 0 });
  });

  test('gaps are zero in every run', () => {
    const row = place([part('a', 50), part('c', 3)], [64, 192], 300);
    // The values before make buffers that the layout must not take.
    check({ row, other: sum(broadcast(sum(broadcast(part('d', 300), 2, 300), 'rows'), 2, 300), 'rows') });
  });

  test('a layout inside a layout stands in the outer one', () => {
    const inner = place([part('a', 64), part('b', 30)], [0, 64], 128);
    const { plan } = check({ row: place([part('c', 60), inner], [0, 64], 192) });
    expect(plan.steps).toHaveLength(3);
  });

  test('leaves, views and values that something else reads are copied in', () => {
    const shared = part('a', 64);
    const packed = input('packed', 1, 128);
    const row = place([packed, slice(packed, 64, 64), shared], [0, 128, 192], 256);
    const { plan } = check({ row, total: sum(multiply(shared, slice(packed, 0, 64)), 'all') });
    // Copies of the input, of its slice and of the shared value; its sum; the product and its sum.
    expect(plan.steps).toHaveLength(6);
  });

  test('one value twice in a layout is copied', () => {
    const x = part('a', 64);
    check({ row: place([x, x], [0, 64], 128) });
  });

  test('a part of a layout may be an output or the next value of a state', () => {
    const s = state('s', 1, 64, new Array(64).fill(1));
    const x = part('a', 64);
    check({ row: place([x, part('b', 64)], [0, 64], 128), x }, [{ state: s, next: x }]);
  });

  test('what depends on inputs only runs first, and stays where a program updates a state', () => {
    const [x, s] = [input('x', 2, 3), state('s', 2, 3, [1, 2, 3, 4, 5, 6])];
    const fixed = map(e.sin(e.argument(0)), x);
    const kept = sum(fixed, 'rows');
    const next = add(multiply(s, fixed), broadcast(kept, 2, 3));
    const updates = [{ state: s, next }];
    const { plan } = check({ s: sum(s, 'all') }, updates);
    expect(plan.dispatches.slice(0, plan.prologue).flatMap((nodes) => nodes.map((n) => n.op.name))).toEqual([
      'map',
      'sum',
    ]);
    expect(check({ kept }).plan.prologue).toBe(0);
    expect(prepare({ outputs: {}, updates }, { optimizations: { prologue: false } }).plan.prologue).toBe(0);
  });

  test('a copy of an input that a later step overwrites is made in every run', () => {
    const [x, s] = [input('x', 1, 4), state('s', 1, 4, [1, 2, 3, 4])];
    const step = optimizerStep([e.sub(e.argument(0), e.argument(1))], x, s);
    check({ step }, [{ state: s, next: scale(s, 2) }]);
    check({}, [{ state: s, next: x }]);
  });

  test('other concatenations are a step', () => {
    const { plan } = check({ row: concat([part('a', 5), part('b', 6)]) });
    expect(plan.steps.map((n) => n.op.name)).toEqual(['sum', 'sum', 'concat']);
  });
});

describe('states', () => {
  const p = () => state('p', 1, 4, [1, 2, 3, 4]);
  const descend = [e.sub(e.argument(0), e.mul(e.number(0.5), e.argument(1)))];

  test('an optimiser writes over its state: one step, no copy', () => {
    const s = p();
    const { plan } = check({ loss: sum(multiply(s, s), 'all') }, [
      { state: s, next: optimizerStep(descend, s, input('g', 1, 4)) },
    ]);
    expect(plan.steps.map((n) => n.op.name)).toEqual(['map', 'sum', 'optimizerStep']);
    expect(plan.buffers.filter((b) => b.leaf?.op === stateOp)).toHaveLength(1);
  });

  test('any other next value is copied into the state', () => {
    const s = p();
    const { plan } = check({}, [{ state: s, next: multiply(s, input('g', 1, 4)) }]);
    expect(plan.steps).toHaveLength(2);
  });

  test('all states change at once: two exchange their values', () => {
    const [a, b] = [p(), state('q', 1, 4, [5, 6, 7, 8])];
    check({}, [
      { state: a, next: b },
      { state: b, next: a },
    ]);
  });

  test('what reads a state reads the value before the step, wherever it stands in the program', () => {
    const [a, b] = [p(), state('q', 1, 4, [5, 6, 7, 8])];
    const next = optimizerStep(descend, a, input('g', 1, 4));
    // The moving average is given after the optimiser, and the output after the new value.
    check({ next, before: map(e.sin(e.argument(0)), a) }, [
      { state: a, next },
      { state: b, next: map(e.add(e.argument(0), e.argument(1)), scale(a, 0.1), scale(b, 0.9)) },
    ]);
  });

  test('an output that is a state, or a part of it, is its value before the step', () => {
    const s = state('s', 1, 128, new Array(128).fill(2));
    check({ all: s, part: slice(s, 64, 64) }, [{ state: s, next: scale(s, 3) }]);
    check({ all: s, part: slice(s, 64, 64) }, [
      { state: s, next: optimizerStep(descend, s, input('g', 1, 128)) },
    ]);
  });

  test('a state that keeps its value needs no step', () => {
    const s = p();
    expect(check({}, [{ state: s, next: s }]).plan.steps).toHaveLength(0);
  });

  test('one value for two states', () => {
    const [a, b] = [p(), state('q', 1, 4, [5, 6, 7, 8])];
    const next = optimizerStep(descend, a, b);
    check({}, [
      { state: a, next },
      { state: b, next },
    ]);
  });

  test('a state updated by a part of itself', () => {
    const s = state(
      's',
      1,
      128,
      Array.from({ length: 128 }, (_, i) => i),
    );
    const half = slice(s, 64, 64);
    const q = state('q', 1, 64, new Array(64).fill(0));
    check({}, [
      { state: q, next: optimizerStep(descend, q, half) },
      { state: s, next: place([half, slice(s, 0, 64)], [0, 64], 128) },
    ]);
  });

  test('an optimiser whose gradient is the state itself', () => {
    const s = p();
    check({}, [{ state: s, next: optimizerStep(descend, s, s) }]);
  });

  test('an optimiser step that is no update leaves its input alone', () => {
    const s = p();
    const x = input('x', 1, 4);
    check({ moved: optimizerStep(descend, s, x), s, fed: optimizerStep(descend, x, s), x });
  });
});

describe('empty values', () => {
  test('no edges: a sum over none of them is zero', () => {
    const [nodes, edges] = [3, 0];
    const src = index('src', edges, nodes);
    const dst = index('dst', edges, nodes);
    const x = input('x', nodes, 4);
    const out = segmentSum(map(e.sin(e.argument(0)), gather(x, src)), dst);
    const none = packIndexMap([], 0, nodes);
    check({ out }, [], { feeds: { src: none, dst: none } });
  });

  test('no columns: a sum over none of them is zero', () => {
    const empty = slice(input('x', 1, 64), 64, 0);
    check({ out: sum(empty, 'cols'), empty });
    check({ out: concat([empty, input('y', 1, 3), empty]) });
  });
});
