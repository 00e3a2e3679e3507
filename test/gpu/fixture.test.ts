import { expect, test } from 'vitest';
import { fetchFamily } from '../support/fixture.ts';

test('fixtures load in a page as they do in Node', async () => {
  const { json, tensor } = await fetchFamily('tetris_gate');
  const parameters = Object.values(json.parameters).map(tensor);
  expect(parameters.length).toBeGreaterThan(0);
  expect(parameters.every(({ data }) => data.every(Number.isFinite))).toBe(true);
});
