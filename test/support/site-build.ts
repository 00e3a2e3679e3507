import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin, UserConfig } from 'vite';
import { leanSources } from './lean-sources.ts';
import { REPOSITORY } from './server.ts';
import { storyPlugin } from './story-plugin.ts';
import { texPlugin } from './tex-plugin.ts';

const DEMO = join(REPOSITORY, 'demo');
const folders = readdirSync(DEMO, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const having = (file: string) =>
  folders.map(({ name }) => name).filter((name) => existsSync(join(DEMO, name, file)));

/** Folders of demo/ that are pages, and those that have an element. */
export const pageFolders = having('index.html').filter((name) => name !== 'embed');
export const elementFolders = having('element.ts').filter((name) => name !== 'shared');

/** package.json promises for the library that modules do nothing when they are imported; elements register themselves. */
function elementsRegister(): Plugin {
  return {
    name: 'clebsch-elements-register',
    transform: {
      filter: { id: /\/demo\/.*\.ts$/ },
      handler: (code) => ({ code, map: null, moduleSideEffects: true }),
    },
  };
}

/** Parts that load later have no style sheets of their own, which is what Vite's helper for them would wait for. */
function plainImports(): Plugin {
  return {
    name: 'clebsch-plain-imports',
    enforce: 'pre',
    load: {
      filter: { id: /vite\/preload-helper/ },
      handler: () => 'export const __vitePreload = (load) => load();',
    },
  };
}

/** The page with embedded elements goes in as it is: nothing of a teacher's page is built. */
function embedPage(): Plugin {
  return {
    name: 'clebsch-embed',
    generateBundle() {
      for (const fileName of ['embed/index.html', 'icon.svg'])
        this.emitFile({ type: 'asset', fileName, source: readFileSync(join(DEMO, fileName)) });
    },
  };
}

/**
 * The site: every page, and each element as a module with a name that stays, `elements/tetris.js`. All paths in it are
 * relative, so it works from any folder of any server; nothing in it is inline, so a strict policy does not break it.
 */
export function siteBuild(outDir = join(REPOSITORY, 'site')): UserConfig {
  const pages = ['index.html', ...pageFolders.map((name) => `${name}/index.html`)];
  return {
    root: DEMO,
    base: './',
    publicDir: false,
    appType: 'mpa',
    plugins: [texPlugin(DEMO), storyPlugin(), leanSources(), elementsRegister(), plainImports(), embedPage()],
    worker: { format: 'es', plugins: leanSources },
    build: {
      target: 'es2023',
      // Browsers that have light-dark(): older ones show the pages in black and white.
      cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
      outDir,
      emptyOutDir: true,
      assetsInlineLimit: 0,
      modulePreload: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input: {
          ...Object.fromEntries(
            pages.map((page) => [page.replace(/\/?index\.html$/, '') || 'gallery', join(DEMO, page)]),
          ),
          ...Object.fromEntries(
            elementFolders.map((name) => [`elements/${name}`, join(DEMO, name, 'element.ts')]),
          ),
        },
        output: {
          entryFileNames: ({ name }) =>
            name.startsWith('elements/') ? '[name].js' : 'assets/[name]-[hash].js',
        },
      },
    },
  };
}
