// The built site, from a folder of a plain server, under a strict policy: the gallery, every page, and what is embedded.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { elementFolders, pageFolders } from '../support/site-build.ts';
import { story } from '../support/story-plugin.ts';
import { accessibilityProblems } from './support/accessibility.ts';
import { openPages, type Pages } from './support/open-pages.ts';
import { serveBuiltSite, servePage } from './support/serve-site.ts';
import { downloadOf } from './support/site-sizes.ts';
import { withoutGpu } from './support/values.ts';

let site: Awaited<ReturnType<typeof serveBuiltSite>>;
let pages: Pages;
beforeAll(async () => {
  site = await serveBuiltSite();
  pages = await openPages(async () => site);
});
afterAll(() => pages.close());

const small = { viewport: { width: 390, height: 844 } };
const widthOf = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth);

test('the module of the Tetris element, with all it imports, has at most 80 kB', () => {
  expect(downloadOf(site.folder, 'elements/tetris.js')).toBeLessThanOrEqual(80);
});

test('every folder that is a page is in the story or the reference, and every page of the story has an element', () => {
  expect([...pageFolders].sort()).toEqual([...Object.keys(story), 'reference'].sort());
  expect([...elementFolders].sort()).toEqual(Object.keys(story).sort());
});

test('the reference has what the elements declare, and what they do', async () => {
  const { page, complaints } = await pages.open('reference/', small);
  const rows = (folder: string, table: string) =>
    page.locator(`#${folder} table`, { hasText: table }).locator('tbody th').allInnerTexts();
  for (const folder of elementFolders) {
    const element = await page.evaluateHandle((name) => customElements.get(name)!, `clebsch-${folder}`);
    const observed = await element.evaluate(
      (type) => (type as unknown as { observedAttributes: string[] }).observedAttributes,
    );
    expect([...(await rows(folder, 'Attributes of')), 'controls']).toEqual(observed);
  }
  expect(await widthOf(page)).toBe(390);
  expect(await accessibilityProblems(page)).toEqual([]);
  // Groups of controls are what stands in the elements.
  for (const folder of elementFolders) {
    const documented = await rows(folder, 'Controls of');
    const { page: own } = await pages.open(`${folder}/`, small);
    const groups = () =>
      own
        .locator(`clebsch-${folder} [data-controls]`)
        .evaluateAll((parts) => [...new Set(parts.map((part) => (part as HTMLElement).dataset.controls!))]);
    await own.locator('.lesson').scrollIntoViewIfNeeded();
    await expect.poll(async () => (await groups()).sort(), { timeout: 60_000 }).toEqual(documented.sort());
    await own.context().close();
  }
  expect(complaints).toEqual([]);
});

test('the gallery leads to every page, and from page to page goes the story', async () => {
  const { page, complaints } = await pages.open('', small);
  const cards = page.locator('.cards a');
  expect(await cards.evaluateAll((links) => links.map((link) => link.getAttribute('href')))).toEqual(
    Object.keys(story).map((folder) => `./${folder}/`),
  );
  expect(await cards.locator('h2').allTextContents()).toEqual(Object.values(story));
  expect(await widthOf(page)).toBe(390);
  expect(await accessibilityProblems(page)).toEqual([]);

  await cards.first().click();
  const next = page.locator('a[rel="next"]');
  for (const [at, folder] of Object.keys(story).entries()) {
    if (at > 0) await next.first().click();
    await page.waitForURL(({ pathname }) => pathname.endsWith(`/${folder}/`));
  }
  expect(await next.count()).toBe(0);
  await page.getByRole('link', { name: 'All pages' }).first().click();
  await cards.first().waitFor();
  expect(complaints).toEqual([]);
});

test('a formula is a stop of the tab key while it scrolls, and only then', async () => {
  const { page } = await pages.open('convolution/', { viewport: { width: 200, height: 600 } });
  const stops = page.locator('.formula[tabindex="0"]');
  await expect.poll(() => stops.count()).toBeGreaterThan(0);
  await page.setViewportSize({ width: 1920, height: 1080 });
  await expect.poll(() => stops.count()).toBe(0);
});

