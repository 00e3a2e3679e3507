import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve, sep } from 'node:path';
import { createServer as createVite } from 'vite';
import { storyPlugin } from './story-plugin.ts';
import { texPlugin } from './tex-plugin.ts';

export const REPOSITORY = resolve(import.meta.dirname, '../..');

export interface ServerOptions {
  /** The folder served at `/`. Default: the repository, so that `/src/index.ts` is a module. */
  root?: string;
  /** A folder whose files are served, as they are, at `/__files__/NAME`. */
  files?: string;
}

export interface RunningServer {
  /** `http://127.0.0.1:PORT`, a secure context, so pages have WebGPU. */
  origin: string;
  close(): Promise<void>;
}

/** Serves this repository's TypeScript to a browser, from memory, on a free port of 127.0.0.1. */
export async function startServer({ root = REPOSITORY, files }: ServerOptions = {}): Promise<RunningServer> {
  const http = createServer((request, response) => {
    // Cross-origin isolation gives performance.now() its full resolution.
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    if (path === '/__blank__') sendBlankPage(response);
    else if (path.startsWith('/__files__/')) void sendFile(files, path.slice('/__files__/'.length), response);
    else vite.middlewares(request, response, () => sendText(response, 404, `no ${path}`));
  });
  const vite = await createVite({
    root,
    configFile: false,
    appType: root === REPOSITORY ? 'custom' : 'mpa',
    logLevel: 'error',
    // Dependencies are ES modules and are served one by one: no bundling step, and no cache folder that two
    // servers would fight over.
    plugins: [texPlugin(join(REPOSITORY, 'demo')), storyPlugin()],
    optimizeDeps: { noDiscovery: true, include: [] },
    server: {
      middlewareMode: true,
      watch: null,
      // Nothing is ever reloaded, but Vite's client in a page reports an error where it has no socket.
      hmr: { server: http },
      fs: { allow: [REPOSITORY, root] },
    },
  });
  await new Promise<void>((done, fail) => http.once('error', fail).listen(0, '127.0.0.1', done));
  return {
    origin: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    async close() {
      http.closeAllConnections();
      await new Promise((done) => http.close(done));
      await vite.close();
    },
  };
}

/** The path of `name` inside `folder`; throws where it would lead out of it. */
export function fileInside(folder: string, name: string): string {
  const path = resolve(folder, name);
  if (!path.startsWith(resolve(folder) + sep)) throw new Error(`${name} is outside of the served folder`);
  return path;
}

function sendBlankPage(response: ServerResponse): void {
  response.setHeader('Content-Type', 'text/html');
  // The empty icon saves a request for /favicon.ico, whose 404 would be reported as a console error.
  response.end('<!doctype html><title>clebsch</title><link rel="icon" href="data:,">');
}

async function sendFile(folder: string | undefined, name: string, response: ServerResponse): Promise<void> {
  try {
    if (folder === undefined) throw new Error('no folder of files was given');
    const path = fileInside(folder, name);
    const { size } = await stat(path);
    response.setHeader('Content-Type', 'application/octet-stream');
    response.setHeader('Content-Length', size);
    createReadStream(path).pipe(response);
  } catch (error) {
    sendText(response, 404, `${name}: ${(error as Error).message}`);
  }
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain');
  response.end(text);
}
