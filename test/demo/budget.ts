// `npm run budget`: how large the pages are, how soon training starts, and how long it keeps the main thread. Times
// depend on the machine and are only reported; the exit status is 1 where something is too large.
import { parseArgs } from 'node:util';
import { elementFolders, pageFolders } from '../support/site-build.ts';
import { openPages } from './support/open-pages.ts';
import { serveBuiltSite } from './support/serve-site.ts';
import { downloadOf } from './support/site-sizes.ts';

interface Line {
  readonly what: string;
  readonly value: number;
  readonly unit: 'kB' | 'ms';
  readonly budget: number;
}

const { values: options } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const site = await serveBuiltSite();
const pages = await openPages(async () => site);
const lines: Line[] = [];
let adapter = '';
try {
  for (const name of elementFolders)
    lines.push({
      what: `elements/${name}.js and all it loads`,
      value: downloadOf(site.folder, `elements/${name}.js`),
      unit: 'kB',
      budget: 80,
    });
  for (const name of pageFolders)
    lines.push({
      what: `the page ${name}/, without fonts`,
      value: downloadOf(site.folder, `${name}/index.html`),
      unit: 'kB',
      budget: 110,
    });
  lines.push(...(await trainingTimes()));
} finally {
  await pages.close();
}

const met = ({ value, budget }: Line) => value <= budget;
if (options.json)
  console.log(JSON.stringify({ adapter, lines: lines.map((line) => ({ ...line, met: met(line) })) }));
else {
  console.log(`Sizes are gzipped, 1 kB = 1,000 bytes. Adapter: ${adapter}.\n`);
  for (const line of lines) {
    const number = (value: number) => `${value.toFixed(line.unit === 'kB' ? 1 : 0)} ${line.unit}`;
    console.log(
      `${met(line) ? 'met    ' : 'NOT met'}  ${number(line.value).padStart(9)} of ${number(line.budget).padStart(9)}  ${line.what}`,
    );
  }
}
process.exit(lines.some((line) => line.unit === 'kB' && !met(line)) ? 1 : 0);

/** Of the Tetris page, opened for the second time. */
async function trainingTimes(): Promise<Line[]> {
  const { page } = await pages.open('tetris/');
  const train = page.getByRole('button', { name: 'Train' });
  await train.click();
  await firstStep();
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
