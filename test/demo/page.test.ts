import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest';
import { openDemo, readNumber, trainToTheEnd } from './open-demo.ts';
import type { Pages } from './support/open-pages.ts';

// Nothing inline and nothing from elsewhere.
const STRICT_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'";

let demo: Pages;
beforeAll(async () => {
  demo = await openDemo();
});
afterAll(() => demo.close());

const open: Pages['open'] = async (...args) => {
  const opened = await demo.open(...args);
  onTestFailed(() => console.log('the page complained:', opened.complaints));
  return opened;
};
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const state = (page: Page, text: string) => page.locator('#phase', { hasText: text });
/** The network is compiled and nothing was trained yet. */
const ready = (page: Page) => state(page, 'Ready').waitFor();
const cells = (page: Page, column: string) => page.locator(`#shapes tbody .${column}`).allTextContents();
const stepsReach = (page: Page, steps: number) =>
  page.waitForFunction(
    (n) => Number((document.getElementById('steps') as HTMLDataElement).value) >= n,
    steps,
  );

async function withPolicy(page: Page): Promise<void> {
  // The socket of Vite's client: a page that did not come from the network may not open one to this machine.
  await page.routeWebSocket(/token=/, () => {});
  await page.route(
    ({ pathname }) => pathname === '/tetris/',
    async (route) => {
      const response = await route.fetch();
      await route.fulfill({
        response,
        headers: { ...response.headers(), 'content-security-policy': STRICT_POLICY },
      });
    },
  );
}

test('trains until all eight are known, then knows them turned and mirrored', async () => {
  const { page, complaints } = await open('?mul=8', { before: withPolicy });
  await ready(page);
  expect(await readNumber(page, 'recognised')).toBeLessThan(8);
  expect(await readNumber(page, 'parameters')).toBe(49206);
  expect(await readNumber(page, 'memory')).toBeGreaterThan(4 * 3 * 49206);
  expect(await page.locator('#adapter').textContent()).not.toBe('–');
  expect(await cells(page, 'rotations')).toEqual(Array(8).fill('–'));

  await trainToTheEnd(page);
  expect(await page.locator('#recognised').textContent()).toBe('8 of 8 (100 %)');
  expect(await page.locator('#phase').textContent()).toBe('Trained');
  expect(await readNumber(page, 'loss')).toBeLessThan(1e-3);
  expect(await readNumber(page, 'step-time')).toBeGreaterThanOrEqual(0);
  expect(await cells(page, 'answer')).toEqual(
    ['chiral 1', 'chiral 2', 'square', 'line', 'corner', 'L', 'T', 'zigzag'].map((name) => `✓ ${name}`),
  );
  expect(await cells(page, 'rotations')).toEqual(Array(8).fill('20 of 20'));
  const firstError = await readNumber(page, 'equivariance-error');
  expect(firstError).toBeLessThan(1e-4);
  expect(firstError).toBeGreaterThan(0);

  // Other rotations at the second time.
  await button(page, 'Rotate all').click();
  await page.waitForFunction(
    (first) => Number(document.querySelector<HTMLDataElement>('#equivariance-error')!.value) !== first,
    firstError,
  );
  expect(await readNumber(page, 'equivariance-error')).toBeLessThan(1e-4);
  expect(await cells(page, 'rotations')).toEqual(Array(8).fill('20 of 20'));
  expect(complaints).toEqual([]);
});

test('pauses, goes on, resets, and takes its settings from the controls and the address', async () => {
  const { page, complaints } = await open('?mul=8&seed=3&lr=0.005', { reducedMotion: 'reduce' });
  await ready(page);
  expect(await page.locator('#seed').inputValue()).toBe('3');
  expect(await page.locator('#learning-rate').inputValue()).toBe('0.005');
  await button(page, 'Train').click();
  await stepsReach(page, 1);
  await button(page, 'Pause').click();
  await state(page, 'Paused').waitFor();
  const steps = await readNumber(page, 'steps');
  await page.waitForTimeout(300);
  expect(await readNumber(page, 'steps')).toBe(steps);
  await button(page, 'Train').click();
  await stepsReach(page, steps + 3);
  await button(page, 'Reset').click();
  await ready(page);
  expect(await readNumber(page, 'steps')).toBe(0);
  expect(await readNumber(page, 'loss')).toBeNaN();
  const untrained = await page.locator('#shapes').innerText();

  await page.locator('#seed').fill('4');
  await page.locator('#seed').press('Enter');
  await expect.poll(() => page.locator('#shapes').innerText()).not.toBe(untrained);
  expect(new URL(page.url()).search).toBe('?mul=8&seed=4&lr=0.005');
  await ready(page);
  const other = await page.locator('#shapes').innerText();

  await page.locator('#learning-rate').fill('2');
  await page.locator('#learning-rate').blur();
  expect(
    await page.locator('#learning-rate').evaluate((input: HTMLInputElement) => input.validationMessage),
  ).toContain('at most 1');
  expect(new URL(page.url()).searchParams.get('lr')).toBe('0.005');
  await page.locator('#learning-rate').fill('0.02');
  await page.locator('#learning-rate').blur();
  expect(new URL(page.url()).searchParams.get('lr')).toBe('0.02');

  // The address alone gives the same network.
  await page.goto(`${demo.origin}/tetris/?mul=8&seed=4`);
  await ready(page);
  expect(await page.locator('#shapes').innerText()).toBe(other);
  expect(await page.locator('#learning-rate').inputValue()).toBe('0.01');
  expect(complaints).toEqual([]);
});

