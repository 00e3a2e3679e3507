import type { Browser, BrowserContextOptions, Page } from 'playwright';
import { launchBrowser } from '../support/runtime.ts';
import { REPOSITORY, startServer } from '../support/server.ts';

export interface Demo {
  readonly origin: string;
  readonly browser: Browser;
  /** A page of its own; `complaints` collects what it writes to the console as errors and warnings. */
  open(
    query: string,
    options?: BrowserContextOptions & { readonly before?: (page: Page) => Promise<unknown> },
  ): Promise<{ page: Page; complaints: string[] }>;
  close(): Promise<void>;
}

/** The demo as `npm start` serves it, and a browser with WebGPU. */
export async function openDemo(): Promise<Demo> {
  const server = await startServer({ root: `${REPOSITORY}/demo` });
  const browser = await launchBrowser().catch(async (error) => {
    await server.close();
    throw error;
  });
  return {
    origin: server.origin,
    browser,
    async open(query, { before, ...options } = {}) {
      const context = await browser.newContext(options);
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(String(error)));
      await before?.(page);
      await page.goto(`${server.origin}/${query}`);
      return { page, complaints };
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
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
