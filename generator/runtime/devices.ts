/** The devices that networks run on: in which order they are wanted, and why one is not there. */
import './telemetry-off.ts';
import { existsSync } from 'node:fs';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { CUDA_FILES_COMMAND, cudaProviderFile, findLibrary, hasNvidiaDriver, listGraphicsNodes, listVulkanDrivers } from './graphics.ts';

/** What a device is called on the command line, the one to be had by all last. */
export const DEVICES = ['cuda', 'directml', 'coreml', 'webgpu', 'cpu'] as const;
export type Device = (typeof DEVICES)[number];

export const RUNTIMES = ['onnxruntime', 'tfjs'] as const;
export type RuntimeName = (typeof RUNTIMES)[number];

/** A device of a runtime. */
export interface Place {
  readonly runtime: RuntimeName;
  readonly device: Device;
}

/** Why a device cannot be there, and what would bring it. */
export interface Lack {
  readonly why: string;
  readonly remedy: string;
  /** It is for other systems: nothing to tell unless it was asked for. */
  readonly elsewhere?: boolean;
}

/** The places in the order in which `auto` tries them: for CUDA both runtimes, ours first, since TensorFlow.js interprets node by node. */
export const PLACES: readonly Place[] = DEVICES.flatMap((device): Place[] => [
  { runtime: 'onnxruntime', device },
  ...(device === 'cuda' || device === 'cpu' ? [{ runtime: 'tfjs', device } as const] : []),
]);

/** What visibly lacks for a place, without trying it. `auto` wants a graphics card for WebGPU: on the processor the CPU is faster. */
export function findLack({ runtime, device }: Place, auto: boolean): Lack | undefined {
  if (runtime === 'tfjs') return device === 'cuda' && process.platform === 'linux' && !hasNvidiaDriver() ? NO_DRIVER : undefined;
  switch (device) {
    case 'cuda':
      return cudaLack();
    case 'directml':
      return bundled('dml') ? undefined : elsewhere('Windows');
    case 'coreml':
      return bundled('coreml') ? undefined : elsewhere('macOS');
    case 'webgpu':
      return bundled('webgpu') ? vulkanLack(auto) : elsewhere('Windows, macOS and Linux x64');
    default:
      return undefined;
  }
}

function bundled(name: string): boolean {
  return ort.listSupportedBackends?.().some((backend) => backend.name === name && backend.bundled) ?? false;
}

function elsewhere(systems: string): Lack {
  return { why: `onnxruntime-node has it for ${systems} alone`, remedy: 'Choose another device, or auto.', elsewhere: true };
}

const NO_DRIVER: Lack = {
  why: 'no NVIDIA driver is loaded',
  remedy: 'Install it (Debian: apt install nvidia-driver) and start the machine anew.',
};

function cudaLack(): Lack | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return elsewhere('Linux x64');
  if (!hasNvidiaDriver()) return NO_DRIVER;
  const file = cudaProviderFile();
  if (existsSync(file)) return undefined;
  return {
    why: `${path.basename(file)} is not installed`,
    remedy: `Fetch it: ${CUDA_FILES_COMMAND} (it needs CUDA 12 and cuDNN 9 beside it).`,
  };
}

function vulkanLack(auto: boolean): Lack | undefined {
  if (process.platform !== 'linux') return undefined;
  if (!findLibrary('libvulkan.so.1')) return { why: 'the Vulkan loader is not installed', remedy: 'Install it: apt install libvulkan1' };
  const { drivers, unreadable } = listVulkanDrivers();
  const install = 'Install the driver of your card (Debian: apt install mesa-vulkan-drivers, or nvidia-driver).';
  if (drivers.length === 0) {
    const where = unreadable.length > 0 ? ` (${unreadable.join(', ')} cannot be read)` : '';
    return { why: `there is no Vulkan driver${where}`, remedy: install };
  }
  if (!auto) return undefined;
  if (drivers.every(({ software }) => software)) return { why: 'its only Vulkan driver is a software one', remedy: install };
  if (listGraphicsNodes().length === 0)
    return { why: 'there is no graphics card', remedy: 'A container must be given /dev/dri or the NVIDIA devices.' };
  return undefined;
}