test('waits while the tab is hidden', async () => {
  const { page, complaints } = await open('?mul=8');
  const hide = (hidden: boolean) =>
    page.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { value, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  await ready(page);
  await button(page, 'Train').click();
  await stepsReach(page, 2);
  await hide(true);
  await state(page, 'Tab is hidden').waitFor();
  const steps = await readNumber(page, 'steps');
  await page.waitForTimeout(300);
  expect(await readNumber(page, 'steps')).toBe(steps);
  await hide(false);
  await stepsReach(page, steps + 2);
  expect(complaints).toEqual([]);
});

test('after the device was lost it says so and starts again', async () => {
  const { page } = await open('?mul=8', {
    before: (page) =>
      page.addInitScript(() => {
        const request = GPUAdapter.prototype.requestDevice;
        GPUAdapter.prototype.requestDevice = async function (descriptor) {
          const device = await request.call(this, descriptor);
          Object.assign(globalThis, { device });
          return device;
        };
      }),
  });
  await ready(page);
  await button(page, 'Train').click();
  await stepsReach(page, 2);
  await page.evaluate(() => (globalThis as unknown as { device: GPUDevice }).device.destroy());
  await page.getByRole('alert').getByText('The GPU device was lost').waitFor();
  expect(await button(page, 'Rotate all').isDisabled()).toBe(true);
  await button(page, 'Start again').click();
  await ready(page);
  expect(await page.getByRole('alert').isVisible()).toBe(false);
  await button(page, 'Train').click();
  await stepsReach(page, 2);
});

test('a loss that is not a number stops the training with a sentence', async () => {
  const { page, complaints } = await open('?mul=8', {
    before: (page) =>
      // The loss is the one number that is read alone.
      page.addInitScript(() => {
        const range = GPUBuffer.prototype.getMappedRange;
        GPUBuffer.prototype.getMappedRange = function (...args) {
          const mapped = range.apply(this, args);
          return mapped.byteLength === 4 ? new Float32Array([Number.NaN]).buffer : mapped;
        };
      }),
  });
  await ready(page);
  await button(page, 'Train').click();
  await page.getByRole('alert').getByText('Choose a smaller learning rate').waitFor();
  await button(page, 'Reset').click();
  await ready(page);
  expect(await page.getByRole('alert').isVisible()).toBe(false);
  expect(complaints).toEqual([]);
});

describe('without a GPU', () => {
  test.each([
    [
      'no WebGPU',
      'This browser has no WebGPU. Use Chrome',
      () => Object.defineProperty(navigator, 'gpu', { value: undefined }),
    ],
    [
      'no adapter',
      'found no adapter',
      () => Object.defineProperty(navigator.gpu, 'requestAdapter', { value: async () => null }),
    ],
  ])('%s: the page says what to do and stays readable', async (_, sentence, before) => {
    const { page, complaints } = await open('', { before: (page) => page.addInitScript(before) });
    await page.getByRole('alert').getByText(sentence).waitFor();
    expect(await button(page, 'Train').isDisabled()).toBe(true);
    expect(await page.getByRole('heading', { level: 1 }).isVisible()).toBe(true);
    expect(await page.locator('#shapes tbody tr svg').count()).toBe(8);
    expect(complaints).toEqual([]);
  });
});

test.each([
  [390, 844],
  [1440, 900],
])('nothing is cut off at %i x %i', async (width, height) => {
  const { page } = await open('?mul=8', { viewport: { width, height } });
  await page.locator('#shapes svg').first().waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
});
