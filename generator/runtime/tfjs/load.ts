/** Finding TensorFlow.js: whichever of its packages is installed, the fastest first. None of them is needed to install this project. */
import { createRequire } from 'node:module';
import { fault, reason } from '../../graph/errors.ts';
import type { Tfjs } from './kernel.ts';

const require = createRequire(import.meta.url);

/** A backend of TensorFlow.js and the packages that bring it. */
export interface TfjsBackend {
  /** The package to install, which names it: `@tensorflow/tfjs-backend-wasm`. */
  readonly package: string;
  /** What else is loaded before it. */
  readonly core?: string;
  /** Its name to `tf.setBackend`. */
  readonly backend: 'tensorflow' | 'wasm' | 'cpu';
  /** Where it is meant to run. */
  readonly device: 'cuda' | 'cpu';
}

const CORE = '@tensorflow/tfjs-core';

/** Every backend that is tried, in order. */
export const TFJS_BACKENDS: readonly TfjsBackend[] = [
  { package: '@tensorflow/tfjs-node-gpu', backend: 'tensorflow', device: 'cuda' },
  { package: '@tensorflow/tfjs-node', backend: 'tensorflow', device: 'cpu' },
  { package: '@tensorflow/tfjs-backend-wasm', core: CORE, backend: 'wasm', device: 'cpu' },
  { package: '@tensorflow/tfjs-backend-cpu', core: CORE, backend: 'cpu', device: 'cpu' },
];

/** TensorFlow.js with one of its backends at work. */
export interface LoadedTfjs {
  readonly tf: Tfjs;
  readonly backend: TfjsBackend;
  /** `@tensorflow/tfjs-backend-wasm 4.22.0`. */
  readonly version: string;
  /** Whether it computes on a GPU. */
  readonly gpu: boolean;
}

/** The command that installs a backend. */
export function installCommand({ package: name, core }: TfjsBackend): string {
  return `npm install --no-save ${core ? `${core}@4.22.0 ` : ''}${name}@4.22.0`;
}

/**
 * Loads the first backend that works, of those given. Throws with the reason of each if none does; the GPU package counts as not working where
 * it finds no GPU, since it then computes on the CPU.
 */
export async function loadTfjs(wanted: readonly TfjsBackend[] = TFJS_BACKENDS): Promise<LoadedTfjs> {
  const reasons: string[] = [];
  for (const backend of wanted) {
    try {
      return await loadBackend(backend);
    } catch (error) {
      reasons.push(`${backend.package}: ${isMissing(error, backend) ? 'not installed' : reason(error)}`);
    }
  }
  throw fault({
    where: 'the TensorFlow.js runtime',
    expected: 'a package that works',
    name: wanted.map(({ package: name }) => name).join(' or '),
    received: reasons.join('; '),
    remedy: `Install one: ${installCommand(wanted[0])}`,
  });
}

/** Loads one backend and makes it the one at work. Throws if it is not installed or does not work. */
export async function loadBackend(backend: TfjsBackend): Promise<LoadedTfjs> {
  if (backend.backend === 'tensorflow') restoreUtilities();
  const core = backend.core ? (require(backend.core) as Tfjs) : undefined;
  const loaded = require(backend.package) as Tfjs;
  const tf = core ?? loaded;
  // No advice on the console to install another backend.
  tf.env().set('PROD', true);
  if (!(await tf.setBackend(backend.backend))) throw new Error(`backend ${backend.backend} cannot be initialised`);
  await tf.ready();
  const gpu = (tf.backend() as { isUsingGpuDevice?: boolean }).isUsingGpuDevice === true;
  if (backend.device === 'cuda' && !gpu) throw new Error('it found no CUDA device, or not the CUDA libraries that it needs');
  const { version } = require(`${backend.package}/package.json`) as { version: string };
  return { tf, backend, version: `${backend.package} ${version}`, gpu };
}

/** Whether loading failed for want of the package itself. */
export function isMissing(error: unknown, { package: name, core }: TfjsBackend): boolean {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'MODULE_NOT_FOUND') return false;
  return [name, core].some((wanted) => wanted && error.message.includes(`'${wanted}'`));
}

/** tfjs-node 4.22 calls functions of node:util that Node 23 removed (tensorflow/tfjs issue 8609): they are given back. */
function restoreUtilities(): void {
  const utilities = require('node:util') as Record<string, unknown>;
  utilities.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  utilities.isArray ??= Array.isArray;
}
