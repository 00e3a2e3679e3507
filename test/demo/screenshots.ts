// The README's picture: the Tetris page as it is when it opens, trained, turned; desktop, light.
//   node test/support/run.mjs test/demo/screenshots.ts
import { join } from 'node:path';
import { REPOSITORY } from '../support/server.ts';
import { openPages } from './support/open-pages.ts';

const pages = await openPages();
try {
  const { page, complaints } = await pages.open('tetris/', { viewport: { width: 1440, height: 900 } });
  await page.getByRole('button', { name: 'Train', exact: true }).click({ timeout: 60_000 });
  await page.locator('#phase', { hasText: 'Trained' }).waitFor({ timeout: 600_000 });
  await page.locator('#turn-all').click();
  await page.mouse.move(0, 0);
  await page.waitForTimeout(1000); // the button's border fades
  await page.screenshot({ path: join(REPOSITORY, 'demo/screenshot.png') });
  if (complaints.length > 0) console.log(complaints);
} finally {
  await pages.close();
}
