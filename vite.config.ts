import { resolve } from 'node:path';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { chromiumFlags, findBrowser } from './test/support/browser.ts';
import { examplesPlugin } from './test/support/examples-plugin.ts';
import { leanSources } from './test/support/lean-sources.ts';
import { libraryBuild } from './test/support/library-build.ts';
import { siteBuild } from './test/support/site-build.ts';
import { storyPlugin } from './test/support/story-plugin.ts';
import { texPlugin } from './test/support/tex-plugin.ts';

const repository = import.meta.dirname;
const isTest = process.env.VITEST !== undefined;

// Tests of whole programs: they run in Node and start browsers or servers of their own.
const wholePrograms = [
  'test/demo/**/*.test.ts',
  'test/conformance/**/*.test.ts',
  'test/bench/cli.test.ts',
  'test/support/runtime.test.ts',
];
const gpuTests = ['test/gpu/**/*.test.ts'];
// What only a browser has, its file system and database.
const browserTests = ['test/io/browser/**/*.test.ts'];

// `vite` serves the pages; `vite build` writes the library, `vite build --mode site` the pages; the tests see the whole
// repository.
export default defineConfig(({ command, mode }) => {
  if (isTest) return testing;
  if (command === 'serve')
    return {
      root: resolve(repository, 'demo'),
      appType: 'mpa',
      publicDir: false,
      plugins: [texPlugin(resolve(repository, 'demo')), storyPlugin()],
      server: { host: '127.0.0.1', fs: { allow: [repository] } },
    };
  if (mode === 'site') return siteBuild();
  return {
    root: repository,
    publicDir: false,
    plugins: leanSources(),
    build: libraryBuild('src/index.ts'),
  };
});

const testing: ViteUserConfig = {
  root: repository,
  publicDir: false,
  plugins: [examplesPlugin(repository)],
  server: { host: '127.0.0.1', fs: { allow: [repository] } },
  test: {
    // Node cannot load wgsl_reflect's `main` (CommonJS in a package that says it is ESM); Vite takes its `module`.
    server: { deps: { inline: ['wgsl_reflect'] } },
    testTimeout: 30_000,
    // Two projects at a time would share two cores and one software GPU; each has a group of its own.
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: [...gpuTests, ...browserTests, ...wholePrograms],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        optimizeDeps: { include: ['gl-matrix', 'fast-check'] },
        test: {
          name: 'gpu',
          include: [...gpuTests, ...browserTests],
          testTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: { executablePath: isTest ? findBrowser() : undefined, args: chromiumFlags() },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
      {
        extends: true,
        test: {
          name: 'dawn',
          include: gpuTests,
          testTimeout: 120_000,
          setupFiles: ['test/support/dawn.setup.ts'],
          // Forks, because a thread's process.env does not reach the Vulkan loader.
          pool: 'forks',
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'programs',
          include: wholePrograms,
          testTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
};
