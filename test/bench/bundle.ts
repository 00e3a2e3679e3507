import { relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { REPOSITORY } from '../support/server.ts';

/** Bytes of the engine's bundle, without demo. */
export interface BundleSize {
  /** As an application's bundler leaves it: everything that the package exports, minified. */
  readonly minified: number;
  readonly minifiedGzip: number;
  /** The modules that most of it comes from, with their characters before minification. */
  readonly largest: readonly { readonly module: string; readonly characters: number }[];
}

/** Builds `src/index.ts` with all its exports into one minified module, in memory, and compresses it. */
export async function bundleSize(): Promise<BundleSize> {
  const built = await build({
    root: REPOSITORY,
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      target: 'es2023',
      modulePreload: false,
      rollupOptions: {
        input: 'src/index.ts',
        preserveEntrySignatures: 'strict',
        output: { format: 'es', minify: true },
      },
    },
  });
  const outputs = [built].flat().flatMap((one) => ('output' in one ? one.output : []));
  const chunks = outputs.filter((file) => file.type === 'chunk');
  const code = chunks.map((chunk) => chunk.code).join('\n');
  const largest = chunks
    .flatMap((chunk) => Object.entries(chunk.modules))
    .map(([module, { renderedLength }]) => ({
      module: relative(REPOSITORY, module),
      characters: renderedLength,
    }))
    .sort((a, b) => b.characters - a.characters)
    .slice(0, 5);
  return {
    minified: Buffer.byteLength(code),
    minifiedGzip: gzipSync(code, { level: 9 }).length,
    largest,
  };
}
