import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { REPOSITORY } from '../../support/server.ts';

export const FOLDER = join(REPOSITORY, 'test-results/screens');
const sizes = [
  [390, 844],
  [1024, 768],
  [1920, 1080],
] as const;

/**
 * Pictures of a page as it is now, whole, at three widths in light and dark, to be looked at, in test-results/screens.
 * Returns what is wrong at a width: something that sticks out at the side.
 */
export async function screenshots(page: Page, name: string): Promise<string[]> {
  mkdirSync(FOLDER, { recursive: true });
  const problems: string[] = [];
  for (const [width, height] of sizes) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(300); // canvases follow their new size
      await page.screenshot({ path: join(FOLDER, `${name}-${width}-${colorScheme}.png`), fullPage: true });
    }
    const scrollWidth = await page.evaluate(() => document.documentElement.scrollWidth);
    if (scrollWidth > width) problems.push(`at a width of ${width} the page is ${scrollWidth} wide`);
  }
  return problems;
}
