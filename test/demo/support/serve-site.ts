import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { build } from 'vite';
import { fileInside } from '../../support/server.ts';
import { siteBuild } from '../../support/site-build.ts';
import { POLICY } from '../../support/story-plugin.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** Builds the site into a folder of its own. */
export async function buildSite(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'clebsch-site-'));
  await build({ ...siteBuild(folder), configFile: false, logLevel: 'error' });
  return folder;
}

/**
 * The built site from a plain server, below a folder as teachers put it somewhere, with a strict policy. It stays in the
 * browser's cache.
 */
export async function serveSite(folder: string, below = '/lessons/week 3') {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    try {
      if (path === '/favicon.ico') return response.writeHead(204).end();
      if (!path.startsWith(`${below}/`)) throw new Error('outside');
      const file = fileInside(
        folder,
        path.slice(below.length + 1) + (path.endsWith('/') ? 'index.html' : ''),
      );
      const body = readFileSync(file);
      response.writeHead(200, {
        'Content-Type': types[extname(file)] ?? 'application/octet-stream',
        'Content-Security-Policy': POLICY,
        'Cache-Control': 'max-age=3600',
        'Access-Control-Allow-Origin': '*',
      });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  const { origin, close } = await listen(server);
  return { origin: `${origin}${encodeURI(below)}`, close };
}

/** A page of somebody else: one text at every path, from a server of its own. */
export function servePage(html: string) {
  return listen(
    createServer((_, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end(html)),
  );
}

async function listen(server: Server) {
  await new Promise<void>((done, fail) => server.once('error', fail).listen(0, '127.0.0.1', done));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Built, served, and taken away again when it is closed. */
export async function serveBuiltSite() {
  const folder = await buildSite();
  const server = await serveSite(folder);
  return {
    ...server,
    folder,
    async close() {
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}
