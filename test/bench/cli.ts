/** `npm run bench`: how fast everything is on the adapter that is there, beside what the adapter can do. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { choiceWithout } from '../support/optimizations.ts';
import { report } from './report.ts';
import { type BenchOptions, bench, names } from './run.ts';

const usage = `npm run bench -- [options]
  --runtime chromium|node   headless browser, or Node with Dawn (default chromium)
  --quick                   few samples, and no more than 10,000 edges
  --only REGEX              these workloads only; "start-up", "bundle" and "peers" are names too
  --profile                 where the time of each workload goes, by op, by shader, and the ten costliest dispatches
  --without RULE            compile the workloads without this optimization; several may be named, "all" is all of them
  --peers DIR               a copy of peerbench to run too, whatever --only says (test/bench/peers/README.md)
  --json FILE               write everything that was measured; - for the last line of the output`;

function fail(message: string): never {
  console.error(`bench: ${message}\n\n${usage}`);
  process.exit(2);
}

function parse(): { options: BenchOptions; json?: string } {
  try {
    const { values } = parseArgs({
      options: {
        runtime: { type: 'string', default: 'chromium' },
        quick: { type: 'boolean', default: false },
        only: { type: 'string' },
        profile: { type: 'boolean', default: false },
        without: { type: 'string', multiple: true, default: [] },
        peers: { type: 'string' },
        json: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    const { runtime, quick, profile, without } = values;
    const optimizations = choiceWithout(without);
    if (runtime !== 'chromium' && runtime !== 'node')
      fail(`--runtime must be chromium or node, got "${runtime}"`);
    const only = values.only === undefined ? null : new RegExp(values.only);
    if (only && !names.some((name) => only.test(name)))
      fail(`no workload is named like ${only}; known are ${names.join(', ')}`);
    return {
      options: { runtime, quick, profile, optimizations, only, peers: values.peers ?? null },
      json: values.json,
    };
  } catch (error) {
    fail((error as Error).message);
  }
}

const { options, json } = parse();
try {
  const result = await bench(options, (line) => console.error(line));
  console.log(report(result));
  if (json === '-') console.log(JSON.stringify(result));
  else if (json) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
} catch (error) {
  console.error(`bench: ${(error as Error).message}`);
  process.exitCode = 1;
}
