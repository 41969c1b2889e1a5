/** Running many cases, each under the limits of time and memory that every file must keep. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Kind } from './judge.ts';
import { LIMITS } from './limits.ts';
import { layOut } from './material.ts';

/** A process is stopped where a case takes so many times the time: then it is hanging. */
const PATIENCE = 5;

/** What became of a case. */
export interface Result {
  readonly seed: number;
  readonly original: string;
  readonly about: readonly string[];
  readonly kind: Kind;
  readonly says: string;
  readonly milliseconds: number;
  /** The most memory that the process had up to then, in kilobytes. */
  readonly peak: number;
}

const CHILD = new URL('child.ts', import.meta.url).pathname;
const REPOSITORY = new URL('../..', import.meta.url).pathname;

/** Which cases, by their seeds, and what is done with what opens. */
export interface Cases {
  readonly from: number;
  readonly to: number;
  /** Whether what opens is run as well, of small files alone. */
  readonly runs?: boolean;
}

/** Runs the cases `from` to `to` − 1; `tell` hears of every one. A case that kills its process or hangs is `wrong`, and the rest goes on. */
export async function run({ from, to, runs = false }: Cases, tell: (result: Result) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-hostile-'));
  try {
    layOut(folder);
    for (let next = from; next < to; ) next = await runSome(folder, { from: next, to, runs }, tell);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs until the end, or until the process is lost or has had too much memory; returns the seed to go on with. */
async function runSome(folder: string, { from, to, runs }: Cases, tell: (result: Result) => void): Promise<number> {
  // The process may read the repository and the models' folders and nothing beside them: reaching further is an error that can be told.
  const own = `--allow-fs-read=${folder}/*/*`;
  const flags = [
    '--max-old-space-size=1024',
    '--permission',
    own,
    `--allow-fs-read=${REPOSITORY}`,
    '--allow-fs-read=/usr/share/libonnx-testdata',
    `--allow-fs-write=${folder}`,
    ...(runs ? ['--allow-addons'] : []),
  ];
  const args = [CHILD, folder, String(from), String(to), ...(runs ? ['run'] : [])];
  const child = spawn(process.execPath, [...flags, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [current, error, ended, stopped] = [-1, '', false, ''];
  let timer: NodeJS.Timeout | undefined;
  const stop = (why: string) => {
    stopped = why;
    child.kill('SIGKILL');
  };
  const memory = setInterval(() => residentKilobytes(child.pid) > 1.5 * LIMITS.kilobytes && stop('more than 1.5 GiB of memory'), 50);
  child.stderr.on('data', (data) => (error = `${error}${data}`.slice(-4000)));
  let done = from;
  for await (const line of createInterface({ input: child.stdout })) {
    const message = JSON.parse(line) as Result & { starts?: number };
    clearTimeout(timer);
    if (message.starts !== undefined) {
      current = message.starts;
      timer = setTimeout(() => stop(`more than ${(PATIENCE * LIMITS.milliseconds) / 1000} s`), PATIENCE * LIMITS.milliseconds);
      continue;
    }
    tell(message);
    done = message.seed + 1;
    // The peak does not go down again: the next case gets a process that has had less.
    if (message.peak > LIMITS.kilobytes && !ended) {
      ended = true;
      child.kill('SIGKILL');
    }
  }
  clearTimeout(timer);
  clearInterval(memory);
  if (done >= to || ended) return done;
  if (current < 0) throw new Error(`the process did not begin: ${error}`);
  tell({ seed: current, original: '', about: [], kind: 'wrong', says: stopped || `the process ended: ${error}`, milliseconds: 0, peak: 0 });
  return current + 1;
}

/** Memory that a process has now, where the system tells. */
function residentKilobytes(pid: number | undefined): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
