import type { Page } from 'playwright';
import { afterAll, beforeAll } from 'vitest';
import { openPages, type Pages } from './open-pages.ts';

/** What opens a page of the demo, with a query; the browser and the server are those of the test file that calls this. */
export function pageUnderTest(folder: string, opened?: (page: Page) => Promise<void>): Pages['open'] {
  let pages: Pages | undefined;
  beforeAll(async () => {
    pages = await openPages();
  });
  afterAll(() => pages?.close());
  return async (query, options) => {
    const result = await pages!.open(`${folder}/${query}`, options);
    await opened?.(result.page);
    return result;
  };
}

/** A button by all of its name. */
export const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
