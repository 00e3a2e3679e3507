import { examples } from 'virtual:examples';
import { expect, test } from 'vitest';
import { checkExample } from '../support/examples.ts';

for (const { file, line, gpu, run } of examples) {
  if (gpu) test(`${file}:${line}`, () => run(checkExample(1e-5)));
}

test('the docstrings have examples', () => {
  expect(examples.length).toBeGreaterThan(0);
});
