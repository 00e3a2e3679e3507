// The built site, from a folder of a plain server, under a strict policy: the gallery, every page, and what is embedded.
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { elementFolders, pageFolders } from '../support/site-build.ts';
import { story } from '../support/story-plugin.ts';
import { accessibilityProblems } from './support/accessibility.ts';
import { openPages, type Pages } from './support/open-pages.ts';
import { serveBuiltSite } from './support/serve-site.ts';

let site: Awaited<ReturnType<typeof serveBuiltSite>>;
let pages: Pages;
beforeAll(async () => {
  site = await serveBuiltSite();
  pages = await openPages(async () => site);
});
afterAll(() => pages.close());

const small = { viewport: { width: 390, height: 844 } };
const widthOf = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth);

test('every folder that is a page is in the story, and every page has an element', () => {
  expect(Object.keys(story)).toEqual(expect.arrayContaining(pageFolders));
  expect(pageFolders).toEqual(expect.arrayContaining(elementFolders));
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

  expect(complaints).toEqual([]);
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
    const { page, complaints } = await pages.open(`${folder}/`, {
      before: (page) =>
        page.addInitScript(() => Object.defineProperty(navigator, 'gpu', { value: undefined })),
    });
    await page.getByRole('alert').getByText('This browser has no WebGPU. Use Chrome').waitFor();
    await ready(page);
    expect(complaints).toEqual([]);
  });
});
