// What all elements have in common, tried on the smallest one (support/sample-element.ts).
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer } from '../support/server.ts';
import { accessibilityProblems } from './support/accessibility.ts';
import { type OpenOptions, openPages, type Pages } from './support/open-pages.ts';
import type { SampleElement } from './support/sample-element.ts';
import { gpuMissing } from './support/values.ts';

let pages: Pages;
beforeAll(async () => {
  pages = await openPages(() => startServer());
});
afterAll(() => pages.close());

const documentOf = (body: string) =>
  `<!doctype html><html lang="en"><title>Sample</title><link rel="icon" href="data:,"><body><main><h1>Sample</h1>${body}</main></body></html>`;

/** A page with this body, and another at /parent.html. */
async function open(body: string, query = '', { before, ...options }: OpenOptions = {}, parent = '') {
  const script = '<script type="module" src="/test/demo/support/sample-element.ts"></script>';
  const serve = (page: Page, name: string, html: string) =>
    page.context().route(
      ({ pathname }) => pathname === name,
      (route) => route.fulfill({ contentType: 'text/html', body: html }),
    );
  return pages.open(parent ? 'parent.html' : `sample.html${query}`, {
    viewport: { width: 500, height: 700 },
    ...options,
    before: async (page) => {
      await serve(page, '/sample.html', documentOf(script + body));
      await serve(page, '/parent.html', documentOf(parent));
      await before?.(page);
    },
  });
}

const sample = '<clebsch-sample></clebsch-sample>';
type Sample = SampleElement;
/** Runs in the page on the n-th element. */
const on = <T>(page: Page, work: (element: Sample) => T, n = 0): Promise<T> =>
  page
    .locator('clebsch-sample')
    .nth(n)
    .evaluate(work as (element: HTMLElement | SVGElement) => T) as Promise<T>;
const logOf = (page: Page, n = 0) => on(page, (element) => element.log.join(', '), n);
const logBecomes = (page: Page, log: string, n = 0) =>
  expect.poll(() => logOf(page, n), { timeout: 15_000 }).toBe(log);
const notice = (page: Page) => page.getByRole('alert');

