import { readFile } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { type Browser, type BrowserContext, chromium, type JSHandle, type Page } from 'playwright';
import { type Adapter, chromiumFlags, ensureBrowser, preferredAdapter } from './browser.ts';
import { installNodeGpu } from './node-gpu.ts';
import type { RunContext, RunFunction } from './run-in-page.ts';
import { fileInside, REPOSITORY, type RunningServer, startServer } from './server.ts';

export type { RunContext };

export type RuntimeKind = 'chromium' | 'node';

export interface RuntimeOptions {
  /** The folder that `readFile` reads. */
  files?: string;
  /** Default `auto`: hardware where this machine has a GPU, or what the CLEBSCH_ADAPTER variable says. */
  adapter?: 'auto' | Adapter;
  /** Chromium only: what to do with the page's console errors and warnings. Default: print them. */
  onConsole?: (type: string, text: string) => void;
  /** Chromium only: the folder of the browser's profile, with its caches. Default: a new one, gone afterwards. */
  profile?: string;
}

export interface Runtime {
  readonly kind: RuntimeKind;
  /**
   * Runs the exported function `exportName` of the TypeScript module `modulePath` (from the repository's
   * root) with WebGPU available, and returns its result: JSON values and typed arrays.
   */
  run<T>(
    modulePath: string,
    exportName: string,
    arg?: unknown,
    onMessage?: (message: unknown) => void,
  ): Promise<T>;
  close(): Promise<void>;
}

/**
 * A place with WebGPU: a page in headless Chromium, or this Node process with Dawn.
 *
 * @example
 * const runtime = await openRuntime('chromium', { files: 'test/fixtures' });
 * try {
 *   await runtime.run('test/conformance/linear.ts', 'linear', { tolerance: 1e-5 });
 * } finally {
 *   await runtime.close();
 * }
 */
export function openRuntime(kind: RuntimeKind, options: RuntimeOptions = {}): Promise<Runtime> {
  return kind === 'chromium' ? openChromium(options) : openNode(options);
}

/** Launches the found browser, headless. Playwright ends it when this process ends, on SIGINT too. */
export function launchBrowser(
  options: { adapter?: 'auto' | Adapter; canvas?: boolean } = {},
): Promise<Browser> {
  const adapter = options.adapter === 'auto' ? preferredAdapter() : options.adapter;
  return chromium.launch({
    executablePath: ensureBrowser(),
    args: chromiumFlags({ adapter, canvas: options.canvas }),
  });
}

/** Launches it with the profile of a folder, which another launch may find again. */
function launchProfile(folder: string, { adapter }: RuntimeOptions): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, {
    executablePath: ensureBrowser(),
    args: chromiumFlags({ adapter: adapter === 'auto' ? preferredAdapter() : adapter }),
  });
}

async function openNode({ files, adapter }: RuntimeOptions): Promise<Runtime> {
  await installNodeGpu(adapter === 'auto' ? undefined : adapter);
  return {
    kind: 'node',
    async run<T>(
      modulePath: string,
      exportName: string,
      arg?: unknown,
      onMessage?: (message: unknown) => void,
    ) {
      const module = await import(/* @vite-ignore */ resolve(REPOSITORY, modulePath));
      const task: RunFunction | undefined = module[exportName];
      if (typeof task !== 'function') {
        throw new Error(`${modulePath} does not export a function ${exportName}`);
      }
      const context: RunContext = {
        arg,
        post: (message) => onMessage?.(message),
        readFile: async (name) => {
          if (files === undefined) throw new Error('readFile: no folder of files was given');
          return new Uint8Array(await readFile(fileInside(files, name)));
        },
      };
      return (await task(context)) as T;
    },
    async close() {},
  };
}

async function openChromium(options: RuntimeOptions): Promise<Runtime> {
  const onConsole = options.onConsole ?? ((type, text) => console.error(`[page ${type}] ${text}`));
  const [server, browser] = await settleAll<RunningServer, Browser | BrowserContext>([
    startServer({ files: options.files && resolve(options.files) }),
    options.profile ? launchProfile(options.profile, options) : launchBrowser({ adapter: options.adapter }),
  ]);
  const close = async () => {
    await browser.close();
    await server.close();
  };
  try {
    const page = await browser.newPage();
    const listeners = new Map<number, (message: unknown) => void>();
    const failures = new Set<(error: Error) => void>();
    const fail = (error: Error) => {
      for (const reject of failures) reject(error);
    };
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning')
        onConsole(message.type(), message.text());
    });
    page.on('pageerror', fail);
    page.on('crash', () => fail(new Error('the browser page crashed')));
    page.on('close', () => fail(new Error('the browser page was closed')));
    await page.exposeFunction('clebschPost', (run: number, message: unknown) =>
      listeners.get(run)?.(message),
    );
    await page.goto(`${server.origin}/__blank__`);
    const pageModule = await importInPage<typeof import('./run-in-page.ts')>(
      page,
      'test/support/run-in-page.ts',
    );

    let runs = 0;
    return {
      kind: 'chromium',
      async run<T>(
        modulePath: string,
        exportName: string,
        arg?: unknown,
        onMessage?: (message: unknown) => void,
      ) {
        const run = runs++;
        if (onMessage) listeners.set(run, onMessage);
        let reject: (error: Error) => void = () => {};
        const failed = new Promise<never>((_, no) => {
          reject = no;
          failures.add(no);
        });
        try {
          const result = importInPage<Record<string, RunFunction>>(page, modulePath).then((module) =>
            pageModule.evaluate(
              (support, { run, module, exportName, arg, modulePath }) => {
                const task = module[exportName];
                if (typeof task !== 'function')
                  throw new Error(`${modulePath} does not export a function ${exportName}`);
                return support.runInPage(run, task, arg);
              },
              { run, module, exportName, arg, modulePath },
            ),
          );
          result.catch(() => {}); // where `failed` was first
          return (await Promise.race([result, failed])) as T;
        } finally {
          failures.delete(reject);
          listeners.delete(run);
        }
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Imports by text, because Vite rewrites any `import()` written in this file into one for Node. */
function importInPage<M>(page: Page, modulePath: string): Promise<JSHandle<M>> {
  const url = `/${relative(REPOSITORY, resolve(REPOSITORY, modulePath)).split(sep).join('/')}`;
  return page.evaluateHandle<M>(`import(${JSON.stringify(url)})`);
}

/** Promise.all, but where one fails whatever else was opened is closed first. */
async function settleAll<A extends Closable, B extends Closable>(
  opening: [Promise<A>, Promise<B>],
): Promise<[A, B]> {
  const settled = await Promise.allSettled(opening);
  const failure = settled.find((s) => s.status === 'rejected');
  if (!failure) return Promise.all(opening);
  await Promise.all(settled.map((s) => (s.status === 'fulfilled' ? s.value.close() : undefined)));
  throw failure.reason;
}

interface Closable {
  close(): Promise<void>;
}
