import type { Page } from 'playwright';
import { openPages, type Pages } from './support/open-pages.ts';

/** The Tetris page as `npm start` serves it. */
export async function openDemo(): Promise<Pages> {
  const pages = await openPages();
  return { ...pages, open: (query, options) => pages.open(`tetris/${query}`, options) };
}

/** The number that a `data` element of the page holds. */
export async function readNumber(page: Page, id: string): Promise<number> {
  const value = await page.locator(`#${id}`).getAttribute('value');
  return value ? Number(value) : Number.NaN;
}

/** Presses Train and waits until training has ended by itself and the shapes were turned. */
export async function trainToTheEnd(page: Page, timeout = 100_000): Promise<void> {
  await page.getByRole('button', { name: 'Train' }).click();
  await page.locator('#equivariance-error').waitFor({ timeout });
}
