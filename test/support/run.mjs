// Runs a TypeScript program of this repository under Node, with Vite's imports (`.ts`, `?raw`):
//   node test/support/run.mjs path/to/program.ts [arguments]
// The program finds its arguments in process.argv.slice(2), as if Node had started it.
import { resolve } from 'node:path';
import { createServer, createServerModuleRunner } from 'vite';

const [entry, ...args] = process.argv.slice(2);
if (!entry) {
  console.error('usage: node test/support/run.mjs program.ts [arguments]');
  process.exit(2);
}
process.argv = [process.argv[0], resolve(entry), ...args];

// The server listens on no port and watches no file, so it does not keep the process alive.
const server = await createServer({
  root: resolve(import.meta.dirname, '../..'),
  configFile: false,
  logLevel: 'error',
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true, include: [] },
});
await createServerModuleRunner(server.environments.ssr, { hmr: false }).import(resolve(entry));
