import type { Browser, BrowserContextOptions, Page } from 'playwright';
import { launchBrowser } from '../../support/runtime.ts';
import { REPOSITORY, startServer } from '../../support/server.ts';

export interface OpenOptions extends BrowserContextOptions {
  /** What to do before the page is loaded. */
  readonly before?: (page: Page) => Promise<unknown>;
}

export interface Pages {
  readonly origin: string;
  readonly browser: Browser;
  /** A page of its own; `complaints` collects what it writes to the console as errors and warnings. */
  open(path: string, options?: OpenOptions): Promise<{ page: Page; complaints: string[] }>;
  close(): Promise<void>;
}

interface Server {
  readonly origin: string;
  close(): Promise<void>;
}

/**
 * The pages as `npm start` serves them (or as another server does), and a browser with WebGPU whose canvases are in its
 * screenshots.
 */
export async function openPages(serve: () => Promise<Server> = serveDemo): Promise<Pages> {
  const server = await serve();
  const browser = await launchBrowser({ canvas: true }).catch(async (error) => {
    await server.close();
    throw error;
  });
  return {
    origin: server.origin,
    browser,
    async open(path, { before, ...options } = {}) {
      const context = await browser.newContext(options);
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(String(error)));
      await before?.(page);
      await page.goto(`${server.origin}/${path}`);
      return { page, complaints };
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

const serveDemo = () => startServer({ root: `${REPOSITORY}/demo` });
