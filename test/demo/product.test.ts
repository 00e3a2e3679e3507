import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { accessibilityProblems } from './support/accessibility.ts';
import { pageUnderTest } from './support/page-under-test.ts';
import { screenshots } from './support/screenshots.ts';
import { numberOf, pictureSize, ready, rememberedState, stateOf, withoutGpu } from './support/values.ts';

const open = pageUnderTest('product', (page) => ready(page, 'clebsch-product'));
const engine = async (page: Page) => {
  const ids = ['0e-0', '1e-0', '1e-1', '1e-2', '2e-0', '2e-1', '2e-2', '2e-3', '2e-4'];
  return Promise.all(ids.map((id) => numberOf(page, `engine-${id}`)));
};
const near = (expected: number[]) => expected.map((v) => expect.closeTo(v, 5));
const vector = (page: Page, name: string) =>
  Promise.all([...'xyz'].map(async (axis) => Number(await page.locator(`#${name}${axis}`).inputValue())));

/** Waits until the engine's numbers are those of the vectors that the page shows: drags ask faster than it answers. */
const caughtUp = (page: Page) =>
  expect
    .poll(async () => {
      const [a, b] = [await vector(page, 'a'), await vector(page, 'b')];
      const dot = a.reduce((sum, v, i) => sum + v * b[i], 0);
      return Math.abs((await numberOf(page, 'engine-0e-0')) - dot / Math.sqrt(3));
    })
    .toBeLessThan(5e-4);

test('by hand: x times y, and what the textbook says', async () => {
  const { page, complaints } = await open('');
  // a = (1, 0, 0), b = (1, 1, 0).
  const [s2, s3, s6] = [Math.SQRT1_2, 1 / Math.sqrt(3), 1 / Math.sqrt(6)];
  await expect.poll(() => engine(page)).toEqual(near([s3, 0, 0, s2, 0, s2, -s6, 0, -s2]));
  expect(await numberOf(page, 'textbook-0e-0')).toBe(1);
  expect(await numberOf(page, 'textbook-1e-2')).toBe(1);
  await page.getByLabel('bx').fill('0');
  await page.getByLabel('bx').press('Enter');
  await expect.poll(() => engine(page)).toEqual(near([0, 0, 0, s2, 0, s2, 0, 0, 0]));
  expect(await numberOf(page, 'squares')).toBeCloseTo(1, 5);
  expect(await numberOf(page, 'lengths')).toBeCloseTo(1, 12);
  expect(await numberOf(page, 'vectors-error')).toBeLessThan(1e-6);
  await page.getByRole('status').getByText('a · b = 0, a × b = (0, 0, 1.000).').waitFor();
  await page.getByLabel('bx').fill('7');
  await page.getByLabel('bx').press('Enter');
  expect(
    await page.getByLabel('bx').evaluate((input: HTMLInputElement) => input.validationMessage),
  ).toContain('from -1.7 to 1.7');
  expect(complaints).toEqual([]);
});

