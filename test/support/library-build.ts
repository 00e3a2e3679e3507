import { type BuildOptions, build, type Rolldown } from 'vite';
import { leanSources } from './lean-sources.ts';
import { REPOSITORY } from './server.ts';

/** How the package is built from `src/index.ts`, or an application from an entry of its own. */
export function libraryBuild(entry: string): BuildOptions {
  return {
    target: 'es2023',
    lib: { entry, formats: ['es'], fileName: () => 'clebsch.js' },
    // Vite's own `minify` leaves the spaces in a library, for the sake of annotations that Rolldown's keeps anyway.
    minify: false,
    // Formats of files, which a trainer loads when it saves, are files of their own. In one file, modules would run by calls, and
    // an application's bundler could leave none out.
    rolldownOptions: { output: { minify: true, chunkFileNames: '[name].js' } },
    sourcemap: true,
  };
}

/**
 * What an entry comes to when it is built as the package is, in memory: the chunks that it loads at once, and those that come
 * later. `text` is the entry's own, where it is no file.
 */
export async function builtChunks(entry: string, text?: string) {
  const isEntry = (id: string) => text !== undefined && id.endsWith(entry);
  const given = {
    name: 'clebsch-entry',
    resolveId: (id: string) => (isEntry(id) ? id : undefined),
    load: (id: string) => (isEntry(id) ? text : undefined),
  };
  const result = await build({
    root: REPOSITORY,
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    plugins: [leanSources(), given],
    build: { ...libraryBuild(entry), write: false, sourcemap: false },
  });
  const outputs = [result].flat().flatMap((one) => ('output' in one ? one.output : []));
  const chunks = outputs.filter((file) => file.type === 'chunk');
  const atOnce = new Set<Rolldown.OutputChunk>();
  const load = (chunk: Rolldown.OutputChunk): void => {
    atOnce.add(chunk);
    for (const file of chunk.imports) load(chunks.find(({ fileName }) => fileName === file)!);
  };
  load(chunks.find(({ isEntry }) => isEntry)!);
  return { atOnce: [...atOnce], later: chunks.filter((chunk) => !atOnce.has(chunk)) };
}
