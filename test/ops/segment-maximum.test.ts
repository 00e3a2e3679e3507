import { expect, test } from 'vitest';
import { index, NOWHERE, packIndexMap } from '../../src/graph/index-map.ts';
import { input } from '../../src/graph/leaf.ts';
import { reference } from '../../src/graph/reference.ts';
import { gradient } from '../../src/ops/index.ts';
import { segmentMaximum } from '../../src/ops/segment-maximum.ts';
import { sum } from '../../src/ops/sum.ts';

const x = input('x', 5, 2);
const samples = index('samples', 5, 3);
// Rows 0 and 2 in segment 0, rows 1 and 3 in segment 2, the last row nowhere.
const map = packIndexMap([0, 2, 0, 2], 5, 3);

test('the largest of each segment, also of negative numbers; 0 where a segment has no rows', () => {
  const values = [-3, 1, -7, 4, -2, 0, -8, 9, 50, 60];
  expect(map[4]).toBe(NOWHERE);
  expect(reference([segmentMaximum(x, samples)], { x: values, samples: map })).toEqual([
    Float64Array.of(-2, 1, 0, 0, -7, 9),
  ]);
});

test('the gradient goes to the largest, shared where several are, and nowhere else', () => {
  const [slope] = gradient(sum(segmentMaximum(x, samples), 'all'), [x]);
  // A zero in the row that belongs nowhere equals what a gather reads there.
  const values = [-3, 5, -7, 4, -2, 5, -8, 9, 0, 0];
  expect(reference([slope], { x: values, samples: map })).toEqual([
    Float64Array.of(0, 0.5, 1, 0, 1, 0.5, 0, 1, 0, 0),
  ]);
});

test('refuses a map of another length', () => {
  expect(() => segmentMaximum(input('x', 4, 2), samples)).toThrow(
    'segmentMaximum: index "samples" has 5 rows, but the source is 4x2',
  );
});
