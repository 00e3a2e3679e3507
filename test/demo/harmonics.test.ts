import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { accessibilityProblems } from './support/accessibility.ts';
import { button, pageUnderTest } from './support/page-under-test.ts';
import { screenshots } from './support/screenshots.ts';
import {
  cellsOf,
  numberOf,
  pictureSize,
  ready,
  rememberedState,
  stateOf,
  withoutGpu,
} from './support/values.ts';

const open = pageUnderTest('harmonics', (page) => ready(page, 'clebsch-harmonics'));
const press = (page: Page, name: string) => button(page, name).click();
/** Rows of D, with D c as the last number of each. */
const table = (page: Page) => cellsOf(page, '.wigner');

test('by hand: D of l = 1 is the rotation itself', async () => {
  const { page, complaints } = await open('?l=1');
  await press(page, 'Back');
  await press(page, 'Quarter turn, 90° y');
  // x becomes -z, z becomes x; c = y stays.
  await expect.poll(() => table(page)).toEqual([0, 0, 1, 0, 0, 1, 0, 1, -1, 0, 0, 0]);
  await press(page, 'l = 1, m = 1');
  // What was z is x.
  await expect.poll(() => table(page)).toEqual([0, 0, 1, 1, 0, 1, 0, 0, -1, 0, 0, 0]);
  expect(await numberOf(page, 'outside')).toBeLessThan(1e-6);
  expect(await numberOf(page, 'orthogonality')).toBeLessThan(1e-6);
  expect(await numberOf(page, 'difference')).toBeLessThan(1e-6);
  // Inversion: odd degrees change their signs.
  await press(page, 'Invert');
  await expect.poll(() => table(page)).toEqual([0, 0, -1, -1, 0, -1, 0, 0, 1, 0, 0, 0]);
  expect(complaints).toEqual([]);
});

test('any mixture of l = 5 stays in l = 5, and as long as it was; a cubic one does not feel a quarter turn', async () => {
  const { page, complaints } = await open('?l=5');
  await press(page, 'Mix at random');
  await press(page, 'Random');
  await expect.poll(() => numberOf(page, 'length-before')).toBeCloseTo(1, 2);
  await expect
    .poll(async () => (await numberOf(page, 'length-after')) - (await numberOf(page, 'length-before')))
    .toBeCloseTo(0, 5);
  expect(await numberOf(page, 'outside')).toBeLessThan(1e-5);
  expect(await numberOf(page, 'difference')).toBeLessThan(1e-5);

  await page.getByRole('combobox', { name: 'Degree l' }).selectOption('4');
  await page.getByRole('heading', { name: 'The Wigner matrix of l = 4: 9 × 9' }).waitFor();
  await page.getByRole('combobox', { name: 'Function' }).selectOption('cubic');
  const results = async () => (await table(page)).filter((_, i) => i % 10 === 9);
  await press(page, 'Back');
  await expect.poll(results, { timeout: 5000 }).toEqual([0, 0, 0, 0, 0.764, 0, 0, 0, 0.645]);
  for (const axis of ['x', 'z', 'y']) {
    await press(page, `Quarter turn, 90° ${axis}`);
    await expect.poll(results).toEqual([0, 0, 0, 0, 0.764, 0, 0, 0, 0.645]);
  }
  expect(complaints).toEqual([]);
});

test('by keyboard alone; the address is the state', async () => {
  const { page, complaints } = await open('');
  await page.getByRole('button', { name: 'l = 3, m = −2' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'The Wigner matrix of l = 3: 7 × 7' }).waitFor();
  await expect.poll(() => page.getByRole('combobox', { name: 'Function' }).inputValue()).toBe('m = −2');
  const before = await table(page);
  await page.locator('#picture canvas').focus();
  await page.keyboard.press('ArrowUp');
  await expect.poll(() => table(page)).not.toEqual(before);
  await page.getByLabel('coefficient of m = 3').fill('0.5');
  await page.getByLabel('coefficient of m = 3').press('Enter');
  await expect.poll(() => numberOf(page, 'length-before')).toBeCloseTo(Math.sqrt(1.25), 5);
  const state = await rememberedState(page, 'clebsch-harmonics');
  expect(new URL(page.url()).searchParams.get('c')).toBe('0,1,0,0,0,0,0.5');
  await page.reload();
  await ready(page, 'clebsch-harmonics');
  expect(await stateOf(page, 'clebsch-harmonics')).toBe(state);
  expect(complaints).toEqual([]);
});

test('without WebGPU it is the f64 reference, drawn on a 2D canvas', async () => {
  const { page, complaints } = await open('?l=2', { before: withoutGpu });
  await expect.poll(() => numberOf(page, 'difference')).toBeLessThan(1e-13);
  expect(await pictureSize(page, '#picture canvas')).toBeGreaterThan(4000);
  expect(complaints).toEqual([]);
});

test('no obstacles, nothing sticks out; the code can be seen', async () => {
  const { page, complaints } = await open('?l=6&c=0,0,0,0,0,0,0.353553,0,0,0,-0.935414,0,0');
  await expect.poll(() => page.getByRole('combobox', { name: 'Function' }).inputValue()).toBe('cubic');
  expect(await pictureSize(page, '#picture canvas')).toBeGreaterThan(4000);
  expect(await pictureSize(page, '.all')).toBeGreaterThan(10_000);
  await page.getByText('See the code').click();
  await page.getByRole('tab', { name: 'WGSL' }).click();
  // The harmonics of l = 6, written out.
  expect(await page.getByRole('tabpanel').textContent()).toContain('let q6_6');
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.getByText('See the code').click();
  expect(await screenshots(page, 'harmonics')).toEqual([]);
  expect(complaints).toEqual([]);
});
