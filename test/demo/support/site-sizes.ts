import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Kilobytes of 1,000 bytes, compressed as servers do. */
export const gzippedKilobytes = (bytes: Uint8Array) => gzipSync(bytes, { level: 9 }).length / 1000;

/** Files that a built page or module loads at once; with `later` also those that it may load afterwards. */
function filesOf(folder: string, entry: string, later: boolean): string[] {
  const found = new Set<string>();
  const visit = (file: string) => {
    if (found.has(file)) return;
    found.add(file);
    if (!/\.(js|html)$/.test(file)) return;
    const text = readFileSync(file, 'utf8');
    const named = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, path]) => path);
    // Rolldown writes `import{a}from"./b.js"` and `import"./b.js"`; a part that comes later is named in other ways.
    const paths = file.endsWith('.html')
      ? named(/(?:src|href)="([^"]+\.(?:js|css))"/g)
      : later
        ? named(/["'`]((?:\.{1,2}|assets)\/[\w./-]+\.(?:js|css))["'`]/g)
        : named(/(?:\bfrom|\bimport|\})\s*["'](\.{1,2}\/[^"']+\.js)["']/g);
    for (const path of paths) visit(path.startsWith('.') ? resolve(dirname(file), path) : join(folder, path));
  };
  visit(join(folder, entry));
  return [...found];
}

/** What a visitor downloads for a page or a module, fonts and pictures aside, in gzipped kilobytes. */
export function downloadOf(folder: string, entry: string, { later = false } = {}): number {
  return filesOf(folder, entry, later).reduce((sum, file) => sum + gzippedKilobytes(readFileSync(file)), 0);
}
