import axe from 'axe-core';
import type { Page } from 'playwright';

/** What axe-core finds wrong with a page, shadow roots included, one sentence each. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate('axe.run()').then((result) => result as axe.AxeResults);
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help} at ${target.join(' ')} (${failureSummary})`),
  );
}
