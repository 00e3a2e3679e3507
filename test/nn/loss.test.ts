import { describe, expect, test } from 'vitest';
import { input } from '../../src/graph/leaf.ts';
import { reference } from '../../src/graph/reference.ts';
import { crossEntropy, squaredError, weightedSum } from '../../src/nn/loss.ts';
import { gradient } from '../../src/ops/index.ts';
import { multiply } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import { directionalError } from '../support/differences.ts';
import { randomFeeds } from '../support/feeds.ts';

const [y, t] = [input('y', 3, 4), input('t', 3, 4)];
const feeds = randomFeeds([y, t], 2) as Record<'y' | 't', Float64Array>;

describe('squared error', () => {
  test('is the sum of the squared differences', () => {
    const expected = feeds.y.reduce((s, v, i) => s + (v - feeds.t[i]) ** 2, 0);
    expect(reference([squaredError(y, t)], feeds)[0][0]).toBeCloseTo(expected, 13);
  });
  test('has gradient 2 (y - t)', () => {
    const [g] = reference(gradient(squaredError(y, t), [y]), feeds);
    expect([...g]).toEqual([...feeds.y].map((v, i) => 2 * (v - feeds.t[i])));
  });
  test('refuses other shapes', () => {
    expect(() => squaredError(y, input('t', 4, 3))).toThrow(
      'squaredError: the output is 3x4, the target 4x3',
    );
  });
});

describe('cross entropy', () => {
  const loss = crossEntropy(y, t);
  const target = [0, 1, 0, 0, 0.25, 0.25, 0.5, 0, 0, 0, 0, 1];

  test('is the mean of -sum t log softmax(y)', () => {
    const rows = [0, 1, 2].map((r) => {
      const logits = [...feeds.y].slice(4 * r, 4 * r + 4);
      const total = logits.reduce((s, v) => s + Math.exp(v), 0);
      return logits.reduce((s, v, c) => s - target[4 * r + c] * Math.log(Math.exp(v) / total), 0);
    });
    const value = reference([loss], { ...feeds, t: target })[0][0];
    expect(value).toBeCloseTo((rows[0] + rows[1] + rows[2]) / 3, 13);
  });

  test('has gradient (softmax(y) - t) / rows', () => {
    const [g] = reference(gradient(loss, [y]), { ...feeds, t: target });
    for (let r = 0; r < 3; r++) {
      const logits = [...feeds.y].slice(4 * r, 4 * r + 4);
      const total = logits.reduce((s, v) => s + Math.exp(v), 0);
      logits.forEach((v, c) => {
        expect(g[4 * r + c]).toBeCloseTo((Math.exp(v) / total - target[4 * r + c]) / 3, 13);
      });
    }
  });

  test('second derivatives equal central differences', () => {
    const [g] = gradient(loss, [y]);
    const second = sum(multiply(g, g), 'all');
    expect(directionalError(second, [y, t], gradient(second, [y, t]), feeds)).toBeLessThan(1e-9);
  });

  test('does not overflow: shifting all logits of a row changes nothing', () => {
    const shifted = Float64Array.from(feeds.y, (v, i) => v + [1000, -1000, 0][Math.floor(i / 4)]);
    const at = (values: ArrayLike<number>) =>
      reference([loss, ...gradient(loss, [y])], { y: values, t: target });
    const [before, after] = [at(feeds.y), at(shifted)];
    expect(after[0][0]).toBeCloseTo(before[0][0], 10);
    after[1].forEach((v, i) => {
      expect(v).toBeCloseTo(before[1][i], 10);
    });
  });

  test('a sure and right answer costs nothing, a sure and wrong one its distance', () => {
    const one = crossEntropy(input('y', 1, 2), input('t', 1, 2));
    expect(reference([one], { y: [200, -200], t: [1, 0] })[0][0]).toBe(0);
    expect(reference([one], { y: [200, -200], t: [0, 1] })[0][0]).toBe(400);
  });

  test('where several logits are largest the gradient is still softmax - t', () => {
    const even = crossEntropy(input('y', 1, 4), input('t', 1, 4));
    const leaf = even;
    expect(reference([leaf], { y: [2, 2, 2, 2], t: [1, 0, 0, 0] })[0][0]).toBeCloseTo(Math.log(4), 14);
    const logits = input('y', 1, 4);
    const [g] = reference(gradient(crossEntropy(logits, input('t', 1, 4)), [logits]), {
      y: [2, 2, 2, 2],
      t: [1, 0, 0, 0],
    });
    [-0.75, 0.25, 0.25, 0.25].forEach((v, i) => {
      expect(g[i]).toBeCloseTo(v, 14);
    });
  });

  test('refuses other shapes', () => {
    expect(() => crossEntropy(y, input('t', 4, 3))).toThrow(
      'crossEntropy: the logits are 3x4, the target 4x3',
    );
  });
});

test('weightedSum adds losses with their weights', () => {
  const [a, b] = [input('a', 1, 1), input('b', 1, 1)];
  const total = weightedSum([
    { weight: 2, loss: a },
    { weight: -0.5, loss: b },
  ]);
  expect(reference([total], { a: [3], b: [4] })[0][0]).toBe(4);
});