describe.each(elementFolders)('%s', (folder) => {
  const element = `clebsch-${folder}`;
  const ready = (page: Page) =>
    page.locator(element).evaluate((host) => (host as unknown as { ready: Promise<void> }).ready);

  test('works from the built files, has no obstacles, and fits any screen', async () => {
    const { page, complaints } = await pages.open(`${folder}/`, small);
    await ready(page);
    expect(await widthOf(page)).toBe(390);
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.locator('main').evaluate((main) => main.scrollIntoView(false));
    await page.getByText('See the code').click();
    const view = page.locator('details.code-view');
    await view.getByRole('tab', { name: /^WGSL/ }).click();
    await view.getByRole('tabpanel').getByText('@compute').waitFor();
    await page.setViewportSize({ width: 1920, height: 1080 });
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await widthOf(page)).toBe(1920);
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('embedded in a page of its own origin it is alone, and answers', async () => {
    const { page, complaints } = await pages.open('embed/');
    await page.evaluate((src) => {
      const frame = document.createElement('iframe');
      frame.src = src;
      document.body.replaceChildren(frame);
    }, `../${folder}/?embed=1&theme=dark`);
    const frame = page.frameLocator('iframe');
    await frame.locator(element).waitFor();
    expect(await frame.locator('nav, h1').filter({ visible: true }).count()).toBe(0);
    const state = await page.evaluate(
      () =>
        new Promise((answer) => {
          const ask = setInterval(
            () =>
              document
                .querySelector('iframe')!
                .contentWindow!.postMessage({ clebsch: 'get' }, location.origin),
            100,
          );
          window.addEventListener('message', ({ data }) => {
            clearInterval(ask);
            answer(data);
          });
        }),
    );
    expect(state).toMatchObject({ clebsch: 'state', state: {} });
    expect(complaints).toEqual([]);
  });

  test('without WebGPU it says what to do, and is still there', async () => {
    const { page, complaints } = await pages.open(`${folder}/`, { before: withoutGpu });
    await page.getByRole('alert').getByText('This browser has no WebGPU. Use Chrome').waitFor();
    await ready(page);
    expect(complaints).toEqual([]);
  });
});

describe('the Tetris element on a page of another origin, without WebGPU', () => {
  const policies = [
    ['no policy: it trains in a worker', '', 'in a worker'],
    ['a policy that allows no worker: it trains on the page', "worker-src 'none'", 'on this page itself'],
  ] as const;
  test.each(policies)('%s', async (_, policy, where) => {
    const html = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy}">
      <title>Elsewhere</title><link rel="icon" href="data:,">
      <script type="module" src="${site.origin}/elements/tetris.js"></script>
      <clebsch-tetris mul="2" lmax="1" layers="1"></clebsch-tetris>`;
    const elsewhere = await servePage(html);
    onTestFinished(elsewhere.close);
    const { page, complaints } = await pages.open('icon.svg', { before: withoutGpu });
    await page.goto(elsewhere.origin);
    await page.locator('#adapter', { hasText: where }).waitFor();
    expect(page.workers().length).toBe(where === 'in a worker' ? 1 : 0);
    await page.getByRole('button', { name: 'Train' }).click();
    await page.locator('#steps:not([value="0"]):not([value=""])').waitFor();
    // The browser itself tells of what a policy has refused.
    expect(complaints.filter((text) => !text.includes('violates'))).toEqual([]);
  });
});

test('three elements on a plain page share one device, and one that is removed goes alone', async () => {
  expect(readFileSync(join(site.folder, 'embed/index.html'), 'utf8').trim().split('\n')).toHaveLength(12);
  const { page, complaints } = await pages.open('embed/', {
    viewport: { width: 1024, height: 3000 },
    before: (page) =>
      page.addInitScript(() => {
        const request = GPUAdapter.prototype.requestDevice;
        Object.assign(globalThis, { devices: 0 });
        GPUAdapter.prototype.requestDevice = function (descriptor) {
          (globalThis as unknown as { devices: number }).devices++;
          return request.call(this, descriptor);
        };
      }),
  });
  for (const name of ['tetris', 'harmonics', 'product'])
    await page
      .locator(`clebsch-${name}`)
      .evaluate((host) => (host as unknown as { ready: Promise<void> }).ready);
  expect(await page.evaluate(() => (globalThis as unknown as { devices: number }).devices)).toBe(1);
  expect(await accessibilityProblems(page)).toEqual([]);
  // Their colours are their own: the page has no style sheet.
  const train = page.locator('clebsch-tetris').getByRole('button', { name: 'Train' });
  expect(await train.evaluate((button) => getComputedStyle(button).backgroundColor)).toBe('rgb(31, 95, 214)');
  await page.locator('clebsch-harmonics').evaluate((host) => host.remove());
  await train.click();
  await page
    .locator('clebsch-tetris')
    .evaluate((host) =>
      new Promise((stepped) => host.addEventListener('step', stepped, { once: true })).then(() => 0),
    );
  expect(complaints).toEqual([]);
});
