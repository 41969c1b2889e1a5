/** Running `atlas` as a user does, on a network small enough for a test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { PlanFile } from '../../data/schema.ts';
import { image, weight, window, writeModel } from '../models/tiny-model.ts';

const PROJECT = path.resolve(import.meta.dirname, '..', '..');

/** What a finished command left. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a command; its streams are pipes. */
export function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [path.join(PROJECT, 'generator', 'cli.ts'), ...args], { cwd: PROJECT, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Waits for a command's end. */
export async function outcome(child: ChildProcess): Promise<Outcome> {
  const streams = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.on('data', (data) => {
      streams[name] += String(data);
    });
  const [code] = await once(child, 'close');
  return { code, ...streams };
}

/** Runs a command to its end. */
export async function atlas(...args: string[]): Promise<Outcome> {
  return outcome(start(...args));
}

/** Resolves when a command has said that it renders. */
export async function rendering(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve) => {
    child.stdout?.on('data', (data) => {
      if (String(data).includes('pictures to render')) resolve();
    });
    child.once('close', () => resolve());
  });
}

/** Writes a network of two convolutions with a ReLU6 between them, and returns the path of its model.json. */
export async function writeTinyModel(): Promise<string> {
  const first = weight('first', [3, 3, 3, 6]);
  const second = weight('second', [3, 3, 6, 5], 2);
  return writeModel(
    [
      image(),
      { name: 'net/first/Conv2D', op: 'Conv2D', input: ['image', 'first'], attr: window(2, 'SAME') },
      { name: 'net/first/Relu6', op: 'Relu6', input: ['net/first/Conv2D'] },
      { name: 'net/second/Conv2D', op: 'Conv2D', input: ['net/first/Relu6', 'second'], attr: window(1, 'SAME') },
    ],
    [first, second],
  );
}

/** Writes a plan of 56 pictures for the tiny network, with changes, beside it. */
export async function writeTinyPlan(model: string, changes: Record<string, unknown> = {}, name = 'plan'): Promise<string> {
  const plan: PlanFile = {
    atlas: 'tiny',
    title: 'Tiny',
    model,
    layers: ['net/first/Conv2D', 'net/second/Conv2D'],
    arms: { basis: 'every', 'basis-negative': 'every', random: 9 },
    seeds: { count: 2, subset: 2 },
    render: { size: 32, steps: 24 },
    compare: { images: { n: 240 }, frames: 19 },
  };
  const file = path.join(path.dirname(model), `${name}.json`);
  await writeFile(file, JSON.stringify({ ...plan, ...changes }));
  return file;
}
