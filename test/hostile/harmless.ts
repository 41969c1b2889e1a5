/** Many cases at once, in two processes, and what is said of those that go wrong. */
import { expect, type TestContext } from 'vitest';
import { missing } from '../requires.ts';
import { type Cases, type Result, run } from './campaign.ts';
import { LIMITS } from './limits.ts';
import { HAVE_TESTDATA } from './material.ts';

/**
 * Fails unless all cases from `from` to `to` − 1 keep the limits, naming those that do not and how to make them again. With `runs`, what opens is
 * run as well, forward and back.
 */
export async function expectHarmless(context: TestContext, { from, to, runs = false }: Cases): Promise<void> {
  if (!HAVE_TESTDATA) missing(context, 'libonnx-testdata is not installed');
  const kinds = new Map<string, number>();
  const suspects: Result[] = [];
  const tell = (result: Result) => {
    kinds.set(result.kind, (kinds.get(result.kind) ?? 0) + 1);
    if (isWrong(result)) suspects.push(result);
  };
  const middle = Math.floor((from + to) / 2);
  await Promise.all([run({ from, to: middle, runs }, tell), run({ from: middle, to, runs }, tell)]);
  const wrong: string[] = [];
  // A machine that is busy is slow: what took too long may show alone that it does not.
  for (const suspect of suspects) {
    let again = suspect;
    if (suspect.kind !== 'wrong' || suspect.milliseconds > LIMITS.milliseconds)
      await run({ from: suspect.seed, to: suspect.seed + 1, runs }, (result) => (again = result));
    const command = `node test/hostile/replay.ts ${again.seed}${runs ? ' run' : ''}`;
    if (isWrong(again)) wrong.push(`${command}: ${again.milliseconds} ms, ${again.peak >> 10} MiB, ${again.says}`);
  }
  expect(wrong).toEqual([]);
  // That they are what they should be: most are refused, many open all the same, and of those nearly all run.
  expect([...kinds.values()].reduce((sum, count) => sum + count, 0)).toBe(to - from);
  expect(kinds.get('refused')).toBeGreaterThan((to - from) / 2);
  expect(kinds.get(runs ? 'ran' : 'model')).toBeGreaterThan((to - from) / 10);
  expect(kinds.get('failed') ?? 0).toBeLessThanOrEqual((to - from) / 100);
}

function isWrong({ kind, milliseconds, peak }: Result): boolean {
  return kind === 'wrong' || milliseconds > LIMITS.milliseconds || peak > LIMITS.kilobytes;
}
