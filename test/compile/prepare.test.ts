import { describe, expect, test } from 'vitest';
import { prepare } from '../../src/compile.ts';
import { tetrisIrrepsOut, tetrisLabels, tetrisShapes } from '../../src/data/tetris.ts';
import * as e from '../../src/graph/expression.ts';
import { constant, input, state } from '../../src/graph/leaf.ts';
import { reference } from '../../src/graph/reference.ts';
import { squaredError } from '../../src/nn/loss.ts';
import { adam } from '../../src/nn/optimizer.ts';
import { gradient } from '../../src/ops/index.ts';
import { map, multiply, scale } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import { scaledError } from '../support/feeds.ts';
import { build, smallNetwork } from '../support/models.ts';
import { Simulation } from '../support/simulate.ts';
import { substituteLeaves } from '../support/substitute.ts';

describe('a training step of a network', () => {
  const network = smallNetwork({ irrepsIn: '0e', irrepsOut: tetrisIrrepsOut, maxRadius: 1.5, mul: 3 });
  const built = build(network, 4 * 7, 7);
  const optimizer = adam(new Float64Array(built.packed.cols), { learningRate: 0.01 });
  // The program's parameters are the optimiser's.
  const [output] = substituteLeaves([built.output.node], built.packed, optimizer.parameters);
  const loss = squaredError(output, input('target', 7, 7));
  const [slope] = gradient(loss, [optimizer.parameters]);
  const updates = optimizer.step(slope);
  const program = { outputs: { loss, output }, updates };
  const pos = tetrisShapes.slice(1).flatMap((shape) => [...shape.points]);
  const { parameters, ...leaves } = built.feeds(pos, new Float64Array(28).fill(1));
  const feeds = { ...leaves, target: tetrisLabels.slice(7) };
  const states: Record<string, ArrayLike<number>> = {};
  for (const { state: s } of updates) states[s.attrs.name] = s.attrs.initial;
  const start = new Float64Array(3 * parameters.length);
  start.set(Float64Array.from(parameters));

  for (const options of [{}, { optimizations: false }, { maxInputs: 3 }])
    test(`runs in its buffers as without: three steps of adam, ${JSON.stringify(options)}`, () => {
      const held = { ...states, [optimizer.states.values]: start };
      const { plan, outputs } = prepare(program, options);
      const simulation = new Simulation(plan);
      simulation.write(optimizer.states.values, start);
      for (let step = 0; step < 3; step++) {
        const expected = reference([loss, output, ...updates.map((u) => u.next)], { ...feeds, ...held });
        simulation.run(feeds);
        expect(scaledError(simulation.read(outputs.loss), expected[0])).toBeLessThan(1e-10);
        expect(scaledError(simulation.read(outputs.output), expected[1])).toBeLessThan(1e-10);
        updates.forEach(({ state: s }, i) => {
          held[s.attrs.name] = expected[2 + i];
          expect(scaledError(simulation.read(s), expected[2 + i])).toBeLessThan(1e-8);
        });
      }
    });

  test('fusion takes away a good part of the steps, and memory is used again', () => {
    const fused = prepare(program).plan;
    const plain = prepare(program, { optimizations: false }).plan;
    expect(fused.steps.length).toBeLessThan(0.95 * plain.steps.length);
    const values = fused.buffers.filter((b) => b.leaf === null);
    expect(values.length).toBeLessThan(fused.steps.length / 2);
  });

  test('no kernel reads more than the device allows', () => {
    for (const { inputs } of prepare(program, { maxInputs: 7 }).plan.steps)
      expect(inputs.length).toBeLessThanOrEqual(7);
  });

  test('the same program is prepared the same way', () => {
    expect(prepare(program).print()).toBe(prepare(program).print());
  });
});

describe('what a program may be', () => {
  const x = input('x', 2, 3);

  test('nothing at all', () => {
    expect(prepare({ outputs: {} }).plan.steps).toEqual([]);
  });

  test('outputs that need no step', () => {
    const { plan, outputs } = prepare({ outputs: { x, c: constant([1, 2]) } });
    expect(plan.steps).toEqual([]);
    expect(outputs.x).toBe(x);
  });

  test('printed, it is what runs', () => {
    const y = map(e.tanh(e.argument(0)), multiply(scale(x, 2), x));
    expect(prepare({ outputs: { y: sum(y, 'rows') } }).print()).toMatchInlineSnapshot(`
      "%0 = input x : 2x3
      %1 = fused[0:3 tanh(((2 * a) * a))](%0) : 2x3
      %2 = sum[rows](%1) : 1x3
      return y = %2"
    `);
  });

  test('outputs without numbers', () => {
    const { outputs, plan } = prepare({ outputs: { none: scale(input('none', 0, 3), 2) } });
    expect(plan.steps).toEqual([]);
    expect(outputs.none.rows).toBe(0);
  });
});

describe('errors', () => {
  test('an update of something that is no state, or of another shape', () => {
    const x = input('x', 1, 3);
    const s = state('s', 1, 3, [1, 2, 3]);
    expect(() => prepare({ outputs: {}, updates: [{ state: x, next: x }] })).toThrow(
      'update: a input of 1x3 cannot become 1x3',
    );
    expect(() => prepare({ outputs: {}, updates: [{ state: s, next: sum(s, 'all') }] })).toThrow(
      'update: a state of 1x3 cannot become 1x1',
    );
  });

  test('two different leaves of one name', () => {
    const twice = [input('x', 1, 3), input('x', 1, 4)].map((node) => sum(node, 'all'));
    expect(() => prepare({ outputs: { a: twice[0], b: twice[1] } })).toThrow('"x"');
  });

  test('a state that is updated twice', () => {
    const s = state('s', 1, 1, [1]);
    const updates = [2, 3].map((k) => ({ state: s, next: scale(s, k) }));
    expect(() => prepare({ outputs: {}, updates })).toThrow('the state "s" is given two new values');
  });
});
