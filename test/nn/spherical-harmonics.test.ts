import { describe, expect, test } from 'vitest';
import { input } from '../../src/graph/leaf.ts';
import { reference } from '../../src/graph/reference.ts';
import { norm, normalized, sphericalHarmonics } from '../../src/nn/spherical-harmonics.ts';
import { Random } from '../../src/o3/random.ts';
import { sphericalHarmonics as harmonicsAt } from '../../src/o3/spherical-harmonics.ts';
import { gradient } from '../../src/ops/index.ts';
import { add, multiply } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import { directionalError } from '../support/differences.ts';
import { scaledError } from '../support/feeds.ts';
import { rowsOf } from '../support/layers.ts';

const x = input('x', 4, 3);
const vectors = new Random(1).normals(12);

describe.each(['component', 'norm', 'integral'] as const)('normalization %s', (normalization) => {
  for (const normalize of [true, false])
    test(`${normalize ? 'of directions' : 'of vectors'} equals the definition in o3`, () => {
      const ls = [3, 0, 1, 1, 2];
      const y = sphericalHarmonics(ls, x, { normalize, normalization });
      const [value] = reference([y.node], { x: vectors });
      const expected = harmonicsAt(ls, vectors, { normalize, normalization });
      expect(scaledError(value, expected)).toBeLessThan(1e-13);
    });
});

test('integral is the default, as in e3nn', () => {
  const [value] = reference([sphericalHarmonics(0, x, { normalize: true }).node], { x: vectors });
  expect(value[0]).toBeCloseTo(1 / Math.sqrt(4 * Math.PI), 15);
});

test('degrees, lists and irreps mean the same; several copies stand one after the other', () => {
  const options = { normalize: true, normalization: 'component' } as const;
  const a = sphericalHarmonics([1, 1, 2], x, options);
  const b = sphericalHarmonics('2x1o + 2e', x, options);
  expect(a.layout.irreps.toString()).toBe('1x1o+1x1o+1x2e');
  expect(b.layout.irreps.toString()).toBe('1x1o+1x1o+1x2e');
  const [p, q, one] = reference([a.node, b.node, sphericalHarmonics(1, x, options).node], { x: vectors });
  expect(p).toEqual(q);
  rowsOf(p, 11).forEach((row, r) => {
    expect(row.slice(0, 3)).toEqual(row.slice(3, 6));
    expect(row.slice(0, 3)).toEqual(Array.from(one.slice(3 * r, 3 * r + 3)));
  });
});

test('gradients of every order up to the third equal central differences', () => {
  const y = sphericalHarmonics([0, 1, 2, 3, 4], x, { normalize: true, normalization: 'component' });
  let value = sum(multiply(y.node, input('c', y.node.rows, y.node.cols)), 'all');
  const random = new Random(2);
  const feeds: Record<string, ArrayLike<number>> = { x: vectors, c: random.normals(4 * 25) };
  for (let order = 1; order <= 3; order++) {
    const [g] = gradient(value, [x]);
    expect(directionalError(value, [x], [g], feeds, { h: 3e-4 })).toBeLessThan(1e-8);
    value = sum(multiply(g, input(`v${order}`, 4, 3)), 'all');
    feeds[`v${order}`] = random.normals(12);
  }
});

describe('at the zero vector', () => {
  const zero = { x: new Float64Array(12) };
  for (const normalize of [true, false])
    test(`values, gradients and second gradients are finite ${normalize ? 'with' : 'without'} normalising`, () => {
      const y = sphericalHarmonics([0, 1, 2, 3], x, { normalize, normalization: 'component' });
      const loss = sum(add(y.node, multiply(y.node, y.node)), 'all');
      const first = gradient(loss, [x]);
      const second = gradient(sum(add(first[0], multiply(first[0], first[0])), 'all'), [x]);
      const [value, ...slopes] = reference([y.node, ...first, ...second], zero);
      expect(rowsOf(value, 16)[0]).toEqual([1, ...new Array(15).fill(0)]);
      for (const slope of slopes) expect(slope.every(Number.isFinite)).toBe(true);
      // A direction that is not there has no derivative; a polynomial has its own.
      if (normalize) expect(slopes.every((slope) => slope.every((v) => v === 0))).toBe(true);
    });

  test('so it is beside vectors that are not zero, whose gradients stay as they are', () => {
    const y = sphericalHarmonics([1, 2], x, { normalize: true, normalization: 'component' });
    const [g] = gradient(sum(multiply(y.node, input('c', 4, 8)), 'all'), [x]);
    const c = new Random(3).normals(32);
    const [whole] = reference([g], { x: vectors, c });
    const mixed = vectors.map((v, i) => (i < 3 ? 0 : v));
    const [slope] = reference([g], { x: mixed, c });
    expect([...slope.slice(0, 3)]).toEqual([0, 0, 0]);
    expect(slope.slice(3)).toEqual(whole.slice(3));
  });

  test('the length has gradient zero there', () => {
    const length = norm(x);
    const slopes = gradient(sum(length, 'all'), [x]);
    const second = gradient(sum(multiply(slopes[0], input('c', 4, 3)), 'all'), [x]);
    const values = reference([length, ...slopes, ...second], { ...zero, c: new Random(1).normals(12) });
    for (const value of values) expect(value.every((v) => v === 0)).toBe(true);
  });
});

test('very short vectors: divided by 1e-12, as in e3nn', () => {
  const unit = normalized(input('x', 3, 3));
  const [value] = reference([unit], { x: [1e-15, 0, 0, 0, 1e-11, 0, 0, 0, -1e-13] });
  expect(scaledError(value, [1e-3, 0, 0, 0, 1, 0, 0, 0, -0.1])).toBeLessThan(1e-12);
});

test('errors: no vectors, irreps that are no harmonics', () => {
  const options = { normalize: true };
  expect(() => sphericalHarmonics(1, input('x', 4, 2), options)).toThrow(
    'vectors have 3 columns (x, y, z), got 4x2',
  );
  expect(() => sphericalHarmonics('1o + 2o', x, options)).toThrow();
  expect(() => sphericalHarmonics('1p', x, options)).toThrow('"1p" is not a list of irreps');
});
