import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { accessibilityProblems } from './support/accessibility.ts';
import { button, pageUnderTest } from './support/page-under-test.ts';
import { screenshots } from './support/screenshots.ts';
import { withoutGpu } from './support/values.ts';

/** A software adapter on a busy machine takes its time. */
const WAIT = { timeout: 90_000 };

const open = pageUnderTest('symmetry');
const value = async (page: Page, selector: string) =>
  Number(await page.locator(selector).getAttribute('value'));
const loss = (page: Page, task: string) => value(page, `[data-task="${task}"] .loss`);
const turnError = (page: Page, task: string) => value(page, `[data-task="${task}"] .turn-error`);
const component = (page: Page, name: string) => value(page, `[data-component="${name}"]`);
const verdict = (page: Page) => page.locator('.verdict');

test('the square stays, the rectangle becomes one, and x²−y² breaks the symmetry', async () => {
  const { page, complaints } = await open('');
  await expect.poll(() => button(page, 'Train').isEnabled(), WAIT).toBe(true);
  await button(page, 'Train').click();
  await expect.poll(() => verdict(page).innerText(), WAIT).toContain('solved');
  await expect.poll(() => value(page, '.steps'), WAIT).toBeGreaterThan(200);
  await button(page, 'Pause').click();
  // The step that is under way still comes; then the verdict is on the last one.
  const atRest = async () => `After ${await page.locator('.steps').innerText()} steps`;
  await expect
    .poll(async () => (await verdict(page).innerText()).startsWith(await atRest()), WAIT)
    .toBe(true);
  expect(await loss(page, 'collapse')).toBeLessThan(1e-3);
  expect(await loss(page, 'broken')).toBeLessThan(1e-3);
  // 2 s^2 with s = 0.3.
  expect(await value(page, '.optimum')).toBeCloseTo(0.18, 12);
  expect(await loss(page, 'stretch')).toBeGreaterThan(0.18 - 1e-6);
  expect(await loss(page, 'stretch')).toBeLessThan(0.1801);
  await expect
    .poll(() => verdict(page).innerText(), WAIT)
    .toContain('square to rectangle stuck at the optimum');

  // The output has the symmetry of the square, and with the order parameter it has not: corners move by (0.3, -0.3).
  expect(await turnError(page, 'stretch')).toBeLessThan(1e-5);
  expect(await turnError(page, 'collapse')).toBeLessThan(1e-5);
  expect(await turnError(page, 'broken')).toBeCloseTo(2 * Math.hypot(0.3, 0.3), 1);

  // Of all components only those with the symmetry of the rectangle have come up, and of these x²−y² breaks the square's.
  expect(Math.abs(await component(page, '2e 2'))).toBeGreaterThan(0.1);
  for (const zero of ['1o -1', '1o 0', '1o 1', '1e -1', '1e 0', '1e 1', '2e -2', '2e -1', '2e 1'])
    expect(Math.abs(await component(page, zero)), zero).toBeLessThan(1e-3);

  const before = await component(page, '2e 2');
  await page.getByLabel('turn it by 90°').check();
  await expect.poll(() => page.locator('.turned-note').innerText(), WAIT).toContain('differs by');
  expect(await component(page, '2e 2')).toBeCloseTo(-before, 6);
  const difference = await page.locator('.turned-note').getAttribute('data-difference');
  expect(Number(difference || Number.NaN)).toBeLessThan(1e-5);
  expect(complaints).toEqual([]);
  expect(await screenshots(page, 'symmetry')).toEqual([]);
  expect(await accessibilityProblems(page)).toEqual([]);
});

test('vectors alone cannot be an order parameter; a link holds the state; keys work', async () => {
  const { page, complaints } = await open('?order=1o%2B1e&stretch=0.5&part=square&seed=3');
  await expect.poll(() => button(page, 'Train').isEnabled(), WAIT).toBe(true);
  expect(await page.locator('[data-part="structure"]').isVisible()).toBe(false);
  // From the top of the page by keys alone.
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press('Tab');
    if (await button(page, 'Train').evaluate((b) => (b.getRootNode() as ShadowRoot).activeElement === b))
      break;
  }
  await page.keyboard.press('Enter');
  await expect.poll(() => value(page, '.steps'), WAIT).toBeGreaterThan(60);
  await page.keyboard.press('Enter');
  await expect.poll(() => verdict(page).innerText(), WAIT).toContain('with an order parameter stuck');
  expect(await loss(page, 'broken')).toBeGreaterThan(0.5 - 1e-5); // 2 s^2
  expect(await loss(page, 'collapse')).toBeLessThan(0.05);
  const steps = await value(page, '.steps');
  await page.waitForTimeout(300);
  expect(await value(page, '.steps')).toBe(steps);

  await page.getByLabel('Seed').fill('7');
  await page.getByLabel('Seed').press('Enter');
  await expect.poll(() => new URL(page.url()).searchParams.get('seed'), WAIT).toBe('7');
  await page.reload();
  expect(await page.getByLabel('Seed').inputValue()).toBe('7');
  expect(await page.locator('select[name="order"]').inputValue()).toBe('1o+1e');
  await expect.poll(() => value(page, '.optimum'), WAIT).toBeCloseTo(0.5, 12);
  await button(page, 'Step').click();
  await expect.poll(() => value(page, '.steps'), WAIT).toBe(1);
  await page.getByLabel('Seed').fill('-1');
  await page.getByLabel('Seed').press('Enter');
  expect(await page.getByLabel('Seed').evaluate((i: HTMLInputElement) => i.validationMessage)).toContain(
    'whole number',
  );
  await page.getByLabel('Seed').fill('7');
  await button(page, 'Reset').click();
  await expect.poll(() => page.locator('.steps').innerText(), WAIT).toBe('0');
  expect(complaints).toEqual([]);
});

