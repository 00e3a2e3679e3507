import { describe, expect, test } from 'vitest';
import * as e from '../../src/graph/expression.ts';
import { input, stateOp } from '../../src/graph/leaf.ts';
import { reference } from '../../src/graph/reference.ts';
import { adam, adamW, type Optimizer, sgd } from '../../src/nn/optimizer.ts';
import { cosineDecay, exponentialDecay, type Schedule, stepDecay, warmup } from '../../src/nn/schedule.ts';
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

describe('what every optimiser can do besides its rule', () => {
  /** The last row of n numbers in the state `values`. */
  const lastRow = (states: Record<string, ArrayLike<number>>, optimizer: Optimizer) =>
    Array.from(states[optimizer.states.values]).slice(-length);

  test('weight decay as a part of the gradient (torch Adam) and beside it (AdamW)', () => {
    for (const [make, decoupled] of [
      [adam, false],
      [adamW, true],
    ] as const) {
      const p = [...initial];
      const [m, v] = [p.map(() => 0), p.map(() => 0)];
      const expected: number[][] = [];
      for (let t = 1; t <= 6; t++) {
        p.forEach((old, i) => {
          const g = slopeAt(old, i) + (decoupled ? 0 : 0.3 * old);
          m[i] = 0.9 * m[i] + 0.1 * g;
          v[i] = 0.999 * v[i] + 0.001 * g * g;
          const change = (0.05 * m[i]) / (1 - 0.9 ** t) / (Math.sqrt(v[i] / (1 - 0.999 ** t)) + 1e-8);
          p[i] = old - (decoupled ? 0.05 * 0.3 * old : 0) - change;
        });
        expected.push([...p]);
      }
      compare(run(make(initial, { learningRate: 0.05, weightDecay: 0.3 }), 6).history, expected);
    }
    compare(
      run(adamW(initial, {}), 2).history,
      run(adamW(initial, { weightDecay: 0.01 }), 2).history.map((h) => [...h]),
    );
  });

  test('weight decay and momentum of gradient descent', () => {
    const p = [...initial];
    const m = p.map(() => 0);
    const expected: number[][] = [];
    for (let t = 0; t < 5; t++) {
      p.forEach((old, i) => {
        m[i] = 0.8 * m[i] + slopeAt(old, i) + 0.2 * old;
        p[i] = old - 0.001 * m[i];
      });
      expected.push([...p]);
    }
    compare(run(sgd(initial, { learningRate: 0.001, momentum: 0.8, weightDecay: 0.2 }), 5).history, expected);
  });

  test('a long gradient is shortened, a short one is not', () => {
    for (const clipNorm of [0.5, 1e6]) {
      const p = [...initial];
      const expected: number[][] = [];
      for (let t = 0; t < 4; t++) {
        const g = p.map(slopeAt);
        const factor = Math.min(1, clipNorm / (Math.hypot(...g) + 1e-6));
        p.forEach((old, i) => {
          p[i] = old - 0.01 * factor * g[i];
        });
        expected.push([...p]);
      }
      compare(run(sgd(initial, { learningRate: 0.01, clipNorm }), 4).history, expected);
    }
  });

  test('the average of the parameters, which forgets the initial values', () => {
    const optimizer = adam(initial, { learningRate: 0.1, ema: 0.6 });
    const { history, states } = run(optimizer, 9);
    let average = [...initial];
    history.forEach((p, t) => {
      const decay = Math.min(0.6, (2 + t) / (11 + t));
      average = average.map((a, i) => decay * a + (1 - decay) * p[i]);
    });
    expect(scaledError(lastRow(states, optimizer), average)).toBeLessThan(1e-12);
    expect(optimizer.parts).toEqual(['parameters', 'exp_avg', 'exp_avg_sq', 'ema']);
    expect(reference([optimizer.average!], states)[0]).toEqual(Float64Array.from(lastRow(states, optimizer)));
    expect(adam(initial).average).toBeNull();
  });

  test('a schedule multiplies the rate of each step, which the host may still change', () => {
    const optimizer = sgd(initial, { learningRate: 0.01, schedule: warmup(4) });
    const { history } = run(optimizer, 6, (step) => ({
      'sgd.learningRate': [step === 6 ? 0.001 : 0.01],
    }));
    const p = [...initial];
    const expected = [0.0025, 0.005, 0.0075, 0.01, 0.01, 0.001].map((rate) => {
      p.forEach((old, i) => {
        p[i] = old - rate * slopeAt(old, i);
      });
      return [...p];
    });
    compare(history, expected);
  });

  test('values that make no sense are refused', () => {
    expect(() => adam(initial, { ema: 1 })).toThrow('ema is 1, but must lie between 0 and 1');
    expect(() => adam(initial, { clipNorm: 0 })).toThrow('clipNorm is 0');
    for (const learningRate of [-1, Number.NaN, Number.POSITIVE_INFINITY])
      for (const make of [adam, adamW, sgd])
        expect(() => make(initial, { learningRate })).toThrow(
          `learningRate is ${learningRate}, but must be finite and at least 0`,
        );
    for (const wrong of [-0.1, 1, Number.NaN]) {
      expect(() => adam(initial, { beta1: wrong })).toThrow(
        `beta1 is ${wrong}, but must be at least 0 and less than 1`,
      );
      expect(() => adamW(initial, { beta2: wrong })).toThrow(`beta2 is ${wrong}`);
      expect(() => sgd(initial, { momentum: wrong })).toThrow(`momentum is ${wrong}`);
    }
    expect(() => adam(initial, { epsilon: -1e-8 })).toThrow('epsilon is -1e-8');
    for (const make of [adam, adamW, sgd])
      expect(() => make(initial, { weightDecay: -1 })).toThrow('weightDecay is -1');
    expect(() => warmup(0)).toThrow('warmup: 0 steps');
    expect(() => cosineDecay(10, { rise: 10 })).toThrow('10 of 10 steps are warm-up');
    expect(() => exponentialDecay(0)).toThrow('gamma is 0');
  });
});

describe('schedules', () => {
  const at = (schedule: Schedule, step: number) => e.evaluate(schedule(e.number(step)), []);

  test('cosine with warm-up: rises to 1, falls to the end, stays there', () => {
    const schedule = cosineDecay(100, { rise: 10, end: 0.2 });
    expect(at(schedule, 5)).toBeCloseTo(0.5, 12);
    expect(at(schedule, 10)).toBeCloseTo(1, 12);
    expect(at(schedule, 55)).toBeCloseTo(0.6, 12);
    expect(at(schedule, 100)).toBeCloseTo(0.2, 12);
    expect(at(schedule, 1000)).toBeCloseTo(0.2, 12);
  });

  test('exponential and in steps', () => {
    expect(at(exponentialDecay(0.1, 50), 101)).toBeCloseTo(0.01, 12);
    expect([5, 6, 9, 10].map((step) => at(stepDecay([5, 9], 0.1), step))).toEqual([1, 0.1, 0.1, 0.1 * 0.1]);
    expect(at(stepDecay([], 0.1), 7)).toBe(1);
  });
});
