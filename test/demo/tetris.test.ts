import type { Page } from 'playwright';
import { describe, expect, onTestFailed, test, vi } from 'vitest';
import { accessibilityProblems } from './support/accessibility.ts';
import { button, pageUnderTest } from './support/page-under-test.ts';
import { screenshots } from './support/screenshots.ts';
import { gpuMissing, loseDevice, numberOf as number, rememberDevice } from './support/values.ts';

// On a software adapter beside other work; how long things take is nothing that is tested here.
const PATIENCE = 280_000;
vi.setConfig({ testTimeout: 300_000 });

const openPage = pageUnderTest('tetris');
const open: typeof openPage = async (path, options) => {
  const opened = await openPage(path, options);
  onTestFailed(() => console.log('the page complained:', opened.complaints));
  return opened;
};
const state = (page: Page, text: string) => page.locator('#phase', { hasText: text });
/** The network is compiled and nothing was trained yet. */
const ready = (page: Page) => state(page, 'Ready').waitFor({ timeout: PATIENCE });
const trained = (page: Page) => state(page, 'Trained').waitFor({ timeout: PATIENCE });
const answers = (page: Page) => page.locator('.tiles .answer').allTextContents();
const rotations = (page: Page) => page.locator('#form td.rotations').allTextContents();
const picture = (page: Page, shape: number) => page.locator('.tiles canvas').nth(shape);
/** Everything that the network says, in two digits. */
const outputs = (page: Page) => page.locator('table.outputs td.output').allTextContents();
const poll = <T>(read: () => Promise<T> | T) => expect.poll(read, { timeout: PATIENCE });
const reaches = (page: Page, id: string, least: number) =>
  poll(() => number(page, id)).toBeGreaterThanOrEqual(least);

test('trains until all eight are known, then knows them turned and mirrored', async () => {
  const { page, complaints } = await open('');
  await ready(page);
  expect(await number(page, 'recognised')).toBeLessThan(8);
  expect(await number(page, 'parameters')).toBe(49206);
  expect(await number(page, 'memory')).toBeGreaterThan(4 * 3 * 49206);
  expect(await page.locator('#adapter').textContent()).not.toBe('–');
  expect(await rotations(page)).toEqual(Array(8).fill('–'));

  await button(page, 'Train').click();
  await trained(page);
  expect(await page.locator('#recognised').textContent()).toBe('8 of 8 (100 %)');
  expect(await number(page, 'loss')).toBeLessThan(1e-3);
  expect(await number(page, 'step-time')).toBeGreaterThanOrEqual(0);
  expect(await number(page, 'first-step')).toBeGreaterThan(0);
  const names = ['chiral 1', 'chiral 2', 'square', 'line', 'corner', 'L', 'T', 'zigzag'];
  expect(await answers(page)).toEqual(names.map((name) => `✓ ${name}`));
  expect(await rotations(page)).toEqual(Array(8).fill('20 of 20'));
  const error = await number(page, 'rotation-error');
  expect(error).toBeGreaterThan(0);
  expect(error).toBeLessThan(1e-4);

  // All turned at once, and in a mirror, in which chiral 1 and 2 change places.
  const still = await outputs(page);
  await button(page, 'Turn all').click();
  await reaches(page, 'equivariance-error', 1e-9);
  expect(await number(page, 'equivariance-error')).toBeLessThan(1e-4);
  expect(await answers(page)).toEqual(names.map((name) => `✓ ${name}`));
  await page.locator('#mirror').check();
  await poll(() => answers(page)).toContain('✓ chiral 2');
  await poll(async () => (await answers(page)).slice(0, 2)).toEqual(['✓ chiral 2', '✓ chiral 1']);
  expect(await number(page, 'equivariance-error')).toBeLessThan(1e-4);
  await button(page, 'Turn back').click();
  await poll(() => outputs(page)).toEqual(still);
  expect(complaints).toEqual([]);
});