describe('state', () => {
  test('attributes are the state, changes come together, and bad ones are refused with a sentence', async () => {
    const { page, complaints } = await open('<clebsch-sample seed="3" f="1,2,3"></clebsch-sample>');
    await logBecomes(page, 'start');
    expect(await on(page, ({ state }) => state)).toEqual({
      seed: 3,
      factor: [1, 2, 3],
      kind: 'o3',
      showAxes: true,
    });
    await on(page, (element) => {
      element.setAttribute('seed', '4');
      element.set({ kind: 'so3', seed: 5 });
    });
    await logBecomes(page, 'start, changed seed kind');
    expect(await on(page, (element) => element.outerHTML)).toContain('seed="5" f="1,2,3" kind="so3"');
    const error = await on(page, (element) => {
      const told = new Promise((tell) => {
        element.addEventListener('error', (event) => tell((event as unknown as CustomEvent).detail.message));
      });
      element.setAttribute('seed', 'many');
      return told;
    });
    expect(error).toBe('seed is "many", but must be a whole number from 0 to 99.');
    await notice(page).getByText('seed is "many"').waitFor();
    expect(await on(page, ({ state }) => state.seed)).toBe(5);
    await page.getByRole('button', { name: 'Close' }).click();
    expect(await notice(page).isVisible()).toBe(false);
    await on(page, (element) => element.removeAttribute('seed'));
    expect(await on(page, ({ state }) => state.seed)).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('the address has what differs, and a link leads back to it', async () => {
    const body = '<clebsch-sample url-state seed="3"></clebsch-sample>';
    const { page, complaints } = await open(body, '?f=1,2,3&kind=o4&other=x');
    await logBecomes(page, 'start');
    await notice(page).getByText('In the address kind is "o4", but must be o3 or so3.').waitFor();
    await on(page, (element) => element.set({ seed: 7, showAxes: false }));
    await expect
      .poll(() => new URL(page.url()).searchParams.toString())
      .toBe('f=1%2C2%2C3&other=x&seed=7&show-axes=0');
    await page.reload();
    await logBecomes(page, 'start');
    expect(await on(page, ({ state }) => state)).toEqual({
      seed: 7,
      factor: [1, 2, 3],
      kind: 'o3',
      showAxes: false,
    });
    expect(complaints).toEqual([]);
  });

  test('it is light or dark as the page around it, or as it is told', async () => {
    const ink = (page: Page) => on(page, (element) => getComputedStyle(element).color);
    const [light, dark] = ['rgb(22, 25, 29)', 'rgb(232, 235, 239)'];
    const { page } = await open(sample, '', { colorScheme: 'dark' });
    await logBecomes(page, 'start');
    expect(await ink(page)).toBe(light); // the page has one scheme only
    await page.evaluate(() => {
      document.documentElement.style.colorScheme = 'light dark';
    });
    expect(await ink(page)).toBe(dark);
    await on(page, (element) => element.setAttribute('theme', 'light'));
    expect(await ink(page)).toBe(light);
  });

  test('controls are those that are asked for', async () => {
    const { page } = await open('<clebsch-sample controls="rotate, other"></clebsch-sample>');
    await logBecomes(page, 'start');
    const play = page.getByRole('button', { name: 'Play' });
    expect(await play.isVisible()).toBe(false);
    await on(page, (element) => element.setAttribute('controls', 'rotate play'));
    expect(await play.isVisible()).toBe(true);
    await on(page, (element) => element.setAttribute('controls', ''));
    expect(await play.isVisible()).toBe(false);
    await on(page, (element) => element.removeAttribute('controls'));
    expect(await play.isVisible()).toBe(true);
  });
});

describe('life', () => {
  test('elements share a device; off screen and in a hidden tab they pause', async () => {
    const text = '<p>Text.</p>'.repeat(100);
    const { page, complaints } = await open(`${sample}${text}${sample}`);
    await logBecomes(page, 'start');
    // The second one has not been near the screen yet.
    expect(await logOf(page, 1)).toBe('');
    await page.evaluate(() => window.scrollTo(0, 10_000));
    await logBecomes(page, 'start', 1);
    await logBecomes(page, 'start, pause');
    expect(
      await page.evaluate(() => {
        const [a, b] = document.querySelectorAll<Sample>('clebsch-sample');
        return a.gpu !== null && a.gpu === b.gpu;
      }),
    ).toBe(true);
    const hide = (hidden: boolean) =>
      page.evaluate((value) => {
        Object.defineProperty(document, 'hidden', { value, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }, hidden);
    await hide(true);
    await logBecomes(page, 'start, pause', 1);
    await hide(false);
    await logBecomes(page, 'start, pause, resume', 1);
    await page.evaluate(() => window.scrollTo(0, 0));
    await logBecomes(page, 'start, pause, resume');
    await logBecomes(page, 'start, pause, resume, pause', 1);
    expect(complaints).toEqual([]);
  });

  test('removing one frees its memory; moving one does not stop it', async () => {
    const { page, complaints } = await open('<div id="a"></div><div id="b"></div>', '', {
      before: countMemory,
    });
    const live = () => page.evaluate(() => (globalThis as unknown as { liveBytes: number }).liveBytes);
    const add = async () => {
      await page.evaluate(() =>
        document.getElementById('a')!.append(document.createElement('clebsch-sample')),
      );
      await logBecomes(page, 'start');
      // Drawn at least once.
      await page.evaluate(
        () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
      );
    };
    const remove = () => on(page, (element) => element.remove());
    await add();
    await remove();
    // What the device keeps for all: the forms that scenes draw.
    const shared = await live();
    await add();
    expect(await live()).toBeGreaterThan(shared + 500 * 4 * 4);
    await on(page, (element) => document.getElementById('b')!.append(element));
    await page.waitForTimeout(100);
    expect(await logOf(page)).toBe('start');
    await remove();
    await expect.poll(live).toBe(shared);
    expect(complaints).toEqual([]);
  });

  test('after the GPU was lost, all elements go on with the next one', async () => {
    const { page } = await open(sample + sample);
    await logBecomes(page, 'start', 1);
    await on(page, (element) => element.gpu!.device.destroy());
    for (const n of [0, 1]) {
      await logBecomes(page, 'start, stop, start', n);
      await notice(page).nth(n).getByText('The GPU was lost').waitFor();
      await notice(page).nth(n).getByText('It goes on with a new one.').waitFor();
    }
    expect(
      await page.evaluate(() => {
        const [a, b] = document.querySelectorAll<Sample>('clebsch-sample');
        return a.gpu === b.gpu;
      }),
    ).toBe(true);
    // And once more.
    await on(page, (element) => element.gpu!.device.destroy());
    await logBecomes(page, 'start, stop, start, stop, start', 1);
  });

  test('where the GPU was lost for good, it goes on without', async () => {
    const { page } = await open(sample);
    await logBecomes(page, 'start');
    await on(page, (element) => {
      Object.defineProperty(navigator.gpu, 'requestAdapter', { value: async () => null });
      element.gpu!.device.destroy();
    });
    await logBecomes(page, 'start, stop, start without');
    await notice(page).getByText('found no adapter').waitFor();
    await expect.poll(() => on(page, paintedPixels)).toBeGreaterThan(1000);
  });

  test.each(gpuMissing)(
    '%s: a sentence, and the picture is painted on a 2D canvas',
    async (_, sentence, before) => {
      const { page, complaints } = await open(sample, '', { before });
      await logBecomes(page, 'start without');
      await notice(page).getByText(sentence).waitFor();
      await expect.poll(() => on(page, paintedPixels)).toBeGreaterThan(1000);
      expect(complaints).toEqual([]);
    },
  );
});

describe('the scene', () => {
  test('is turned by dragging and by arrow keys, and stands in the page for everybody', async () => {
    const { page, complaints } = await open(sample);
    await logBecomes(page, 'start');
    const picture = page.getByRole('application', { name: 'Four balls' });
    const shot = () => picture.screenshot().then((png) => png.toString('base64'));
    await page.waitForTimeout(300);
    const first = await shot();
    await picture.focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.waitForTimeout(200);
    const turned = await shot();
    expect(turned).not.toBe(first);
    const box = (await picture.boundingBox())!;
    await page.mouse.move(box.x + 100, box.y + 100);
    await page.mouse.down();
    await page.mouse.move(box.x + 160, box.y + 120, { steps: 4 });
    await page.mouse.up();
    await page.waitForTimeout(200);
    const dragged = await shot();
    expect(dragged).not.toBe(turned);
    await page.mouse.move(box.x + 30, box.y + 30);
    await page.waitForTimeout(200);
    expect(await shot()).toBe(dragged);
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });
});

describe('inside an iframe', () => {
  test('only the element is shown, and the parent may read and set its state', async () => {
    const { origin } = pages;
    const frame = `${origin}/sample.html?embed=1&seed=8`;
    const body = '<p>Lesson</p><section><clebsch-sample url-state></clebsch-sample><p>More</p></section>';
    const { page, complaints } = await open(body, '', {}, `<iframe title="Sample" src="${frame}"></iframe>`);
    const inside = page.frameLocator('iframe');
    await inside.getByRole('button', { name: 'Play' }).waitFor();
    expect(await inside.getByText('Lesson').isVisible()).toBe(false);
    expect(await inside.getByText('More').isVisible()).toBe(false);
    await listen(page);
    await say(page, { clebsch: 'get' });
    await heard(page, [{ clebsch: 'state', state: { seed: '8', f: '1,1,1', kind: 'o3', 'show-axes': '1' } }]);
    await say(page, { clebsch: 'set', state: { seed: 9, kind: 'o4' } });
    await heard(page, [
      { clebsch: 'error', message: 'kind is "o4", but must be o3 or so3' },
      { clebsch: 'state', state: { seed: '9', f: '1,1,1', kind: 'o3', 'show-axes': '1' } },
    ]);
    await inside.getByRole('button', { name: 'Play' }).click();
    await heard(page, [{ clebsch: 'step', step: 1 }]);
    await say(page, { clebsch: 'explode' });
    await heard(page, [
      { clebsch: 'error', message: 'there is no message "explode"; known are get and set' },
    ]);
    expect(complaints).toEqual([]);
  });

  test('a parent of another origin is heard only where the address allows it', async () => {
    // The same server under its other name is another origin.
    const other = pages.origin.replace('127.0.0.1', 'localhost');
    const body = '<clebsch-sample url-state></clebsch-sample>';
    const iframe = (query: string) =>
      `<iframe title="Sample" src="${other}/sample.html?embed=1${query}"></iframe>`;
    for (const [query, answers] of [
      ['', 0],
      ['&origin=https://elsewhere.example', 0],
      [`&origin=${pages.origin}`, 1],
    ] as const) {
      const { page, complaints } = await open(body, '', {}, iframe(query));
      await page.frameLocator('iframe').getByRole('button', { name: 'Play' }).waitFor();
      await listen(page);
      await say(page, { clebsch: 'get' });
      await page.waitForTimeout(300);
      expect(await page.evaluate(() => window.heard.length)).toBe(answers);
      expect(complaints).toEqual([]);
    }
  });
});

declare global {
  interface Window {
    heard: unknown[];
  }
}

/** Collects what the iframe says. */
const listen = (page: Page) =>
  page.evaluate(() => {
    window.heard = [];
    window.addEventListener('message', ({ data }) => window.heard.push(data));
  });
const say = (page: Page, message: unknown) =>
  page.evaluate((data) => document.querySelector('iframe')!.contentWindow!.postMessage(data, '*'), message);
async function heard(page: Page, messages: readonly unknown[]): Promise<void> {
  await expect.poll(() => page.evaluate(() => window.heard)).toEqual(messages);
  await page.evaluate(() => {
    window.heard = [];
  });
}

/** Counts bytes of buffers and textures that were made and not yet destroyed. */
async function countMemory(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const counter = globalThis as unknown as { liveBytes: number };
    counter.liveBytes = 0;
    const watch = <T extends { destroy(): undefined }>(thing: T, bytes: number): T => {
      counter.liveBytes += bytes;
      const destroy = thing.destroy.bind(thing);
      let gone = false;
      thing.destroy = () => {
        if (!gone) counter.liveBytes -= bytes;
        gone = true;
        return destroy();
      };
      return thing;
    };
    const { createBuffer, createTexture } = GPUDevice.prototype;
    GPUDevice.prototype.createBuffer = function (descriptor) {
      return watch(createBuffer.call(this, descriptor), descriptor.size);
    };
    GPUDevice.prototype.createTexture = function (descriptor) {
      const texture = createTexture.call(this, descriptor);
      return watch(texture, texture.width * texture.height * texture.sampleCount * 4);
    };
  });
}

/** How many pixels of the element's canvas are not empty. */
function paintedPixels(element: Sample): number {
  const canvas = element.root.querySelector('canvas')!;
  const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width || 1, canvas.height || 1);
  let painted = 0;
  for (let i = 3; i < data.length; i += 4) if (data[i] > 0) painted++;
  return painted;
}
