import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { accessibilityProblems } from './support/accessibility.ts';
import { button, pageUnderTest } from './support/page-under-test.ts';
import { screenshots } from './support/screenshots.ts';
import { withoutGpu } from './support/values.ts';

/** A software adapter on a busy machine takes its time. */
const WAIT = { timeout: 90_000 };

const open = pageUnderTest('convolution');
const value = async (page: Page, selector: string) =>
  Number(await page.locator(selector).getAttribute('value'));
const radialError = async (page: Page) =>
  Number((await page.locator('.radial-note').getAttribute('data-error')) ?? Number.NaN);
const error = (page: Page, operation: string) => value(page, `[data-operation="${operation}"]`);
/** Numbers of a row of the table of messages: from, distance, components. */
const row = async (page: Page, n: number) =>
  (await page.locator('.messages tbody tr').nth(n).locator('th, td').allInnerTexts()).map((text) =>
    Number(text.replace('−', '-')),
  );

test('learns the three laws of gravity, and its messages add up', async () => {
  const { page, complaints } = await open('?part=filter');
  await expect.poll(() => button(page, 'Train').isEnabled(), WAIT).toBe(true);
  expect(await radialError(page)).toBeGreaterThan(0.3);
  await button(page, 'Train').click();
  await expect.poll(() => value(page, '.steps'), WAIT).toBeGreaterThan(400);
  await button(page, 'Pause').click();
  expect(await value(page, '.loss')).toBeLessThan(0.02);
  const choose = async (path: number, name: string) => {
    await page.locator('select[name="path"]').selectOption(String(path));
    await expect.poll(() => page.locator('.radial-note').innerText(), WAIT).toContain(`Thick: ${name}.`);
  };
  for (const [path, name] of ['0e × 0e → 0e', '0e × 1o → 1o', '0e × 2e → 2e'].entries()) {
    await choose(path, name);
    expect(await radialError(page), name).toBeLessThan(0.12);
  }

  // The messages of the path 0e x 1o -> 1o: m R(r) along the edge, R = 1/r^2.
  await choose(1, '0e × 1o → 1o');
  const rows = await page.locator('.messages tbody tr').count();
  const sums = [0, 0, 0];
  for (let n = 0; n < rows - 1; n++) {
    const [, , ...message] = await row(page, n);
    message.forEach((v, k) => {
      sums[k] += v;
    });
  }
  const output = (await page.locator('data.output').getAttribute('value'))!.split(' ').map(Number);
  output.forEach((v, k) => {
    expect(sums[k]).toBeCloseTo(v, 2);
  });
  expect(await value(page, '.sum-difference')).toBeLessThan(1e-5);

  // Without some neighbours something is missing.
  await page.getByLabel('Neighbours added').fill('1');
  await expect.poll(() => page.locator('.sum-line').innerText(), WAIT).toContain('still missing');
  expect(await value(page, '.sum-difference')).toBeGreaterThan(1e-3);
  await button(page, 'Add one by one').click();
  await expect.poll(() => page.locator('.sum-line').innerText(), WAIT).toContain('differs from it by');
  expect(complaints).toEqual([]);
  expect(await screenshots(page, 'convolution')).toEqual([]);
  expect(await accessibilityProblems(page)).toEqual([]);
});

test('every operation turns with its input, but ReLU does not', async () => {
  const { page, complaints } = await open('?part=equivariance&seed=5&operation=gate');
  const equivariant = ['harmonics', 'product', 'convolution', 'gate', 'norm', 'linear'];
  const check = async () => {
    for (const name of equivariant) expect(await error(page, name), name).toBeLessThan(1e-4);
    expect(await error(page, 'relu')).toBeGreaterThan(0.1);
  };
  await expect
    .poll(() => page.locator('.side-note').innerText(), WAIT)
    .toContain('the same but for rounding');
  await check();
  const note = page.locator('.side-note');
  const table = page.locator('.sides-table');
  const before = await table.innerText();
  await button(page, 'Turn at random').click();
  await expect.poll(() => table.innerText(), WAIT).not.toBe(before);
  await check();
  await page.getByLabel('and invert').check();
  await expect.poll(() => new URL(page.url()).searchParams.get('invert'), WAIT).toBe('1');
  await check();
  await page.locator('select[name="operation"]').selectOption('relu');
  await expect.poll(() => note.innerText(), WAIT).toContain('not the same');

  // The picture turns by the arrow keys.
  const turned = await table.innerText();
  await page.locator('canvas.before').focus();
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => table.innerText(), WAIT).not.toBe(turned);
  await expect.poll(() => new URL(page.url()).searchParams.get('operation'), WAIT).toBe('relu');
  await page.waitForTimeout(400);
  const link = page.url();
  const shown = await table.innerText();
  await page.goto(link);
  await expect.poll(() => table.innerText(), WAIT).toBe(shown);
  expect(complaints).toEqual([]);
  expect(await screenshots(page, 'convolution-turn')).toEqual([]);
  expect(await accessibilityProblems(page)).toEqual([]);
});

test('without WebGPU it computes in f64', async () => {
  const { page } = await open('', {
    before: withoutGpu,
  });
  await expect.poll(() => page.locator('.side-note').innerText(), WAIT).toContain('the same');
  expect(await error(page, 'convolution')).toBeLessThan(1e-10);
  await button(page, 'Step').click();
  await expect.poll(() => value(page, '.steps'), WAIT).toBe(1);
});
