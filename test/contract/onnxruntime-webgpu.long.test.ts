/** The contract on onnxruntime's WebGPU, on the software device that Debian's chromium package brings, so that no machine needs a GPU. */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import glob from 'fast-glob';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import { missing } from '../requires.ts';
import { describeRuntime } from './runtime.ts';

const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';

// Vulkan reads these at the process's first use of WebGPU.
process.env.VK_ICD_FILENAMES = SWIFTSHADER;
process.env.XDG_RUNTIME_DIR ??= tmpdir();

const loaders = glob.sync('/usr/lib/*/libvulkan.so.1', { followSymbolicLinks: false });

describeRuntime(
  'onnxruntime on WebGPU',
  () => openOnnxRuntime({ device: 'webgpu', threads: 1 }),
  (context) => {
    if (!existsSync(SWIFTSHADER))
      missing(context, `WebGPU has no software device: ${SWIFTSHADER} is not there (Debian: apt install chromium)`);
    if (loaders.length === 0) missing(context, 'WebGPU has no Vulkan loader: libvulkan.so.1 is not there (Debian: apt install libvulkan1)');
  },
);
