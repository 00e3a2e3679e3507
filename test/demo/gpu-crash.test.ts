// The real thing: the browser's GPU process dies while a page trains.
import type { JSHandle } from 'playwright';
import { expect, test } from 'vitest';
import { launchBrowser } from '../support/runtime.ts';
import { startServer } from '../support/server.ts';

test('the GPU process crashes: training goes on with a new device, and ends in the same bits', async () => {
  const server = await startServer({});
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(`${server.origin}/__blank__`);
    // As text: Vite would make an import for Node of it.
    const training: JSHandle<typeof import('./long-training.ts')> = await page.evaluateHandle(
      'import("/test/demo/long-training.ts")',
    );
    const result = training.evaluate((module) => module.disturbed());
    while ((await training.evaluate((module) => module.steps())) < 200)
      await new Promise((later) => setTimeout(later, 20));
    const protocol = await browser.newBrowserCDPSession();
    // The answer to this command may be lost with the process.
    await protocol.send('Browser.crashGpuProcess').catch(() => {});
    const { events, step, same } = await result;
    expect(events.map(({ kind }) => kind)).toEqual(['lost', 'recovered']);
    const [, recovered] = events;
    expect(recovered.kind === 'recovered' && recovered.repeated).toBeLessThanOrEqual(50);
    expect(step).toBe(2000);
    expect(same).toBe(true);
  } finally {
    await browser.close();
    await server.close();
  }
}, 120_000);
