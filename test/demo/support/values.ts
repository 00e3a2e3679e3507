import type { Page } from 'playwright';

/** The number that a `data` element of the page, or of an element on it, holds. */
export async function numberOf(page: Page, id: string): Promise<number> {
  const value = await page.locator(`#${id}`).getAttribute('value');
  return value ? Number(value) : Number.NaN;
}

/** Waits until an element shows what it is there for. */
export function ready(page: Page, element: string): Promise<void> {
  return page.locator(element).evaluate((host) => (host as unknown as { ready: Promise<void> }).ready);
}

/** The numbers in the cells of a table, row by row; minus signs are real ones. */
export async function cellsOf(page: Page, table: string): Promise<number[]> {
  const texts = await page.locator(`${table} td:not(.plain)`).allTextContents();
  return texts.map((text) => Number(text.replace('−', '-')));
}

/** Bytes of a picture of what a canvas shows: an empty one compresses to next to nothing. */
export async function pictureSize(page: Page, canvas: string): Promise<number> {
  return (await page.locator(canvas).screenshot()).length;
}

/** Takes WebGPU away before a page is loaded. */
export function withoutGpu(page: Page): Promise<unknown> {
  return page.addInitScript(() => Object.defineProperty(navigator, 'gpu', { value: undefined }));
}

/** Takes away the adapter that WebGPU would find. */
function withoutAdapter(page: Page): Promise<unknown> {
  return page.addInitScript(() =>
    Object.defineProperty(navigator.gpu, 'requestAdapter', { value: async () => null }),
  );
}

/** Keeps the device that a page asks for, so that a test can take it away. */
export function rememberDevice(page: Page): Promise<unknown> {
  return page.addInitScript(() => {
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (descriptor) {
      const device = await request.call(this, descriptor);
      Object.assign(globalThis, { device });
      return device;
    };
  });
}

/** Takes away the device that the page asked for last. */
export function loseDevice(page: Page): Promise<unknown> {
  return page.evaluate(() => (globalThis as unknown as { device: GPUDevice }).device.destroy());
}

/** How a page may find itself without a GPU: the case, what it then says, and what to do before it is loaded. */
export const gpuMissing = [
  ['no WebGPU', 'This browser has no WebGPU. Use Chrome', withoutGpu],
  ['no adapter', 'found no adapter', withoutAdapter],
] as const;

/** The state of an element as text, once it has been written into the address. */
export async function rememberedState(page: Page, element: string): Promise<string> {
  await page.waitForTimeout(600);
  return stateOf(page, element);
}

/** The state of an element as text. */
export function stateOf(page: Page, element: string): Promise<string> {
  return page
    .locator(element)
    .evaluate((host) => JSON.stringify((host as unknown as { state: object }).state));
}
