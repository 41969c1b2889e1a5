/** What `atlas doctor` says of graphics: drivers and libraries, by what lies on the disk and by the system's own tools. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import {
  CUDA_FILES_COMMAND,
  cudaProviderFile,
  findLibrary,
  hasNvidiaDriver,
  listGraphicsNodes,
  listVulkanDrivers,
} from '../../runtime/graphics.ts';
import { type Finding, findings } from './finding.ts';

const graphics = findings('graphics');

/** The libraries that onnxruntime's CUDA provider loads. */
const CUDA_LIBRARIES = ['libcudart.so.12', 'libcublasLt.so.12', 'libcublas.so.12', 'libcufft.so.11', 'libcudnn.so.9'];

/** Linux alone: elsewhere Metal and Direct3D are the system's own, and whether they work shows when they are tried. */
export function checkGraphics(): Finding[] {
  if (process.platform !== 'linux') return [];
  return [checkCards(), checkLoader(), checkDrivers(), ...checkNvidia()];
}

function checkCards(): Finding {
  const nodes = listGraphicsNodes();
  const names = [...new Set([...namesOfVulkan(), ...namesOfNvidia(), ...namesOfKernel()])];
  const detail = [...nodes, ...names].join(', ');
  if (nodes.length > 0) return graphics('card', 'ok', detail);
  return graphics('card', 'missing', `no graphics card is visible${names.length > 0 ? `; Vulkan has ${names.join(', ')}` : ''}`, {
    remedy: 'A container must be given one: docker run --gpus all, or --device /dev/dri.',
  });
}

function checkLoader(): Finding {
  const file = findLibrary('libvulkan.so.1');
  return file
    ? graphics('Vulkan loader', 'ok', file)
    : graphics('Vulkan loader', 'missing', 'libvulkan.so.1 is not there', { remedy: 'apt install libvulkan1' });
}

function checkDrivers(): Finding {
  const { drivers, unreadable } = listVulkanDrivers();
  const list = drivers.map(({ manifest, library, software }) => `${library || manifest}${software ? ' (software)' : ''}`);
  const remedy =
    'apt install mesa-vulkan-drivers (AMD, Intel) or nvidia-driver; VK_DRIVER_FILES and VK_ICD_FILENAMES name drivers of your own.';
  if (unreadable.length > 0)
    return graphics('Vulkan drivers', 'broken', [`${unreadable.join(', ')} cannot be read`, ...list].join('; '), { remedy });
  if (list.length === 0) return graphics('Vulkan drivers', 'missing', 'none', { remedy });
  return graphics('Vulkan drivers', 'ok', list.join(', '));
}

function checkNvidia(): Finding[] {
  if (!hasNvidiaDriver())
    return [
      graphics('NVIDIA driver', 'missing', 'none is loaded', { remedy: 'With an NVIDIA card: apt install nvidia-driver, and start anew.' }),
    ];
  const version = /Kernel Module\s+(?:for \S+\s+)?([\d.]+)/.exec(readText('/proc/driver/nvidia/version'))?.[1];
  const provider = cudaProviderFile();
  const lacking = CUDA_LIBRARIES.filter((name) => !findLibrary(name));
  return [
    graphics('NVIDIA driver', 'ok', [version ?? 'there', ...namesOfNvidia()].join(', ')),
    existsSync(provider)
      ? graphics('CUDA provider', 'ok', provider)
      : graphics('CUDA provider', 'missing', 'onnxruntime’s files for CUDA are not there', { remedy: CUDA_FILES_COMMAND }),
    lacking.length === 0
      ? graphics('CUDA libraries', 'ok', CUDA_LIBRARIES.join(', '))
      : graphics('CUDA libraries', 'missing', lacking.join(', '), {
          remedy: 'Install CUDA 12 and cuDNN 9 (NVIDIA’s packages cuda-libraries-12-9 and libcudnn9-cuda-12).',
        }),
  ];
}

const namesOfNvidia = (): string[] => linesOf('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader']);

const namesOfVulkan = (): string[] =>
  linesOf('vulkaninfo', ['--summary']).flatMap((line) => /deviceName\s*=\s*(.+)/.exec(line)?.[1].trim() ?? []);

/** Cards as the kernel numbers them: `PCI 0x10de:0x2330`. */
function namesOfKernel(): string[] {
  const folder = '/sys/class/drm';
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^card\d+$/.test(name))
    .map((name) => `PCI ${['vendor', 'device'].map((part) => readText(`${folder}/${name}/device/${part}`).trim()).join(':')}`)
    .filter((name) => name !== 'PCI :');
}

/** What a tool prints; nothing where it is not installed or fails. */
function linesOf(command: string, args: readonly string[]): string[] {
  try {
    const text = execFileSync(command, args, { encoding: 'utf8', timeout: 10_000, stdio: ['ignore', 'pipe', 'ignore'] });
    return text.split('\n').filter((line) => line.trim() !== '');
  } catch {
    return [];
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
