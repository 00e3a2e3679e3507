// Compares the engine with e3nn's numbers, in f64 and on the GPU. Prints a line a family and the failing cases. Exit status
// 1 if a case fails or a family is missing, 2 if the arguments make no sense.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { choiceWithout } from '../support/optimizations.ts';
import { openRuntime, type RuntimeKind } from '../support/runtime.ts';
import {
  type FamilyReport,
  failureLines,
  notCoveredLines,
  reportFamily,
  tableHead,
  tableRow,
  toJson,
} from './report.ts';
import type { CaseResult, FileResult } from './run.ts';
import { DEFAULT_FOLDER, select } from './selection.ts';

const usage = `npm run conformance -- [DIR] [options]
  DIR                      folder of fixtures (default test/fixtures)
  --family NAME            only this family; several may be named
  --runtime chromium|node  headless browser, or Node with Dawn (default chromium)
  --without RULE           compile without this optimization; several may be named, "all" is all of them
  --verbose                a line a case
  --json                   one JSON object as the last line`;

function fail(message: string): never {
  console.error(`conformance: ${message}\n\n${usage}`);
  process.exit(2);
}

/** What `body` gives; where it throws, the usage. */
function orUsage<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    return fail((error as Error).message);
  }
}

const { values: options, positionals } = orUsage(() =>
  parseArgs({
    allowPositionals: true,
    options: {
      runtime: { type: 'string', default: 'chromium' },
      family: { type: 'string', multiple: true, default: [] },
      without: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  }),
);
if (options.help) {
  console.log(usage);
  process.exit(0);
}
if (options.runtime !== 'chromium' && options.runtime !== 'node')
  fail(`--runtime is chromium or node, not ${options.runtime}`);
if (positionals.length > 1) fail(`one folder at most, not ${positionals.join(' ')}`);

const kind = options.runtime as RuntimeKind;
const folder = resolve(positionals[0] ?? DEFAULT_FOLDER);
const optimizations = orUsage(() => choiceWithout(options.without));
const selection = orUsage(() => select(folder, options.family));
const reports: FamilyReport[] = [];
let adapter: string | null = null;
const progress = showProgress();

console.log(tableHead);
const began = performance.now();
const runtime = await openRuntime(kind, { files: folder });
try {
  for (const { family, files } of selection.files) {
    const start = performance.now();
    const results: CaseResult[] = [];
    const notCovered: Record<string, number> = {};
    for (const file of files) {
      const prefix = file === family ? '' : `${file}: `;
      const onMessage = (message: unknown) => progress.show(family, message as { case: string });
      try {
        const result: FileResult = await runtime.run(
          'test/conformance/run.ts',
          'runFile',
          { file, optimizations },
          onMessage,
        );
        adapter ??= result.adapter;
        for (const [name, count] of Object.entries(result.notCovered))
          notCovered[name] = (notCovered[name] ?? 0) + count;
        results.push(...result.cases.map((one) => ({ ...one, case: prefix + one.case })));
      } catch (error) {
        results.push({
          case: `${prefix}(the whole file)`,
          measurements: [],
          failure: (error as Error).message,
        });
      }
    }
    progress.clear();
    const report = reportFamily(family, results, notCovered);
    reports.push(report);
    console.log(`${tableRow(report)}  ${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
} finally {
  await runtime.close();
}

for (const line of reports.flatMap(failureLines)) console.log(line);
for (const line of reports.flatMap(notCoveredLines)) console.log(line);
for (const family of selection.missing) console.log(`missing: ${family}`);
if (selection.notCovered.length > 0)
  console.log(`not run: ${selection.notCovered.join(', ')} (in the folder, but not covered by this version)`);
const cases = reports.reduce((sum, report) => sum + report.cases, 0);
const failed = cases - reports.reduce((sum, report) => sum + report.passed, 0);
const passed = failed === 0 && cases > 0 && selection.missing.length === 0;
const seconds = ((performance.now() - began) / 1000).toFixed(0);
const missing = selection.missing.length > 0 ? `, ${selection.missing.length} families missing` : '';
const left = reports.flatMap(({ notCovered }) => Object.values(notCovered)).reduce((sum, n) => sum + n, 0);
const notCovered = left > 0 ? `, ${left} not covered` : '';
console.log(
  `${cases - failed} passed, ${failed} failed${missing}${notCovered} (${kind}, ${adapter ?? 'no GPU'}, ${seconds} s)`,
);
if (options.json)
  console.log(toJson({ runtime: kind, adapter, families: reports, missing: selection.missing, passed }));
process.exitCode = passed ? 0 : 1;

/** One line on stderr that is written over (a terminal), a line a case (--verbose), or nothing. */
function showProgress(): { show(family: string, message: { case: string }): void; clear(): void } {
  const { isTTY } = process.stderr;
  const out = process.stderr;
  if (options.verbose)
    return { show: (family, { case: name }) => void out.write(`${family} ${name}\n`), clear: () => {} };
  if (!isTTY) return { show: () => {}, clear: () => {} };
  return {
    show: (family, { case: name }) => void out.write(`\r\x1b[K${family} ${name}`.slice(0, 110)),
    clear: () => void out.write('\r\x1b[K'),
  };
}
