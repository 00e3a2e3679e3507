import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright';

/**
 * Where the tests' browser comes from, in this order: the CLEBSCH_BROWSER variable, a Chrome or Chromium of
 * the system, Playwright's own. Undefined where there is none yet (see `ensureBrowser`).
 */
export function findBrowser(): string | undefined {
  const named = process.env.CLEBSCH_BROWSER;
  if (named) {
    if (!existsSync(named)) throw new Error(`CLEBSCH_BROWSER names ${named}, and there is no such file`);
    return named;
  }
  return [...systemBrowsers(), chromium.executablePath()].find(isExecutable);
}

/** `findBrowser`, or else installs one: by Playwright, and on Debian as root by apt. */
export function ensureBrowser(): string {
  const found = findBrowser();
  if (found) return found;
  const attempts: [string, string[]][] = [['npx', ['playwright', 'install', '--no-shell', 'chromium']]];
  if (existsSync('/etc/debian_version') && process.getuid?.() === 0) {
    attempts.push(['apt-get', ['update', '-qq']], ['apt-get', ['install', '-y', '-qq', 'chromium']]);
  }
  for (const [command, args] of attempts) {
    console.log(`No Chrome or Chromium here; trying: ${command} ${args.join(' ')}`);
    try {
      execFileSync(command, args, {
        stdio: ['ignore', 'inherit', 'inherit'],
        timeout: 300_000,
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      });
    } catch (error) {
      console.log(`  that failed: ${(error as Error).message}`);
    }
    const installed = findBrowser();
    if (installed) return installed;
  }
  throw new Error(
    'The GPU tests need Chrome or Chromium, and none was found or could be installed. Install one, or set ' +
      'CLEBSCH_BROWSER to the path of its executable (chromium-headless-shell does not have WebGPU).',
  );
}

export type Adapter = 'swiftshader' | 'hardware';

/**
 * The kind of WebGPU adapter to ask for: the CLEBSCH_ADAPTER variable, or else hardware where this machine
 * has a GPU and SwiftShader (which ships inside Chromium) where it has not.
 */
export function preferredAdapter(): Adapter {
  const wanted = process.env.CLEBSCH_ADAPTER || 'auto';
  if (wanted === 'swiftshader' || wanted === 'hardware') return wanted;
  if (wanted !== 'auto') throw new Error(`CLEBSCH_ADAPTER is "${wanted}"; use auto, swiftshader or hardware`);
  const hasGpu = process.platform !== 'linux' || existsSync('/dev/dri') || existsSync('/dev/nvidia0');
  return hasGpu ? 'hardware' : 'swiftshader';
}

/** Chromium's flags for WebGPU. With `canvas` a WebGPU canvas also shows in screenshots. */
export function chromiumFlags({ adapter = preferredAdapter(), canvas = false } = {}): string[] {
  const flags = ['--no-sandbox', '--enable-unsafe-webgpu', '--disable-background-networking'];
  const vulkan = ['--enable-features=Vulkan', '--use-angle=vulkan'];
  if (adapter === 'swiftshader') {
    flags.push('--use-webgpu-adapter=swiftshader');
    if (canvas) flags.push(...vulkan, '--use-vulkan=swiftshader');
  } else {
    flags.push('--ignore-gpu-blocklist');
    if (process.platform === 'linux') flags.push(...vulkan);
  }
  return flags;
}

function systemBrowsers(): string[] {
  if (process.platform === 'darwin') {
    return ['Google Chrome', 'Chromium'].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);
  }
  if (process.platform === 'win32') {
    const roots = [process.env.PROGRAMFILES, process.env['PROGRAMFILES(X86)'], process.env.LOCALAPPDATA];
    return roots
      .filter((root) => root !== undefined)
      .map((root) => join(root, 'Google/Chrome/Application/chrome.exe'));
  }
  const names = ['google-chrome-stable', 'google-chrome', 'chromium', 'chromium-browser'];
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  return names.flatMap((name) => folders.map((folder) => join(folder, name)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
