/** Opening one hostile file under the limits of {@link LIMITS}, in a process of its own. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import type { Verdict } from './judge.ts';
import { LIMITS } from './limits.ts';

const CHILD = new URL('open-child.ts', import.meta.url).pathname;

/** A machine that is busy is slow: so often may a file show that it does not take long. */
const TRIES = 6;

/**
 * What becomes of a file: its layers, graphs and gradients are asked for as well. Fails where that takes too long or too much memory, or ends
 * in anything but a model or one clear error.
 */
export async function attempt(file: string): Promise<Verdict> {
  const flags = ['--max-old-space-size=1024', CHILD, file];
  let least = Infinity;
  for (let tries = 0; ; tries++) {
    const { stdout } = await promisify(execFile)(process.execPath, flags, { timeout: 10 * LIMITS.milliseconds, maxBuffer: 1 << 24 });
    const { milliseconds, peak, ...verdict } = JSON.parse(stdout) as Verdict & { milliseconds: number; peak: number };
    least = Math.min(least, milliseconds);
    if (least >= LIMITS.milliseconds && tries < TRIES - 1) continue;
    expect(verdict.kind, verdict.says).not.toBe('wrong');
    expect(least, verdict.says).toBeLessThan(LIMITS.milliseconds);
    expect(peak, verdict.says).toBeLessThan(LIMITS.kilobytes);
    return verdict;
  }
}
