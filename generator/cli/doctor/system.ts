/** What `atlas doctor` says of the machine itself: Node, processor, memory, disk, the image library. */
import { existsSync, readFileSync } from 'node:fs';
import { access, constants, stat, statfs } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import glob from 'fast-glob';
import manifest from '../../../package.json' with { type: 'json' };
import { formatBytes, readMemory } from '../../batch/memory.ts';
import { decodePicture, encodePicture } from '../../batch/picture.ts';
import { reason } from '../../graph/errors.ts';
import { MODEL_CACHE } from '../../models/open.ts';
import { PROJECT } from '../options.ts';
import { type Finding, findings } from './finding.ts';

const system = findings('system');
const storage = findings('storage');

/** Less than this on the disk is worth a word: the default atlas with its site takes about 100 MB. */
const LITTLE_DISK = 500 * 2 ** 20;

export function checkSystem(): Finding[] {
  const [wanted, own] = [manifest.dependencies.node, process.versions.node].map((version) => Number.parseInt(version, 10));
  const node =
    own >= wanted
      ? system('Node.js', 'ok', process.versions.node)
      : system('Node.js', 'broken', process.versions.node, {
          remedy: `npm ci brings ${manifest.dependencies.node}: use "npx atlas".`,
          essential: true,
        });
  const cpus = os.cpus();
  const { total, limit, free } = readMemory();
  const instructions = readInstructions();
  return [
    node,
    system('operating system', 'ok', `${os.type()} ${os.release()}, ${process.platform} ${process.arch}`),
    system('processor', 'ok', `${cpus[0]?.model.trim() ?? 'unknown'}, ${os.availableParallelism()} of ${cpus.length} cores`),
    ...(instructions ? [describeInstructions(instructions)] : []),
    system(
      'memory',
      'ok',
      `${formatBytes(total)}, ${formatBytes(free)} free${limit < total ? `, limited to ${formatBytes(limit)} here` : ''}`,
    ),
  ];
}

/** The wide instructions that onnxruntime's kernels are written for; undefined where the system does not list them. */
function readInstructions(): string[] | undefined {
  if (!existsSync('/proc/cpuinfo')) return undefined;
  const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1].trim().split(/\s+/) ?? [];
  return ['avx', 'avx2', 'fma', 'avx512f', 'amx_tile', 'asimd', 'sve'].filter((flag) => flags.includes(flag));
}

function describeInstructions(instructions: readonly string[]): Finding {
  const fast = instructions.some((flag) => ['avx2', 'asimd'].includes(flag));
  return system('instruction sets', fast ? 'ok' : 'missing', instructions.join(', ') || 'none of the wide ones', {
    ...(fast ? {} : { remedy: 'Without AVX2 a render takes several times as long; nothing but another machine helps.' }),
  });
}

/** Pictures, the disk and the models on it. */
export async function checkStorage(): Promise<Finding[]> {
  return [await checkPictures(), await checkDisk(path.join(PROJECT, 'data')), await checkModels()];
}

async function checkPictures(): Promise<Finding> {
  try {
    const start = performance.now();
    await decodePicture(await encodePicture(new Uint8Array(8 * 8 * 3), 8));
    const milliseconds = Math.round(performance.now() - start);
    const { default: sharp } = await import('sharp');
    return storage(
      'sharp',
      'ok',
      `${sharp.versions.sharp ?? ''}, libvips ${sharp.versions.vips}; WebP there and back in ${milliseconds} ms`,
    );
  } catch (error) {
    return storage('sharp', 'broken', reason(error).split('\n')[0], { remedy: 'npm install sharp', essential: true });
  }
}

async function checkDisk(folder: string): Promise<Finding> {
  try {
    await access(folder, constants.W_OK);
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const remedy = 'Free some space, or write to another disk with --out.';
    return storage(
      'disk',
      free < LITTLE_DISK ? 'missing' : 'ok',
      `${formatBytes(free)} free under data/`,
      free < LITTLE_DISK ? { remedy } : {},
    );
  } catch (error) {
    return storage('disk', 'broken', reason(error), { remedy: 'Make data/ writable, or write elsewhere with --out.' });
  }
}

async function checkModels(): Promise<Finding> {
  const files = await glob('**/*', { cwd: MODEL_CACHE, dot: true });
  const sizes = await Promise.all(files.map(async (file) => (await stat(path.join(MODEL_CACHE, file))).size));
  const names = [...new Set(files.map((file) => file.split('/')[0]))];
  if (names.length === 0) return storage('models', 'missing', 'none fetched yet', { remedy: 'A model is fetched at its first use.' });
  return storage('models', 'ok', `${names.join(', ')}: ${formatBytes(sizes.reduce((sum, size) => sum + size, 0))} in data/models/`);
}
