import { describe, expect, test } from 'vitest';
import * as e from '../../src/graph/expression.ts';
import { input, stateOp } from '../../src/graph/leaf.ts';
import { reference } from '../../src/graph/reference.ts';
import { adam, type Optimizer, sgd } from '../../src/nn/optimizer.ts';
import { Random } from '../../src/o3/random.ts';
import { gradient } from '../../src/ops/index.ts';
import { map, multiply } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import { scaledError } from '../support/feeds.ts';

const length = 7;
const initial = new Random(1).normals(length);
const target = new Random(2).normals(length);

/** A bowl with walls: sum of (p - t)^4 + cos p. */
const slopeAt = (p: number, i: number) => 4 * (p - target[i]) ** 3 - Math.sin(p);

/** Runs the optimiser's updates in f64, each state fed back, and gives the parameters after each step. */
function run(
  optimizer: Optimizer,
  steps: number,
  change: (step: number) => Record<string, number[]> = () => ({}),
) {
  const p = optimizer.parameters;
  const difference = map(e.sub(e.argument(0), e.argument(1)), p, input('target', 1, length));
  const square = multiply(difference, difference);
  const loss = sum(map(e.add(e.argument(0), e.cos(e.argument(1))), multiply(square, square), p), 'all');
  const [slope] = gradient(loss, [p]);
  const updates = optimizer.step(slope);
  const states = Object.fromEntries(
    updates.map(({ state }): [string, ArrayLike<number>] => [state.attrs.name, state.attrs.initial]),
  );
  const history: Float64Array[] = [];
  for (let step = 1; step <= steps; step++) {
    Object.assign(states, change(step));
    const next = reference(
      updates.map((u) => u.next),
      { ...states, target },
    );
    updates.forEach(({ state }, i) => {
      states[state.attrs.name] = next[i];
    });
    history.push(Float64Array.from(states[optimizer.states.values]).slice(0, length));
  }
  return { history, states };
}

function compare(history: readonly Float64Array[], expected: readonly number[][]) {
  expect(history).toHaveLength(expected.length);
  history.forEach((values, i) => {
    expect(scaledError(values, expected[i]), `step ${i + 1}`).toBeLessThan(1e-12);
  });
}

/** Adam as in Kingma and Ba, algorithm 1. */
function plainAdam(steps: number, rate: (step: number) => number, [b1, b2] = [0.9, 0.999], eps = 1e-8) {
  const p = [...initial];
  const m = p.map(() => 0);
  const v = p.map(() => 0);
  return Array.from({ length: steps }, (_, k) => {
    const t = k + 1;
    const g = p.map(slopeAt);
    for (let i = 0; i < length; i++) {
      m[i] = b1 * m[i] + (1 - b1) * g[i];
      v[i] = b2 * v[i] + (1 - b2) * g[i] ** 2;
      p[i] -= (rate(t) * (m[i] / (1 - b1 ** t))) / (Math.sqrt(v[i] / (1 - b2 ** t)) + eps);
    }
    return [...p];
  });
}

describe('adam', () => {
  test('with its defaults takes the same 20 steps as algorithm 1', () => {
    compare(
      run(adam(initial), 20).history,
      plainAdam(20, () => 1e-3),
    );
  });

  test('with other settings too', () => {
    const options = { learningRate: 0.05, beta1: 0.7, beta2: 0.95, epsilon: 1e-3 };
    compare(
      run(adam(initial, options), 20).history,
      plainAdam(20, () => 0.05, [0.7, 0.95], 1e-3),
    );
  });

  test('the learning rate is a state: changed between steps, the next step follows', () => {
    const rate = (step: number) => (step <= 10 ? 0.1 : 0.01);
    const optimizer = adam(initial, { learningRate: 0.1, name: 'slow' });
    const { history } = run(optimizer, 20, (step) => ({ [optimizer.states.learningRate]: [rate(step)] }));
    compare(history, plainAdam(20, rate));
  });

  test('the counter counts, the moments stand behind the parameters', () => {
    const optimizer = adam(initial);
    const { states } = run(optimizer, 5);
    expect([...Float64Array.from(states[optimizer.states.step])]).toEqual([5]);
    expect(states[optimizer.states.values].length).toBe(3 * length);
  });

  test('a gradient of zero moves nothing', () => {
    const optimizer = adam(initial);
    const updates = optimizer.step(input('g', 1, length));
    const values = updates.find((u) => u.state.attrs.name === optimizer.states.values)!;
    const [next] = reference([values.next], { g: new Float64Array(length) });
    expect(next.slice(0, length)).toEqual(initial);
  });

  test('the first step is as long as the learning rate, however small the gradient', () => {
    const optimizer = adam(new Float64Array(3), { learningRate: 0.01, epsilon: 1e-30 });
    const [, values] = optimizer.step(input('g', 1, 3));
    const [next] = reference([values.next], { g: [1e-6, -1e3, 1] });
    expect(scaledError(next.slice(0, 3), [-0.01, 0.01, -0.01])).toBeLessThan(1e-12);
  });
});

describe('sgd', () => {
  const plain = (momentum: number) => {
    const p = [...initial];
    const m = p.map(() => 0);
    return Array.from({ length: 20 }, () => {
      const g = p.map(slopeAt);
      for (let i = 0; i < length; i++) {
        m[i] = momentum * m[i] + g[i];
        p[i] -= 0.01 * m[i];
      }
      return [...p];
    });
  };

  test('takes 20 plain steps', () => {
    compare(run(sgd(initial, { learningRate: 0.01 }), 20).history, plain(0));
  });
  test('with momentum takes the 20 steps of torch', () => {
    compare(run(sgd(initial, { learningRate: 0.01, momentum: 0.9 }), 20).history, plain(0.9));
  });
});

test('states have the optimiser as prefix, and their initial values', () => {
  const optimizer = adam(initial, { learningRate: 0.5, name: 'second' });
  const states = optimizer.step(input('g', 1, length)).map((u) => u.state);
  expect(Object.values(optimizer.states)).toEqual(['second.values', 'second.step', 'second.learningRate']);
  expect(states.every((s) => s.op === stateOp)).toBe(true);
  expect(states.map((s) => s.attrs.name).sort()).toEqual(['second.step', 'second.values']);
});

test('errors: a gradient of another length', () => {
  expect(() => adam(initial).step(input('g', 1, 3))).toThrow(
    'optimizer: the gradient must be 1x7 like the parameters, got 1x3',
  );
});
