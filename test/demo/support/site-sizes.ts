import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Kilobytes of 1,000 bytes of a text, compressed as servers do. */
export const gzippedKilobytes = (text: string | Buffer) => gzipSync(text, { level: 9 }).length / 1000;

/** A built module and everything that it loads, now or later: what it imports, workers, styles. */
export function filesOf(folder: string, entry: string): string[] {
  const found = new Set<string>();
  const visit = (file: string) => {
    if (found.has(file)) return;
    found.add(file);
    if (!/\.(js|html)$/.test(file)) return;
    for (const [, path] of readFileSync(file, 'utf8').matchAll(
      /["'`]((?:\.{1,2}\/|assets\/)[\w./-]+\.(?:js|css))["'`]/g,
    ))
      visit(path.startsWith('.') ? resolve(dirname(file), path) : join(folder, path));
  };
  visit(join(folder, entry));
  return [...found];
}

/** What a visitor downloads for an entry (a page, a module), fonts and pictures aside, in gzipped kilobytes. */
export function downloadOf(folder: string, entry: string): number {
  return filesOf(folder, entry).reduce((sum, file) => sum + gzippedKilobytes(readFileSync(file)), 0);
}
