import { relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { libraryBuild, plainShaders } from '../support/library-build.ts';
import { REPOSITORY } from '../support/server.ts';

/** Bytes of a bundle, built and minified as the package is. */
export interface BundleBytes {
  readonly minified: number;
  readonly minifiedGzip: number;
}

/** Bytes of what a page loads, without the page. */
export interface BundleSize {
  /**
   * The engine: what an application has to load that builds a network, differentiates it, compiles it and trains it, the
   * trainer of the demo, which bundlers cut out of the package. The shaders that any network needs are in it.
   */
  readonly engine: BundleBytes;
  /** Everything that the package exports: files, dynamics, training on forces, checks and all models besides. */
  readonly everything: BundleBytes & {
    /** The modules that most of it comes from, with their characters before minification. */
    readonly largest: readonly { readonly module: string; readonly characters: number }[];
  };
}

/** Builds both in memory, and compresses them. */
export async function bundleSize(): Promise<BundleSize> {
  const engine = await built('demo/shared/tetris-trainer.ts');
  const everything = await built('src/index.ts');
  const largest = everything.modules.sort((a, b) => b.characters - a.characters).slice(0, 5);
  return { engine: engine.bytes, everything: { ...everything.bytes, largest } };
}

async function built(entry: string) {
  const result = await build({
    root: REPOSITORY,
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    plugins: [plainShaders()],
    build: { ...libraryBuild(entry), write: false, sourcemap: false },
  });
  const outputs = [result].flat().flatMap((one) => ('output' in one ? one.output : []));
  const chunks = outputs.filter((file) => file.type === 'chunk');
  const code = chunks.map((chunk) => chunk.code).join('\n');
  const bytes: BundleBytes = {
    minified: Buffer.byteLength(code),
    minifiedGzip: gzipSync(code, { level: 9 }).length,
  };
  const modules = chunks
    .flatMap((chunk) => Object.entries(chunk.modules))
    .map(([module, { renderedLength }]) => ({
      module: relative(REPOSITORY, module),
      characters: renderedLength,
    }));
  return { bytes, modules };
}
