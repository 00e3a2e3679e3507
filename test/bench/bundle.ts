import { relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { builtChunks } from '../support/library-build.ts';
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
   * trainer of the demo, which bundlers cut out of the package. The shaders that any network needs are in it; the formats of
   * checkpoints, which are loaded when one is saved or read, are not.
   */
  readonly engine: BundleBytes;
  /** Everything that the package exports: files, dynamics, training on forces, checks and all models besides. */
  readonly everything: BundleBytes & {
    /** The modules that most of it comes from, with their characters before minification. */
    readonly largest: readonly { readonly module: string; readonly characters: number }[];
  };
}

/** Builds both in memory, and compresses them, file by file. */
export async function bundleSize(): Promise<BundleSize> {
  const engine = await builtChunks('demo/shared/tetris-trainer.ts');
  const everything = await builtChunks('src/index.ts');
  const chunks = [...everything.atOnce, ...everything.later];
  const modules = chunks.flatMap((chunk) =>
    Object.entries(chunk.modules).map(([module, { renderedLength }]) => ({
      module: relative(REPOSITORY, module),
      characters: renderedLength,
    })),
  );
  const largest = modules.sort((a, b) => b.characters - a.characters).slice(0, 5);
  return { engine: bytesOf(engine.atOnce), everything: { ...bytesOf(chunks), largest } };
}

function bytesOf(chunks: readonly { readonly code: string }[]): BundleBytes {
  const sum = (size: (code: string) => number) => chunks.reduce((total, { code }) => total + size(code), 0);
  return {
    minified: sum((code) => Buffer.byteLength(code)),
    minifiedGzip: sum((code) => gzipSync(code, { level: 9 }).length),
  };
}
