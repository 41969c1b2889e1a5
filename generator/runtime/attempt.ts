/** Trying a place: a small real program in a process of its own, since a broken driver may end the process that uses it. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import type { Place } from './devices.ts';

/** How it went. */
export interface Attempt {
  readonly works: boolean;
  /** From opening the runtime to the numbers, without starting the process. */
  readonly milliseconds?: number;
  /** `onnxruntime-node 1.30.0`. */
  readonly version?: string;
  /** Why it does not work, on one line. */
  readonly why?: string;
}

/** A driver that does not answer within this is broken, in milliseconds. */
const PATIENCE = 60_000;
const CHILD = path.join(import.meta.dirname, 'attempt-child.ts');

/** Runs the program of attempt-child.ts on a place, or on one backend of TensorFlow.js, and compares its numbers. Never rejects. */
export async function attempt(place: Place, backend?: string): Promise<Attempt> {
  const { promise, resolve } = Promise.withResolvers<Attempt>();
  const args = [CHILD, place.runtime, place.device, ...(backend ? [backend] : [])];
  execFile(process.execPath, args, { timeout: PATIENCE, encoding: 'utf8' }, (error, stdout, stderr) => {
    const line = stdout.trimEnd().split('\n').at(-1) ?? '';
    if (line.startsWith('{')) resolve(JSON.parse(line) as Attempt);
    else if (error?.killed) resolve({ works: false, why: `it gave no answer in ${PATIENCE / 1000} s` });
    else resolve({ works: false, why: `its process ended with ${error?.signal ?? `code ${error?.code}`}${lastLine(stderr)}` });
  });
  return promise;
}

function lastLine(text: string): string {
  const line = text.trim().split('\n').at(-1);
  return line ? `: ${line}` : '';
}