test('each shape is turned by dragging and by keys while it trains, and its outputs stay put', async () => {
  const { page, complaints } = await open('?mul=4', { viewport: { width: 1024, height: 1200 } });
  await ready(page);
  const untouched = await outputs(page);
  const box = (await picture(page, 3).boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2 + 60, box.y + box.height / 2 + 25, { steps: 4 });
  await page.mouse.up();
  await reaches(page, 'equivariance-error', 1e-9);
  expect(await number(page, 'equivariance-error')).toBeLessThan(1e-4);
  expect(await picture(page, 3).getAttribute('aria-label')).toContain('line: four cubes, turned');
  expect(await picture(page, 2).getAttribute('aria-label')).toContain('as in training');
  expect(await outputs(page)).toEqual(untouched);

  // The address has the shape as it stands.
  const poses = () => new URL(page.url()).searchParams.get('poses');
  await poll(poses).toMatch(/^3,/);
  const stands = poses();
  const standing = (await outputs(page)).slice(7 * 3, 7 * 4);
  await page.goto(new URL(`?mul=4&poses=${stands}`, page.url()).href);
  await ready(page);
  expect(await picture(page, 3).getAttribute('aria-label')).toContain('line: four cubes, turned');
  expect(await picture(page, 2).getAttribute('aria-label')).toContain('as in training');
  expect((await outputs(page)).slice(7 * 3, 7 * 4)).toEqual(standing);
  await poll(() => number(page, 'equivariance-error')).toBeLessThan(1e-4);
  await button(page, 'Turn back').click();
  await poll(() => picture(page, 3).getAttribute('aria-label')).toContain('as in training');
  await poll(poses).toBeNull();

  await picture(page, 0).focus();
  for (let press = 0; press < 5; press++) await page.keyboard.press('ArrowRight');
  expect(await picture(page, 0).getAttribute('aria-label')).toContain('turned');
  await button(page, 'Train').click();
  await reaches(page, 'steps', 5);
  await page.keyboard.press('Tab'); // and on with the keyboard
  await picture(page, 0).press('ArrowDown');
  await button(page, 'Pause').click();
  await state(page, 'Paused').waitFor({ timeout: PATIENCE });
  expect(await number(page, 'equivariance-error')).toBeLessThan(1e-4);
  expect(await number(page, 'equivariance-error')).toBeGreaterThan(0);
  expect(complaints).toEqual([]);
});

test('pauses, steps, resets, and takes its settings from the controls and the address', async () => {
  const { page, complaints } = await open('?mul=4&seed=3&lr=0.005', { reducedMotion: 'reduce' });
  await ready(page);
  expect(await page.locator('#seed').inputValue()).toBe('3');
  expect(await page.locator('output[for="lr"]').textContent()).toBe('0.005');
  await button(page, 'Train').click();
  await reaches(page, 'steps', 1);
  await button(page, 'Pause').click();
  await state(page, 'Paused').waitFor({ timeout: PATIENCE });
  const steps = await number(page, 'steps');
  // Its curve has a point for each, and says which one is under the pointer.
  await page.locator('#chart').hover({ position: { x: 49, y: 100 } });
  await page.locator('#point', { hasText: /^step 0: loss \S+, \d of 8$/ }).waitFor();
  await page.mouse.move(0, 0);
  await poll(() => page.locator('#point').textContent()).toBe('');
  await button(page, 'Step').click();
  await reaches(page, 'steps', steps + 1);
  await state(page, 'Paused').waitFor({ timeout: PATIENCE });
  expect(await number(page, 'steps')).toBe(steps + 1);
  await button(page, 'Train').click();
  await reaches(page, 'steps', steps + 3);
  await button(page, 'Reset').click();
  await ready(page);
  await poll(() => number(page, 'steps')).toBe(0);
  expect(await number(page, 'loss')).toBeNaN();
  const untrained = await outputs(page);

  await page.locator('#seed').fill('4');
  await page.locator('#seed').press('Enter');
  await poll(() => outputs(page)).not.toEqual(untrained);
  await poll(() => new URL(page.url()).searchParams.get('seed')).toBe('4');
  const other = await outputs(page);

  await page.locator('#seed').fill('-1');
  await page.locator('#seed').blur();
  const complaint = (input: HTMLInputElement) => input.validationMessage;
  expect(await page.locator('#seed').evaluate(complaint)).toContain('a whole number');
  expect(new URL(page.url()).searchParams.get('seed')).toBe('4');

  // The learning rate alone does not start afresh.
  await button(page, 'Step').click();
  await reaches(page, 'steps', 1);
  await page.locator('#lr').fill('-1');
  await poll(() => new URL(page.url()).searchParams.get('lr')).toBe('0.1');
  expect(await number(page, 'steps')).toBe(1);

  await page.locator('#layers').fill('2');
  await poll(() => new URL(page.url()).searchParams.get('layers')).toBe('2');
  await poll(() => number(page, 'steps')).toBe(0);
  await page.locator('#layers').fill('3');
  await poll(() => new URL(page.url()).searchParams.has('layers')).toBe(false);

  // The address alone gives the same network.
  await page.goto(new URL('?mul=4&seed=4', page.url()).href);
  await ready(page);
  expect(await outputs(page)).toEqual(other);
  expect(await page.locator('output[for="lr"]').textContent()).toBe('0.01');
  expect(complaints).toEqual([]);
});