/** Of the n-th site and an irrep: its length, how far atoms of the site differ, and what the group allows. */
async function site(page: Page, row: number, irrep: number) {
  const cell = page.locator('.sites tbody tr').nth(row).locator('td').nth(irrep);
  const data = cell.locator('data');
  return {
    length: Number(await data.getAttribute('value')),
    spread: Number(await data.getAttribute('data-spread')),
    free: await cell.locator('small').innerText(),
  };
}

test('a molecule keeps its symmetry in a random network, and loses it with its atoms', async () => {
  const { page, complaints } = await open('?part=structure&seed=2');
  const group = page.locator('.group');
  await expect.poll(() => group.innerText(), WAIT).toContain('48 operations');
  const [scalar, vector, pseudovector, two, three, four] = [0, 1, 2, 3, 4, 5];
  // At the centre of the octahedron: of 1o, 1e, 2e and 3o nothing, of 4e the cubic combination.
  for (const irrep of [vector, pseudovector, two, three]) {
    const { length, free } = await site(page, 0, irrep);
    expect(free[0]).toBe('0');
    expect(length).toBeLessThan(1e-4);
  }
  expect((await site(page, 0, four)).length).toBeGreaterThan(1e-2);
  expect(await value(page, '.cubic')).toBeCloseTo(Math.sqrt(5 / 7), 4);
  // The six others: arrows of one length along the axes, ellipsoids of one shape.
  for (const irrep of [scalar, vector, two]) {
    const { length, spread, free } = await site(page, 1, irrep);
    expect(free[0]).toBe('1');
    expect(length).toBeGreaterThan(1e-2);
    expect(spread).toBeLessThan(1e-4 * Math.max(1, length));
  }
  expect(await value(page, '.invariance')).toBeLessThan(1e-4);

  await page.getByLabel('Disturb it').selectOption('stretch');
  await expect.poll(() => group.innerText(), WAIT).toContain('16 operations');
  expect((await site(page, 0, vector)).length).toBeLessThan(1e-4);
  expect((await site(page, 0, two)).length).toBeGreaterThan(1e-2);
  await page.getByLabel('Disturb it').selectOption('shift');
  await expect.poll(() => group.innerText(), WAIT).toContain('8 operations');
  expect((await site(page, 0, vector)).length).toBeGreaterThan(1e-2);
  await page.getByLabel('Disturb it').selectOption('shake');
  await expect.poll(() => group.innerText(), WAIT).toContain('1 operation;');
  expect((await site(page, 0, pseudovector)).free).toBe('3 of 3');

  await page.goto(new URL('?part=structure&structure=tetrahedron&shown=3o', page.url()).href);
  await expect.poll(() => group.innerText(), WAIT).toContain('24 operations');
  expect(await site(page, 0, three)).toMatchObject({ free: '1 of 7' });
  expect((await site(page, 0, two)).length).toBeLessThan(1e-4);
  await page.locator('select[name="structure"]').selectOption('perovskite');
  await expect.poll(() => group.innerText(), WAIT).toContain('3 kinds of sites');
  await expect.poll(() => new URL(page.url()).search, WAIT).toContain('perovskite');
  expect(complaints).toEqual([]);
  expect(await screenshots(page, 'symmetry-structure')).toEqual([]);
  expect(await accessibilityProblems(page)).toEqual([]);
});

test('without WebGPU it computes in f64', async () => {
  const { page } = await open('?part=square', {
    before: withoutGpu,
  });
  await expect.poll(() => button(page, 'Train').isEnabled(), WAIT).toBe(true);
  await button(page, 'Train').click();
  await expect.poll(() => loss(page, 'broken'), WAIT).toBeLessThan(1e-3);
  expect(await turnError(page, 'stretch')).toBeLessThan(1e-12);
  await page.context().close(); // it would go on training beside the other tests
});