test('the tips by keyboard and by mouse; beside them both turn together, and a · b stays', async () => {
  const { page, complaints } = await open('');
  const tip = page.getByRole('button', { name: 'a: the tip of the vector' });
  await tip.focus();
  await page.keyboard.press('ArrowUp');
  await expect.poll(async () => (await vector(page, 'a'))[1]).toBeCloseTo(0.1 * Math.cos(0.4), 3);
  const moved = await vector(page, 'a');
  const box = (await tip.boundingBox())!;
  await page.mouse.move(box.x + 16, box.y + 16);
  await page.mouse.down();
  await page.mouse.move(box.x - 24, box.y + 46, { steps: 4 });
  await page.mouse.up();
  await expect.poll(() => vector(page, 'a')).not.toEqual(moved);
  // The tip is under the pointer.
  await page.waitForTimeout(300);
  const now = (await tip.boundingBox())!;
  expect(Math.hypot(now.x - box.x + 40, now.y - box.y - 30)).toBeLessThan(6);
  await caughtUp(page);

  const [dot, length, cross] = [
    await numberOf(page, 'engine-0e-0'),
    await numberOf(page, 'lengths'),
    await engine(page),
  ];
  const picture = (await page.locator('clebsch-product canvas').boundingBox())!;
  await page.mouse.move(picture.x + 30, picture.y + 30);
  await page.mouse.down();
  await page.mouse.move(picture.x + 90, picture.y + 60, { steps: 4 });
  await page.mouse.up();
  await expect.poll(() => engine(page)).not.toEqual(cross);
  await caughtUp(page);
  expect(await numberOf(page, 'engine-0e-0')).toBeCloseTo(dot, 3);
  expect(await numberOf(page, 'lengths')).toBeCloseTo(length, 2);

  const state = await rememberedState(page, 'clebsch-product');
  await page.reload();
  await ready(page, 'clebsch-product');
  expect(await stateOf(page, 'clebsch-product')).toBe(state);
  const [a, b] = [await vector(page, 'a'), await vector(page, 'b')];
  expect({ ...JSON.parse(state), a, b }).toEqual(JSON.parse(state));
  const product = a.reduce((sum, v, i) => sum + v * b[i], 0);
  expect(await numberOf(page, 'engine-0e-0')).toBeCloseTo(product / Math.sqrt(3), 5);
  expect(complaints).toEqual([]);
});

test('any path: its coefficients, the code made of them, and why there is none', async () => {
  const { page, complaints } = await open('');
  const status = page.locator('#path-status');
  await expect.poll(() => numberOf(page, 'nonzero')).toBe(6);
  const code = page.getByRole('region', { name: 'WGSL of the path' });
  // sqrt(3) / sqrt(6).
  expect(await code.textContent()).toMatch(/sum0_2 \+= k0 \* \(t\d+ - t\d+\)/);
  await page.getByRole('combobox', { name: 'Product' }).selectOption('1o');
  await expect
    .poll(() => status.textContent())
    .toContain('Parity forbids it: (−1) · (−1) = +1, but 1o has −1.');
  expect(await code.textContent()).toContain('There is no such path');
  await page.getByRole('combobox', { name: 'Product' }).selectOption('3e');
  await expect.poll(() => status.textContent()).toContain('The triangle rule forbids it');
  await page.getByRole('combobox', { name: 'First' }).selectOption('2e');
  await page.getByRole('combobox', { name: 'Second' }).selectOption('3o');
  await page.getByRole('combobox', { name: 'Product' }).selectOption('4o');
  await expect.poll(() => numberOf(page, 'path-error')).toBeLessThan(1e-5);
  expect(await page.locator('.coupling').count()).toBe(9);
  const first = await numberOf(page, 'path-error');
  await page.getByRole('button', { name: 'Another rotation' }).click();
  await expect.poll(() => numberOf(page, 'rotation')).toBe(2);
  // There is no number while the path's program is made.
  const another = async () => {
    const error = await numberOf(page, 'path-error');
    return error !== first && error < 1e-5;
  };
  await expect.poll(another).toBe(true);
  await expect.poll(() => new URL(page.url()).search).toContain('ir1=2e&ir2=3o&ir3=4o&rotation=2');
  expect(complaints).toEqual([]);
});

test('without WebGPU the numbers are those of the f64 reference', async () => {
  const { page, complaints } = await open('', { before: withoutGpu });
  await expect.poll(() => numberOf(page, 'vectors-error')).toBeLessThan(1e-14);
  await expect.poll(() => numberOf(page, 'path-error')).toBeLessThan(1e-14);
  expect(await pictureSize(page, 'clebsch-product canvas')).toBeGreaterThan(4000);
  expect(complaints).toEqual([]);
});

test('no obstacles, nothing sticks out', async () => {
  const { page, complaints } = await open('?a=0.8,-0.4,0.9&b=-0.5,1.2,0.3&ir1=3o&ir2=3o&ir3=4e');
  await expect.poll(() => numberOf(page, 'path-error')).toBeLessThan(1e-5);
  expect(await pictureSize(page, 'clebsch-product canvas')).toBeGreaterThan(4000);
  expect(await accessibilityProblems(page)).toEqual([]);
  expect(await screenshots(page, 'product')).toEqual([]);
  expect(complaints).toEqual([]);
});