describe('the symmetry of the network', () => {
  test('without odd scalars the mirror image cannot be told apart', async () => {
    const { page, complaints } = await open('?mul=4');
    await ready(page);
    // At every step, trained or not, an odd scalar is opposite for mirror images.
    expect(await number(page, 'chiral-1')).toBeCloseTo(-(await number(page, 'chiral-2')), 4);
    await page.getByLabel('without odd scalars').check();
    await poll(() => new URL(page.url()).searchParams.get('parity')).toBe('even');
    await ready(page);
    await button(page, 'Train').click();
    await trained(page);
    expect(await number(page, 'recognised')).toBe(7);
    expect(await number(page, 'chiral-1')).toBeCloseTo(await number(page, 'chiral-2'), 4);
    expect((await answers(page)).slice(0, 2)).toEqual(['✗ chiral 2', '✓ chiral 2']);
    expect(await page.locator('#mirror-text').textContent()).toContain('no training can tell them apart');
    expect(complaints).toEqual([]);
  });

  test('with rotations only nothing ties the mirror images to each other', async () => {
    const { page, complaints } = await open('?mul=4&parity=so3');
    await ready(page);
    await button(page, 'Train').click();
    await reaches(page, 'steps', 20);
    await button(page, 'Pause').click();
    await state(page, 'Paused').waitFor({ timeout: PATIENCE });
    const [first, second] = [await number(page, 'chiral-1'), await number(page, 'chiral-2')];
    expect(Math.abs(first - second)).toBeGreaterThan(1e-3);
    expect(Math.abs(first + second)).toBeGreaterThan(1e-3);
    expect(await page.locator('#mirror-text').textContent()).toContain(
      'rotations alone say nothing of mirrors',
    );
    await button(page, 'Turn all').click();
    await reaches(page, 'equivariance-error', 1e-9);
    expect(await number(page, 'equivariance-error')).toBeLessThan(1e-4);
    expect(complaints).toEqual([]);
  });
});

test('ordinary networks: by heart as trained, lost when turned, and many examples until they are not', async () => {
  const { page, complaints } = await open('?mul=4');
  await ready(page);
  await button(page, 'Train').click();
  await trained(page);
  await page.locator('#sections').scrollIntoViewIfNeeded();
  await button(page, 'Train both').click();
  await button(page, 'Train both again').waitFor({ timeout: PATIENCE });
  const [own, plain, augmented] = await Promise.all(
    ['equivariant', 'plain', 'augmented'].map((name) => number(page, `${name}-parameters`)),
  );
  for (const other of [plain, augmented]) expect(Math.abs(other - own) / own).toBeLessThan(0.05);
  expect(await number(page, 'plain-as-trained')).toBe(1);
  expect(await number(page, 'plain-turned')).toBeLessThan(0.35);
  expect(await number(page, 'augmented-turned')).toBeGreaterThanOrEqual(0.95);
  expect(await number(page, 'augmented-examples')).toBe(64 * (await number(page, 'augmented-steps')));
  expect(await number(page, 'augmented-examples')).toBeGreaterThan(1000);
  await reaches(page, 'equivariant-turned', 1);
  expect(await number(page, 'equivariant-examples')).toBe(7);

  await page.locator('#sphere-heading').scrollIntoViewIfNeeded();
  await reaches(page, 'sphere-augmented', 0.8);
  expect(await number(page, 'sphere-equivariant')).toBeCloseTo(1, 9);
  expect(await number(page, 'sphere-plain')).toBeLessThan(0.7);
  const maps = page.locator('.maps canvas');
  expect(await maps.nth(0).getAttribute('aria-label')).toContain('100 % in the worst orientation');
  expect(await maps.nth(1).getAttribute('aria-label')).toContain('100 % in that of the training');

  // Inside: the mirror images have features of the same size in every layer.
  await page.locator('#inside-heading').scrollIntoViewIfNeeded();
  const row = (shape: number) =>
    page.locator('#features tbody tr').nth(shape).locator('td').allTextContents();
  await poll(() => row(0)).not.toEqual([]);
  for (const layer of ['0', '1', '2']) {
    await page.locator('#feature-layer').selectOption(layer);
    expect(await row(0)).toEqual(await row(1));
    expect(await row(0)).not.toEqual(await row(3));
  }
  await page.locator('#filter-layer').selectOption({ label: '2' });
  await page.locator('#filter-path').selectOption({ label: '1o × Y 1o → 0e' });
  await page
    .locator('#radial-text', { hasText: 'Layer 2, path 1o × Y 1o → 0e: 4 radial functions' })
    .waitFor({ timeout: PATIENCE });
  expect(await accessibilityProblems(page)).toEqual([]);
  expect(await screenshots(page, 'tetris')).toEqual([]);
  expect(complaints).toEqual([]);
});

