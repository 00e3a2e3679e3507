// `npm run budget`: how large the pages are, how soon training starts, and how long it keeps the main thread. Times
// depend on the machine and are only reported, as is what the Tetris element has loaded once it trains; the exit status is 1
// where the element's module with all that it imports is too large.
import { parseArgs } from 'node:util';
import { timesOf } from '../bench/timing.ts';
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
  /** Whether the exit status depends on it; default: sizes. */
  readonly binding?: boolean;
}

/** Visits of which the median counts. */
const VISITS = 3;
/** What a page that was left has still asked of the GPU process would delay the visit that comes next. */
const PAUSE_MS = 3000;

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
    if (name === 'tetris') lines.push(await everythingOfTetris());
    const what = '... and all that it may load later, without WebGPU a worker with an engine of its own too';
    lines.push({
      what: name === 'tetris' ? what : '... and what it may load later',
      value: all,
      unit: 'kB',
      budget: null,
    });
  }
  for (const name of pageFolders) {
    const value = downloadOf(site.folder, `${name}/index.html`);
    lines.push({ what: `the page ${name}/ before anything is clicked`, value, unit: 'kB', budget: null });
  }
  lines.push(...(await trainingTimes()));
} finally {
  await pages.close();
}

const isBinding = ({ unit, budget, binding = true }: Line) => unit === 'kB' && budget !== null && binding;
const met = ({ value, budget }: Line) => budget === null || value <= budget;
if (options.json)
  console.log(JSON.stringify({ adapter, lines: lines.map((line) => ({ ...line, met: met(line) })) }));
else {
  console.log(`Sizes are gzipped, 1 kB = 1,000 bytes. Adapter: ${adapter}.`);
  console.log('The exit status is 1 if a size marked * is too large; the others are reported.\n');
  for (const line of lines) {
    const number = (value: number) => `${value.toFixed(line.unit === 'kB' ? 1 : 0)} ${line.unit}`;
    const missed = line.budget === null || met(line) ? '' : `; missed by ${number(line.value - line.budget)}`;
    const verdict = line.budget === null ? '' : met(line) ? 'met' : 'NOT met';
    const limit = line.budget === null ? '' : `of ${number(line.budget)}${isBinding(line) ? ' *' : ''}`;
    console.log(
      `${verdict.padEnd(8)} ${number(line.value).padStart(9)} ${limit.padEnd(12)} ${line.what}${missed}`,
    );
  }
}
process.exit(lines.some((line) => isBinding(line) && !met(line)) ? 1 : 0);

/** The Tetris element alone on a page, until it trains and draws its curve: all scripts that it has loaded. */
async function everythingOfTetris(): Promise<Line> {
  let loaded = 0;
  const html = `<!doctype html><title>Alone</title><script type="module" src="elements/tetris.js"></script>
    <clebsch-tetris controls="play,rotate" autoplay></clebsch-tetris>`;
  const { page } = await pages.open('alone.html', {
    before: async (page) => {
      await page.route('**/alone.html', (route) => route.fulfill({ contentType: 'text/html', body: html }));
      page.on('response', async (response) => {
        if (!response.url().endsWith('.js')) return;
        const size = gzippedKilobytes(await response.body());
        loaded += size;
      });
    },
  });
  await page.locator('clebsch-tetris #chart svg.curves').waitFor();
  await page.locator('clebsch-tetris #steps:not([value=""]):not([value="0"])').waitFor();
  return {
    what: 'everything included, file by file: what it has loaded once it trains and draws its curve (the sections below load when they come near the screen)',
    value: loaded,
    unit: 'kB',
    budget: 80,
    binding: false,
  };
}

/** Of the Tetris page, visited again after a visit that trained to the end. */
async function trainingTimes(): Promise<Line[]> {
  const { page } = await pages.open('tetris/?autoplay=1', { before: (page) => page.addInitScript(watch) });
  const address = page.url();
  const seen = () => page.evaluate(() => (globalThis as unknown as { seen: Seen }).seen);
  const until = (what: 'firstStep' | 'isTrained') =>
    page.waitForFunction((name) => (globalThis as unknown as { seen: Seen }).seen[name], what);
  await until('isTrained');
  const visits: Seen[] = [];
  for (let visit = 0; visit < VISITS; visit++) {
    await page.goto('about:blank');
    await page.waitForTimeout(PAUSE_MS);
    await page.goto(address);
    await until('firstStep');
    visits.push(await seen());
  }
  const before = visits.flatMap(({ tasks }) => tasks);
  const alreadySeen = visits.at(-1)!.tasks.length;
  await page.waitForTimeout(5000);
  const during = (await seen()).tasks.slice(alreadySeen);
  adapter = await page.evaluate(async () => {
    const info = (await navigator.gpu.requestAdapter())?.info;
    return info ? [info.vendor, info.architecture, info.description].filter(Boolean).join(' / ') : 'none';
  });
  const longest = (durations: readonly number[]) => Math.max(0, ...durations);
  return [
    {
      what: `first training step after navigation, files and shaders in the cache, median of ${VISITS} visits`,
      value: timesOf(visits.map(({ firstStep }) => firstStep)).median,
      unit: 'ms',
      budget: 1000,
    },
    {
      what: 'longest task of the main thread until that step in any of them (below 50 is 0)',
      value: longest(before),
      unit: 'ms',
      budget: 100,
    },
    {
      what: 'longest task of the main thread in 5 s of training (below 50 is 0)',
      value: longest(during),
      unit: 'ms',
      budget: 100,
    },
  ];
}

interface Seen {
  /** Milliseconds after navigation; 0 before it. */
  firstStep: number;
  isTrained: boolean;
  /** Durations of the long tasks. */
  tasks: number[];
}

/** In the page, before anything else runs there. */
function watch(): void {
  const seen: Seen = { firstStep: 0, isTrained: false, tasks: [] };
  Object.assign(globalThis, { seen });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) seen.tasks.push(duration);
  }).observe({ type: 'longtask', buffered: true });
  // The event does not bubble, but is captured.
  const stepped = () => {
    seen.firstStep ||= performance.now();
  };
  const trained = () => {
    seen.isTrained = true;
  };
  document.addEventListener('step', stepped, { capture: true });
  document.addEventListener('trained', trained, { capture: true });
}
