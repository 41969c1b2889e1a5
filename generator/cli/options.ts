/** Options and places that several commands share. */
import path from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { DEVICES, type Device, RUNTIMES, type RuntimeName } from '../runtime/devices.ts';
import type { RuntimeChoice } from '../runtime/open.ts';

/** The project's own folder: the default plan, the atlases and the site are in it, wherever the command is run. */
export const PROJECT = path.resolve(import.meta.dirname, '..', '..');

/** The plan of a command that names none. */
export const DEFAULT_PLAN = path.join(PROJECT, 'data', 'plans', 'quick.json');

/** The folder of atlases. */
export const ATLASES = path.join(PROJECT, 'data', 'atlases');

/** The folder of stores that shards are rendered into: outside the atlases, so that no part is taken for a whole. */
export const SHARDS = path.join(PROJECT, 'data', 'shards');

/** A path as the user would write it: relative if it is below the current folder. */
export function shownPath(file: string): string {
  const relative = path.relative('.', file);
  return relative.startsWith('..') ? file : relative || '.';
}

/** Parses an option's value as a whole number of at least one. */
export function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('expected a whole number of at least 1.');
  return value;
}

/** What {@link deviceOption}, {@link runtimeOption} and {@link threadsOption} leave in a command's options. */
export interface RuntimeOptions {
  device: Device | 'auto';
  runtime: RuntimeName | 'auto';
  threads?: number;
}

/** The options as the runtime takes them. */
export function runtimeChoice({ device, runtime, threads }: RuntimeOptions): RuntimeChoice {
  return { device, runtime, ...(threads ? { threads } : {}) };
}

/** `--device`. */
export function deviceOption(): Option {
  return new Option('--device <name>', 'where the network runs; auto takes the first that works')
    .choices(['auto', ...DEVICES])
    .default('auto');
}

/** `--runtime`. */
export function runtimeOption(): Option {
  return new Option('--runtime <name>', 'what runs the network').choices(['auto', ...RUNTIMES]).default('auto');
}

/** `--threads`. */
export function threadsOption(): Option {
  return new Option('--threads <number>', 'threads of the network (every core if left out)').argParser(positive);
}