/** "See the code", opened at a tab: what stands there. */
const codeOf = async (page: Page, tab: string) => {
  await page.locator('#sections').scrollIntoViewIfNeeded();
  const view = page.locator('details.code-view');
  if (!(await view.evaluate((details: HTMLDetailsElement) => details.open)))
    await page.getByText('See the code').click();
  await page.getByRole('tab', { name: tab, exact: true }).click();
  return view.getByRole('tabpanel').textContent();
};

test('the code can be seen: the model, the ops of a step, and the WGSL that ran', async () => {
  const { page, complaints } = await open('?mul=4');
  await ready(page);
  expect(await codeOf(page, 'Model')).toContain('export function tetrisNetwork');
  expect(await codeOf(page, 'Training')).toContain('squaredError(');
  const ops = await codeOf(page, 'Ops');
  const [, dispatches] = ops!.match(/^The (\d+) dispatches of a training step/)!;
  expect(Number(dispatches)).toBeGreaterThan(20);
  expect(ops).toContain('edgeProduct');
  expect(await codeOf(page, 'WGSL')).toMatch(/^As it ran: .*edgeProduct.*@compute/s);
  expect(await accessibilityProblems(page)).toEqual([]);

  // Of the network that there is now.
  await page.locator('#lmax').fill('1');
  await poll(() => codeOf(page, 'Ops')).not.toEqual(ops);
  expect(complaints).toEqual([]);
});

test('a lost device is told of, and training goes on to the same numbers', async () => {
  const resultOf = async (disturb: boolean) => {
    const { page } = await open('?mul=4', { before: rememberDevice });
    await ready(page);
    await button(page, 'Train').click();
    if (disturb) {
      await reaches(page, 'steps', 10);
      await loseDevice(page);
      await page.getByRole('alert').getByText('The GPU was lost').waitFor({ timeout: PATIENCE });
      await page.getByRole('alert').getByText('It goes on').waitFor({ timeout: PATIENCE });
    }
    await trained(page);
    const result = [await number(page, 'steps'), await number(page, 'loss'), await number(page, 'chiral-1')];
    await page.close();
    return result;
  };
  expect(await resultOf(true)).toEqual(await resultOf(false));
});

test('waits while nobody looks', async () => {
  const { page, complaints } = await open('?mul=4');
  const hide = (hidden: boolean) =>
    page.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { value, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  await ready(page);
  await button(page, 'Train').click();
  await reaches(page, 'steps', 2);
  await hide(true);
  await state(page, 'Out of sight').waitFor({ timeout: PATIENCE });
  const steps = await number(page, 'steps');
  await page.waitForTimeout(300);
  expect(await number(page, 'steps')).toBe(steps);
  await hide(false);
  await reaches(page, 'steps', steps + 2);
  expect(complaints).toEqual([]);
});

test('a loss that is not a number stops the training with a sentence', async () => {
  const { page, complaints } = await open('?mul=4', {
    before: (page) =>
      // What a step gives is read by itself, and is small.
      page.addInitScript(() => {
        const range = GPUBuffer.prototype.getMappedRange;
        GPUBuffer.prototype.getMappedRange = function (...args) {
          const mapped = range.apply(this, args);
          return mapped.byteLength <= 16
            ? new Float32Array(mapped.byteLength / 4).fill(Number.NaN).buffer
            : mapped;
        };
      }),
  });
  await ready(page);
  await button(page, 'Train').click();
  await page.getByRole('alert').getByText('choose a smaller learning rate').waitFor({ timeout: PATIENCE });
  await button(page, 'Reset').click();
  await ready(page);
  await poll(() => page.getByRole('alert').isVisible()).toBe(false);
  expect(complaints).toEqual([]);
});

describe('without a GPU', () => {
  test.each(gpuMissing)(
    '%s: the page says what to do, and trains the small network in a worker',
    async (_, sentence, before) => {
      const { page, complaints } = await open('?mul=2&layers=1&lmax=1', { before });
      await page.getByRole('alert').getByText(sentence).waitFor({ timeout: PATIENCE });
      await ready(page);
      await button(page, 'Step').click();
      await reaches(page, 'steps', 1);
      const first = await number(page, 'loss');
      await button(page, 'Train').click();
      await reaches(page, 'steps', 30);
      await button(page, 'Pause').click();
      await state(page, 'Paused').waitFor({ timeout: PATIENCE });
      expect(await number(page, 'loss')).toBeLessThan(first / 2);
      await button(page, 'Turn all').click();
      await poll(() => number(page, 'equivariance-error')).not.toBeNaN();
      // 64 bits.
      expect(await number(page, 'equivariance-error')).toBeLessThan(1e-5);
      expect(await page.locator('#adapter').textContent()).toContain('reference in 64 bits');
      expect(await codeOf(page, 'WGSL')).toContain('Without WebGPU no shader ran');
      expect(complaints).toEqual([]);
    },
  );
});
