// The GPU is lost while a page is open: it says so, goes on with another one, and shows the same numbers as before.
// (Tetris, which trains on to the same bits, is in tetris.test.ts.)
import type { Page } from 'playwright';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openPages, type Pages } from './support/open-pages.ts';
import { button } from './support/page-under-test.ts';
import { cellsOf, loseDevice, numberOf, pictureSize, ready, rememberDevice } from './support/values.ts';

/** A software adapter on a busy machine takes its time. */
const WAIT = { timeout: 90_000 };
vi.setConfig({ testTimeout: 300_000 });

let pages: Pages;
beforeAll(async () => {
  pages = await openPages();
});
afterAll(() => pages.close());

const value = async (page: Page, selector: string) =>
  Number(await page.locator(selector).getAttribute('value'));
const enabled = (page: Page, name: string) =>
  expect.poll(() => button(page, name).isEnabled(), WAIT).toBe(true);

interface Case {
  readonly query?: string;
  /** Until the numbers stand that are compared. */
  settled(page: Page): Promise<unknown>;
  /** What the engine has computed. */
  read(page: Page): Promise<readonly unknown[]>;
  /** Makes it compute something else, and waits for it. */
  act(page: Page, before: readonly unknown[]): Promise<unknown>;
}

/** Presses, and waits until other numbers stand there. */
const changes = (read: Case['read'], name: string) => async (page: Page, before: readonly unknown[]) => {
  await button(page, name).click();
  await expect.poll(() => read(page), WAIT).not.toEqual(before);
};

const matrix = (page: Page) => cellsOf(page, '.titled:last-of-type .numbers');
const wigner = (page: Page) => cellsOf(page, '.wigner');
const coupled = async (page: Page) => [
  await numberOf(page, 'engine-0e-0'),
  await numberOf(page, 'engine-1e-2'),
];
const trainedSteps = async (page: Page) => [await value(page, '.steps')];

/** A page that trains: some steps more, and a loss that is still a number above zero. */
const trains = (query: string, loss: string): Case => ({
  query,
  settled: (page) => enabled(page, 'Train'),
  read: trainedSteps,
  async act(page, [before]) {
    await button(page, 'Train').click();
    await expect.poll(() => value(page, '.steps'), WAIT).toBeGreaterThan((before as number) + 60);
    await button(page, 'Pause').click();
    expect(await value(page, loss)).toBeGreaterThan(0);
  },
});

const cases: Readonly<Record<string, Case>> = {
  tensors: {
    settled: (page) => ready(page, 'clebsch-tensors'),
    read: matrix,
    act: changes(matrix, 'Quarter turn, 90° z'),
  },
  harmonics: {
    query: '?l=1',
    settled: (page) => ready(page, 'clebsch-harmonics'),
    read: wigner,
    act: changes(wigner, 'Quarter turn, 90° y'),
  },
  product: {
    settled: (page) => ready(page, 'clebsch-product'),
    read: coupled,
    async act(page, before) {
      const other = (await page.getByLabel('bx').inputValue()) === '0' ? '1' : '0';
      await page.getByLabel('bx').fill(other);
      await page.getByLabel('bx').press('Enter');
      await expect.poll(() => coupled(page), WAIT).not.toEqual(before);
    },
  },
  convolution: trains('?part=filter', '.loss'),
  symmetry: trains('?part=square', '[data-task="collapse"] .loss'),
};

test.each(Object.entries(cases))('%s', async (name, { query = '', settled, read, act }) => {
  const { page, complaints } = await pages.open(`${name}/${query}`, { before: rememberDevice });
  await settled(page);
  await act(page, await read(page));
  const before = await read(page);
  await loseDevice(page);
  await page.getByRole('alert').getByText('The GPU was lost').waitFor(WAIT);
  await page.getByRole('alert').getByText('It goes on with a new one.').waitFor(WAIT);
  await settled(page);
  if (read === trainedSteps) {
    // It goes on from the last copy of the states, of which there is one every 50 steps or more often.
    await expect.poll(() => value(page, '.steps'), WAIT).toBeGreaterThan((before[0] as number) - 50);
  } else await expect.poll(() => read(page), WAIT).toEqual(before);
  expect(await pictureSize(page, `clebsch-${name} canvas >> nth=0`)).toBeGreaterThan(2000);
  await act(page, before);
  // A second time, while something is being computed.
  await loseDevice(page);
  await page.getByRole('alert').getByText('Starting again').waitFor(WAIT);
  await page.getByRole('alert').getByText('It goes on with a new one.').waitFor(WAIT);
  await settled(page);
  await act(page, await read(page));
  expect(complaints).toEqual([]);
  await page.context().close();
});
