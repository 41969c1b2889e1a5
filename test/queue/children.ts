/** Runs and workers as processes of their own, for tests that kill them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { PlanFile } from '../../data/schema.ts';

/** What a child is told, as JSON in its one argument. */
export interface ChildOptions {
  readonly url: string;
  readonly ca?: string;
  /** Of a run: the store. Of a worker: where files are kept. */
  readonly folder: string;
  /** Milliseconds that a step of the stand-in engine takes. */
  readonly stepTime?: number;
  readonly plan?: PlanFile;
  readonly batch?: number;
  /** Units whose pictures fail, and units at which a worker ends itself. */
  readonly broken?: readonly string[];
  readonly deadly?: readonly string[];
  readonly weights?: string;
  /** The renderer's version, of a worker that is newer than the run. */
  readonly version?: number;
  /** Milliseconds for which a job is a worker's. */
  readonly lock?: number;
  readonly once?: boolean;
  readonly name?: string;
}

export interface Child {
  readonly process: ChildProcess;
  /** All it wrote so far. */
  output(): string;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** Resolves when it has written something that matches. */
  says(pattern: RegExp): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

export const startRun = (options: ChildOptions, env: NodeJS.ProcessEnv = {}, node: readonly string[] = []): Child =>
  start('run-child.ts', options, env, node);
export const startWorker = (options: ChildOptions, env: NodeJS.ProcessEnv = {}, node: readonly string[] = []): Child =>
  start('worker-child.ts', options, env, options.version === undefined ? node : [...node, '--import', OTHER_VERSION]);

const OTHER_VERSION = path.join(import.meta.dirname, 'other-version.ts');

const living = new Set<ChildProcess>();

/** Ends every child that is left. */
export async function endChildren(): Promise<void> {
  await Promise.all(
    [...living].map(async (child) => {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }),
  );
}

function start(file: string, options: ChildOptions, env: NodeJS.ProcessEnv, node: readonly string[]): Child {
  const child = spawn(process.execPath, [...node, path.join(import.meta.dirname, file), JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  living.add(child);
  let text = '';
  const listeners = new Set<() => void>();
  const hear = (data: Buffer) => {
    text += String(data);
    for (const listener of listeners) listener();
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const ended = once(child, 'close').then(([code, signal]) => {
    living.delete(child);
    for (const listener of listeners) listener();
    return (code ?? signal) as number | string;
  });
  return {
    process: child,
    output: () => text,
    ended,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (pattern.test(text)) resolve();
          else if (!living.has(child)) reject(new Error(`ended without ${pattern}:\n${text}`));
          else return;
          listeners.delete(look);
        };
        listeners.add(look);
        look();
      }),
    async kill(signal) {
      child.kill(signal);
      await ended;
    },
  };
}
