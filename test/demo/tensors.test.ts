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

const open = pageUnderTest('tensors', (page) => ready(page, 'clebsch-tensors'));
const press = (page: Page, name: string) => button(page, name).click();
const after = (page: Page) => cellsOf(page, '.titled:last-of-type .numbers');
const becomes = (page: Page, id: string, value: number) => expect.poll(() => numberOf(page, id)).toBe(value);

test('by hand: shear is half a stretch and half a turn; a quarter turn about z swaps its sign in 2e alone', async () => {
  const { page, complaints } = await open('');
  await becomes(page, 'moved-cartesian', 0);
  expect(await after(page)).toEqual([0, 2, 0, 0, 0, 0, 0, 0, 0]);
  expect(await numberOf(page, 'length-before-0e')).toBe(0);
  expect(await numberOf(page, 'length-before-1e')).toBeCloseTo(Math.SQRT2, 6);
  expect(await numberOf(page, 'length-before-2e')).toBeCloseTo(Math.SQRT2, 6);
  await press(page, 'Quarter turn, 90° z');
  await becomes(page, 'moved-cartesian', 2);
  expect(await after(page)).toEqual([0, 0, 0, -2, 0, 0, 0, 0, 0]);
  expect(await numberOf(page, 'moved-irreps')).toBe(1);
  expect(await numberOf(page, 'length-after-2e')).toBeCloseTo(Math.SQRT2, 5);
  expect(await numberOf(page, 'two-ways')).toBeLessThan(1e-6);
  await page.getByRole('status').getByText('0e, 1e stayed').waitFor();
  await press(page, 'Back');
  await becomes(page, 'moved-cartesian', 0);
  expect(complaints).toEqual([]);
});

test('inversion: a vector and a pseudoscalar change their signs, a pseudovector and a matrix do not', async () => {
  const { page, complaints } = await open('');
  await press(page, 'Invert');
  for (const [kind, moved] of [
    ['vector', 3],
    ['pseudovector', 0],
    ['pseudoscalar', 1],
    ['scalar', 0],
    ['matrix', 0],
  ] as const) {
    await page.getByRole('combobox', { name: 'Tensor' }).selectOption(kind);
    await page
      .locator('#irreps-heading', {
        hasText: { matrix: '2e', vector: '1o', pseudovector: '1e', pseudoscalar: '0o', scalar: '0e' }[kind],
      })
      .waitFor();
    await becomes(page, 'moved-irreps', moved);
    expect(await pictureSize(page, 'clebsch-tensors canvas')).toBeGreaterThan(4000);
  }
  expect(complaints).toEqual([]);
});

test('copper: 81 components move, of the irreps only the nine of 4e, and their length stays', async () => {
  const { page, complaints } = await open('?kind=elasticity&turn=20,40,60');
  await becomes(page, 'moved-irreps', 9);
  expect(await page.locator('#irreps-heading').textContent()).toBe('As irreps: 2x0e+2x2e+1x4e');
  const [before, now] = [await numberOf(page, 'length-before-4e'), await numberOf(page, 'length-after-4e')];
  expect(now / before).toBeCloseTo(1, 5);
  // C11 - C12 - 2 C44 = -103.8 times sqrt(6/5), the same in any cubic crystal.
  expect(before).toBeCloseTo(103.8 * Math.sqrt(6 / 5), 2);
  await page.getByRole('combobox', { name: 'Example' }).selectOption('the same in all directions');
  await becomes(page, 'moved-cartesian', 0);
  expect(await page.getByRole('button', { name: 'Close' }).isVisible()).toBe(false);
  expect(complaints).toEqual([]);
});

test('by keyboard and by mouse; the address is the state', async () => {
  const { page, complaints } = await open('?kind=vector');
  await becomes(page, 'moved-cartesian', 0);
  await page.locator('clebsch-tensors canvas').focus();
  await page.keyboard.press('ArrowRight');
  await becomes(page, 'moved-cartesian', 3);
  const [x, y, z] = await after(page);
  expect(Math.hypot(x, y, z)).toBeCloseTo(3, 1);
  await page.getByLabel('component y').fill('5');
  await page.getByLabel('component y').press('Enter');
  await expect.poll(() => numberOf(page, 'length-after-1o')).toBeCloseTo(Math.sqrt(33), 4);
  const box = (await page.locator('clebsch-tensors canvas').boundingBox())!;
  const numbers = await after(page);
  await page.mouse.move(box.x + 200, box.y + 200);
  await page.mouse.down();
  await page.mouse.move(box.x + 260, box.y + 230, { steps: 4 });
  await page.mouse.up();
  await expect.poll(() => after(page)).not.toEqual(numbers);
  await expect.poll(() => new URL(page.url()).searchParams.get('values')).toBe('2,5,2');
  const state = await rememberedState(page, 'clebsch-tensors');
  await page.reload();
  await ready(page, 'clebsch-tensors');
  expect(await stateOf(page, 'clebsch-tensors')).toBe(state);
  await page.getByLabel('component y').fill('1e9');
  await page.getByLabel('component y').press('Enter');
  expect(
    await page.getByLabel('component y').evaluate((input: HTMLInputElement) => input.validationMessage),
  ).toContain('from -1000 to 1000');
  expect(complaints).toEqual([]);
});

test('without WebGPU the numbers are those of the f64 reference', async () => {
  const { page, complaints } = await open('?turn=20,40,60', { before: withoutGpu });
  await becomes(page, 'moved-cartesian', 9);
  expect(await numberOf(page, 'two-ways')).toBeLessThan(1e-14);
  expect(await pictureSize(page, 'clebsch-tensors canvas')).toBeGreaterThan(4000);
  expect(complaints).toEqual([]);
});

test('no obstacles, nothing sticks out; the code can be seen', async () => {
  const { page, complaints } = await open('?kind=elasticity&example=2&turn=20,40,0');
  await becomes(page, 'moved-irreps', 19);
  await page.getByText('See the code').click();
  expect(await page.getByRole('tabpanel').textContent()).toContain('export function turnedTensor');
  await page.getByRole('tab', { name: 'WGSL' }).click();
  expect(await page.getByRole('tabpanel').textContent()).toContain('@compute');
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.getByText('See the code').click();
  expect(await screenshots(page, 'tensors')).toEqual([]);
  expect(complaints).toEqual([]);
});
