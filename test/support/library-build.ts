import { readFile } from 'node:fs/promises';
import type { BuildOptions, Plugin } from 'vite';

/** How the package is built from `src/index.ts`, or an application from an entry of its own. */
export function libraryBuild(entry: string): BuildOptions {
  return {
    target: 'es2023',
    lib: { entry, formats: ['es'], fileName: () => 'clebsch.js' },
    // Vite's own `minify` leaves the spaces in a library, for the sake of annotations that Rolldown's keeps anyway.
    minify: false,
    rolldownOptions: { output: { minify: true, codeSplitting: false } },
    sourcemap: true,
  };
}

const SHADER = /\.wgsl\?raw$/;

/** Leaves the comments of shaders out of what is built. */
export function plainShaders(): Plugin {
  return {
    name: 'clebsch-plain-shaders',
    apply: 'build',
    enforce: 'pre',
    load: {
      filter: { id: SHADER },
      async handler(id) {
        const text = await readFile(id.replace(/\?raw$/, ''), 'utf8');
        return `export default ${JSON.stringify(withoutComments(text))};`;
      },
    },
  };
}

/** WGSL without comments and indentation, line by line, so that numbers of lines still hold; directives stay. */
export function withoutComments(wgsl: string): string {
  return wgsl
    .split('\n')
    .map((line) => {
      const at = line.indexOf('//');
      if (at < 0) return line.trim();
      const directive = /^\/\/#(param|end|sized|(slot|import)\s+\w+)/.exec(line.slice(at))?.[0] ?? '';
      return `${line.slice(0, at).trim()} ${directive}`.trim();
    })
    .join('\n');
}
