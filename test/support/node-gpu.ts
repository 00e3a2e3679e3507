import { type ExecFileSyncOptions, execFileSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findBrowser, preferredAdapter } from './browser.ts';

/**
 * Gives Node a `navigator.gpu` and WebGPU's global names, from Dawn (npm `webgpu`). Calling it again does
 * nothing. On a machine without a GPU the Vulkan driver is the SwiftShader inside Chromium.
 */
export async function installNodeGpu(adapter = preferredAdapter()): Promise<void> {
  if (globalThis.navigator?.gpu) return;
  if (process.platform === 'linux') {
    ensureVulkanLoader();
    if (adapter === 'swiftshader') useSwiftShader();
  }
  // Imported only now: the Vulkan loader reads the environment once, when Dawn loads.
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  if (!globalThis.navigator) Object.defineProperty(globalThis, 'navigator', { value: {} });
  // Held by `navigator` for as long as the process lives: Dawn's devices must not outlive their GPU object.
  Object.defineProperty(globalThis.navigator, 'gpu', { value: create([]), configurable: true });
}

/** Dawn opens `libvulkan.so.1`; installs it on Debian as root, and else says what is missing. */
export function ensureVulkanLoader(): void {
  const folders = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'];
  folders.push('/usr/local/lib', ...(process.env.LD_LIBRARY_PATH ?? '').split(':').filter(Boolean));
  if (folders.some((folder) => existsSync(join(folder, 'libvulkan.so.1')))) return;
  if (existsSync('/etc/debian_version') && process.getuid?.() === 0) {
    console.log('No Vulkan loader here; trying: apt-get install -y libvulkan1');
    const options: ExecFileSyncOptions = { stdio: ['ignore', 'ignore', 'inherit'], timeout: 300_000 };
    try {
      execFileSync('apt-get', ['update', '-qq'], options);
      execFileSync('apt-get', ['install', '-y', '-qq', 'libvulkan1'], options);
      return;
    } catch (error) {
      console.log(`  that failed: ${(error as Error).message}`);
    }
  }
  throw new Error(
    'WebGPU in Node needs the Vulkan loader, libvulkan.so.1 (Debian: apt-get install libvulkan1)',
  );
}

function useSwiftShader(): void {
  // The loader's Wayland part complains on stderr without this, and uses it for nothing here.
  process.env.XDG_RUNTIME_DIR ??= tmpdir();
  if (process.env.VK_ICD_FILENAMES || process.env.VK_DRIVER_FILES) return;
  const browser = findBrowser();
  const folders = ['/usr/lib/chromium', '/opt/google/chrome'];
  if (browser) folders.unshift(dirname(realpathSync(browser)));
  const drivers = folders.map((folder) => join(folder, 'vk_swiftshader_icd.json'));
  const driver = drivers.find((path) => existsSync(path));
  if (driver) process.env.VK_ICD_FILENAMES = driver;
}
