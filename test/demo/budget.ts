// `npm run budget`: how large the pages are, how soon training starts, and how long it keeps the main thread. Times
// depend on the machine and are only reported; the exit status is 1 where something is too large.
import { parseArgs } from 'node:util';
import { elementFolders, pageFolders } from '../support/site-build.ts';
import { openPages } from './support/open-pages.ts';
import { serveBuiltSite } from './support/serve-site.ts';
import { downloadOf, gzippedKilobytes } from './support/site-sizes.ts';

interface Line {
  readonly what: string;
  readonly value: number;
  readonly unit: 'kB' | 'ms';
  /** Null where there is none: for information. */
  readonly budget: number | null;
}

const { values: options } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const site = await serveBuiltSite();
const pages = await openPages(async () => site);
const lines: Line[] = [];
let adapter = '';
try {
  for (const name of elementFolders) {
    const entry = `elements/${name}.js`;
    const now = downloadOf(site.folder, entry);
    const all = downloadOf(site.folder, entry, { later: true });
    const budget = name === 'tetris' ? 80 : null;
    lines.push({ what: `${entry} with all it imports`, value: now, unit: 'kB', budget });
    lines.push({ what: `... and what it may load later`, value: all, unit: 'kB', budget: null });
  }
  for (const name of pageFolders) {
    const value = downloadOf(site.folder, `${name}/index.html`);
    lines.push({ what: `the page ${name}/ before anything is clicked`, value, unit: 'kB', budget: null });
  }
  lines.push(...(await trainingTimes()));
} finally {
  await pages.close();
}

const met = ({ value, budget }: Line) => budget === null || value <= budget;
if (options.json)
  console.log(JSON.stringify({ adapter, lines: lines.map((line) => ({ ...line, met: met(line) })) }));
else {
  console.log(`Sizes are gzipped, 1 kB = 1,000 bytes. Adapter: ${adapter}.\n`);
  for (const line of lines) {
    const number = (value: number) => `${value.toFixed(line.unit === 'kB' ? 1 : 0)} ${line.unit}`;
    const verdict = line.budget === null ? '' : met(line) ? 'met' : 'NOT met';
    const limit = line.budget === null ? '' : `of ${number(line.budget)}`;
    console.log(`${verdict.padEnd(8)} ${number(line.value).padStart(9)} ${limit.padEnd(12)} ${line.what}`);
  }
}
process.exit(lines.some((line) => line.unit === 'kB' && !met(line)) ? 1 : 0);

/** Of the Tetris page, opened for the second time. */
async function trainingTimes(): Promise<Line[]> {
  let loaded = 0;
  const { page } = await pages.open('tetris/', {
    before: async (page) => {
      page.on('response', async (response) => {
        if (response.url().endsWith('.js')) loaded += gzippedKilobytes(await response.body());
      });
    },
  });
  const train = page.getByRole('button', { name: 'Train' });
  await train.click();
  await firstStep();
  const atFirstStep = loaded;
  await page.reload();
  await train.click();
  const start = await firstStep();
  adapter = await page.evaluate(async () => {
    const info = (await navigator.gpu.requestAdapter())?.info;
    return info ? [info.vendor, info.architecture, info.description].filter(Boolean).join(' / ') : 'none';
  });
  const longest = await page.evaluate(
    () =>
      new Promise<number>((done) => {
        let longest = 0;
        new PerformanceObserver((list) => {
          for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
        }).observe({ type: 'longtask' });
        setTimeout(() => done(longest), 5000);
      }),
  );
  return [
    {
      what: 'scripts that the Tetris page has loaded at its first step',
      value: atFirstStep,
      unit: 'kB',
      budget: null,
    },
    {
      what: 'first training step after navigation, files and shaders in the cache',
      value: start,
      unit: 'ms',
      budget: 1000,
    },
    {
      what: 'longest task of the main thread in 5 s of training (below 50 is 0)',
      value: longest,
      unit: 'ms',
      budget: 100,
    },
  ];

  function firstStep(): Promise<number> {
    return page.locator('clebsch-tetris').evaluate(
      (element) =>
        new Promise((stepped) => {
          element.addEventListener('step', () => stepped(performance.now()), { once: true });
        }),
    );
  }
}
