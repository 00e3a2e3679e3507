// `npm test`: everything. `npm run check`: what needs no GPU. `npm test -- FILE ...`: those test files only.
// The last line is `N passed, N failed`; the exit status is nonzero where something failed or nothing ran.
import { spawnSync } from 'node:child_process';
import { startVitest, type TestModule } from 'vitest/node';
import { ensureBrowser } from './browser.ts';
import { ensureVulkanLoader } from './node-gpu.ts';
import { REPOSITORY } from './server.ts';

const CHECKS: Record<string, string> = {
  types: 'tsc',
  'lint and format': 'biome check .',
  'imports between rooms': 'depcruise src shaders demo test vite.config.ts',
};
const SLOW_CHECKS: Record<string, string> = {
  build: 'npm run build --silent',
  'package contents': 'publint',
  docs: 'typedoc --logLevel Warn',
};

const args = process.argv.slice(2);
const withoutGpu = args.includes('--no-gpu');
const files = args.filter((arg) => !arg.startsWith('-'));

let passed = 0;
let failed = 0;
if (!withoutGpu) {
  process.env.CLEBSCH_BROWSER = ensureBrowser();
  if (process.platform === 'linux') ensureVulkanLoader();
}
if (files.length === 0) runChecks(withoutGpu ? CHECKS : { ...CHECKS, ...SLOW_CHECKS });
await runVitest();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);

function runChecks(checks: Record<string, string>): void {
  for (const [name, command] of Object.entries(checks)) {
    const began = performance.now();
    const { status } = spawnSync(command, {
      cwd: REPOSITORY,
      shell: true,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    console.log(`${status === 0 ? '✓' : '✗'} ${name} (${command}) ${seconds} s`);
    if (status === 0) passed++;
    else failed++;
  }
}

async function runVitest(): Promise<void> {
  const vitest = await startVitest('test', files, {
    root: REPOSITORY,
    run: true,
    watch: false,
    project: withoutGpu ? ['node'] : undefined,
    reporters: ['default', 'json'],
    outputFile: { json: 'test-results/vitest.json' },
  });
  const counts: Record<string, { passed: number; failed: number; skipped: number }> = {};
  for (const module of vitest.state.getTestModules()) {
    const { name } = module.project;
    counts[name] ??= { passed: 0, failed: 0, skipped: 0 };
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') counts[name].passed++;
      else if (state === 'skipped') counts[name].skipped++;
      else counts[name].failed++; // `pending` at the end of a run: it never finished
      if (state === 'skipped') console.log(`skipped: ${module.relativeModuleId} > ${test.fullName}`);
    }
    // A file that could not be loaded, or whose hooks failed, has no failed test to show for it.
    if (failedOutsideOfTests(module)) counts[name].failed++;
  }
  for (const [name, count] of Object.entries(counts)) {
    console.log(`${name}: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
    passed += count.passed;
    failed += count.failed;
  }
  failed += vitest.state.getUnhandledErrors().length;
  // Vitest sets the exit status for reasons of its own too, a coverage limit or a crashed worker, say.
  if (process.exitCode && failed === 0) failed = 1;
  await vitest.close();
}

function failedOutsideOfTests(module: TestModule): boolean {
  const anyFailedTest = [...module.children.allTests()].some((test) => test.result().state === 'failed');
  return module.state() === 'failed' && !anyFailedTest;
}
