import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { REPOSITORY } from '../support/server.ts';

/** Another engine beside Clebsch, on one workload. */
export interface PeerFigure {
  readonly workload: string;
  /** Milliseconds of the best step of jax-js's fastest variant, and of Clebsch's. */
  readonly peer: number;
  readonly clebsch: number;
  readonly ratio: number;
}

interface PeerGroup {
  readonly id: string;
  readonly best?: number;
  readonly variants: readonly {
    readonly time?: { readonly step?: { readonly min: number } };
    readonly failed?: string;
  }[];
}

/** peerbench's names of the workloads. */
const names = { 'W1-50': 'tetris-50', 'W1-8': 'tetris-8', W2: 'conv' } as const;

/** Lines of peerbench's own files that name the pages and the peers, and what they become. */
const edits: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'build.mjs': [["for (const p of ['jax',", "for (const p of ['clebsch', 'jax',"]],
  'jobs.mjs': [
    [
      '  const peers = [\n',
      "  const peers = [\n    { peer: 'clebsch', page: 'clebsch', host: 'chromium', backend: 'webgpu' },\n",
    ],
    ['  const w1 = {\n', "  const w1 = {\n    clebsch: V('fused index flat'),\n"],
    ['  const w2 = {\n', "  const w2 = {\n    clebsch: V('fused index flat'),\n"],
    ['const kind = (p) => (', "const kind = (p) => (p.peer === 'clebsch' ? 'clebsch' : "],
  ],
};

/**
 * Puts Clebsch's page into a copy of peerbench, and runs it beside jax-js on WebGPU.
 *
 * @throws Error if the folder is no copy of peerbench, its dependencies are missing, or it did not run.
 */
export async function runPeers(
  folder: string,
  quick: boolean,
  log: (line: string) => void,
): Promise<PeerFigure[]> {
  const at = resolve(folder);
  log(`peers, in ${folder}`);
  execFileSync('npm', ['run', 'build', '--silent'], {
    cwd: REPOSITORY,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const dist = join(REPOSITORY, 'dist');
  for (const file of readdirSync(dist).filter((name) => name.endsWith('.js')))
    copyFileSync(join(dist, file), join(at, 'src', file));
  copyFileSync(join(import.meta.dirname, 'peers/page_clebsch.js'), join(at, 'src/page_clebsch.js'));
  for (const [file, changes] of Object.entries(edits)) {
    const path = join(at, file);
    const text = readFileSync(path, 'utf8');
    if (text.includes("'clebsch'")) continue;
    const changed = changes.reduce((before, [from, to]) => {
      if (!before.includes(from))
        throw new Error(`${path} has no "${from.trim()}": another version of peerbench?`);
      return before.replace(from, to);
    }, text);
    writeFileSync(path, changed);
  }
  const out = join(at, 'clebsch-out.json');
  const only = `^(jax-webgpu|clebsch):(${Object.keys(names).join('|')})$`;
  const args = ['run.mjs', '--json', out, '--only', only, ...(quick ? ['--quick'] : [])];
  const { status } = spawnSync(process.execPath, args, { cwd: at, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`peerbench ended with ${status}; has \`npm install\` run in ${folder}?`);
  const { groups } = JSON.parse(readFileSync(out, 'utf8')) as { groups: readonly PeerGroup[] };
  return Object.entries(names).flatMap(([id, workload]) => {
    const best = (peer: string) => {
      const group = groups.find((g) => g.id === `${peer}:${id}`);
      const found = group?.best === undefined ? null : group.variants[group.best].time?.step?.min;
      if (!found) log(`${peer}:${id} did not run: ${group?.variants.map((v) => v.failed).join('; ')}`);
      return found;
    };
    const [peer, clebsch] = [best('jax-webgpu'), best('clebsch')];
    return peer && clebsch ? [{ workload, peer, clebsch, ratio: peer / clebsch }] : [];
  });
}
