// Pictures of the demo, trained, to look at; the first of them is the README's:
//   node test/support/run.mjs test/demo/screenshots.ts [FOLDER]
// Without a folder only demo/screenshot.png is written: desktop, light, as the page is when it opens, trained.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../support/server.ts';
import { openDemo, trainToTheEnd } from './open-demo.ts';

const [folder] = process.argv.slice(2);
const demo = await openDemo();
try {
  const { page, complaints } = await demo.open('', { viewport: { width: 1440, height: 900 } });
  if (folder) {
    mkdirSync(folder, { recursive: true });
    await page.locator('#train:enabled').waitFor();
    await page.screenshot({ path: join(folder, 'before.png') });
  }
  await trainToTheEnd(page, 600_000);
  await page.mouse.move(0, 0);
  await page.waitForTimeout(300); // the button's border fades
  await page.screenshot({ path: join(REPOSITORY, 'demo/screenshot.png') });
  if (folder)
    for (const colorScheme of ['light', 'dark'] as const)
      for (const [width, height] of [
        [1440, 900],
        [390, 844],
      ]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height });
        await page.waitForTimeout(300);
        const length = await page.evaluate(() => document.documentElement.scrollHeight);
        for (let y = 0, part = 1; y < length; y += height, part++)
          await page.screenshot({
            path: join(folder, `${width}-${colorScheme}-${part}.png`),
            fullPage: true,
            clip: { x: 0, y, width, height: Math.min(height, length - y) },
          });
      }
  if (complaints.length > 0) console.log(complaints);
} finally {
  await demo.close();
}
