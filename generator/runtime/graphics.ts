/** What this machine has to compute on besides its processor: graphics drivers, and libraries that a provider needs. Files are looked at, nothing is run. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/** A Vulkan driver: its manifest, the library that it names, and whether it computes on the processor only. */
export interface VulkanDriver {
  readonly manifest: string;
  readonly library: string;
  readonly software: boolean;
}

/** Drivers that are no graphics cards: Mesa's lavapipe (llvmpipe) and Google's SwiftShader. */
const SOFTWARE = /lvp|lavapipe|llvmpipe|swiftshader/i;

const MANIFESTS = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d'];

/** Where shared libraries are looked for, as the system's loader does on the usual distributions. */
const LIBRARIES = ['/lib', '/lib64', '/usr/lib', '/usr/lib64', '/usr/local/lib', '/usr/local/cuda/lib64'].flatMap((folder) => [
  folder,
  ...['x86_64-linux-gnu', 'aarch64-linux-gnu'].map((machine) => path.join(folder, machine)),
]);

/** The first file of one of these names where Linux looks for shared libraries. */
export function findLibrary(...names: readonly string[]): string | undefined {
  const own = (process.env.LD_LIBRARY_PATH ?? '').split(':').filter((folder) => folder !== '');
  return [...own, ...LIBRARIES].flatMap((folder) => names.map((name) => path.join(folder, name))).find((file) => existsSync(file));
}

/** The drivers that the Vulkan loader would offer: those of its environment variables where set, else those of the system. */
export function listVulkanDrivers(): { drivers: VulkanDriver[]; unreadable: string[] } {
  const named = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
  const manifests =
    named === undefined
      ? MANIFESTS.flatMap((folder) => (existsSync(folder) ? readdirSync(folder).map((name) => path.join(folder, name)) : []))
      : named.split(path.delimiter).filter((file) => file !== '');
  const drivers: VulkanDriver[] = [];
  const unreadable: string[] = [];
  for (const manifest of manifests) {
    try {
      const library = String(JSON.parse(readFileSync(manifest, 'utf8')).ICD?.library_path ?? '');
      drivers.push({ manifest, library, software: SOFTWARE.test(`${path.basename(manifest)} ${library}`) });
    } catch {
      unreadable.push(manifest);
    }
  }
  return { drivers, unreadable };
}

/** Nodes through which a driver reaches a graphics card: `/dev/dri/renderD128`; empty in a container that was given none. */
export function listGraphicsNodes(): string[] {
  const render = existsSync('/dev/dri') ? readdirSync('/dev/dri').filter((name) => name.startsWith('renderD')) : [];
  return [...render.map((name) => `/dev/dri/${name}`), ...['/dev/nvidia0', '/dev/dxg'].filter((file) => existsSync(file))];
}

/** Whether NVIDIA's driver is loaded. Its kernel module tells, or on Windows' own Linux the bridge to the driver outside. */
export function hasNvidiaDriver(): boolean {
  return existsSync('/proc/driver/nvidia/version') || (existsSync('/dev/dxg') && existsSync('/usr/lib/wsl/lib/libcuda.so.1'));
}

/** The command that fetches onnxruntime's CUDA files, which npm leaves out here. */
export const CUDA_FILES_COMMAND = 'node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install=cuda12';

/** The file of onnxruntime's CUDA provider, there or not: its package puts it beside its own library. */
export function cudaProviderFile(): string {
  const main = createRequire(import.meta.url).resolve('onnxruntime-node');
  return path.join(path.dirname(main), '..', 'bin', 'napi-v6', process.platform, process.arch, 'libonnxruntime_providers_cuda.so');
}
