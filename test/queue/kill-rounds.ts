/** kill -9 at random moments of whoever is at work: the run, either worker. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { storeHashes, storeLines, untrueRenders } from '../batch/store-state.ts';
import { type Child, startRun, startWorker } from './children.ts';
import type { RedisServer } from './redis-server.ts';
import { runAlone, undisturbedHashes } from './undisturbed.ts';

/** Kills so many times. After each: nothing recorded is untrue, and nothing that was recorded is gone. In the end: the undisturbed run's bytes. */
export async function killRounds(rounds: number, redis: RedisServer, folder: string): Promise<void> {
  const store = path.join(folder, 'store');
  const start = {
    run: () => startRun({ url: redis.url, folder: store }),
    first: () => startWorker({ url: redis.url, folder: path.join(folder, 'first'), stepTime: 15 }),
    second: () => startWorker({ url: redis.url, folder: path.join(folder, 'second'), stepTime: 15 }),
  };
  const names = ['run', 'first', 'second'] as const;
  const children: Record<(typeof names)[number], Child> = { run: start.run(), first: start.first(), second: start.second() };
  const killed = { run: 0, first: 0, second: 0 };
  let before = new Set<string>();
  for (let round = 0; round < rounds; ) {
    const victim = names[Math.floor(Math.random() * names.length)];
    const child = children[victim];
    await Promise.race([child.says(victim === 'run' ? /pictures to render/ : /renders/).catch(() => undefined), children.run.ended]);
    await Promise.race([sleep(Math.random() * 300), children.run.ended]);
    if (children.run.process.exitCode !== null) {
      expect(await children.run.ended, children.run.output()).toBeLessThan(2);
      await rm(store, { recursive: true });
      [before, children.run] = [new Set(), start.run()];
      continue;
    }
    await child.kill('SIGKILL');
    killed[victim]++;
    round++;
    if (victim === 'run') {
      expect(untrueRenders(store)).toEqual([]);
      const recorded = recordedKeys(store);
      for (const key of before) expect(recorded).toContain(key);
      before = recorded;
    }
    children[victim] = start[victim]();
  }
  const code = await children.run.ended;
  for (const worker of [children.first, children.second]) await worker.kill('SIGKILL');
  // A unit at whose side three workers were killed is set aside; the next run, as always, tries it again.
  expect(code, children.run.output()).toBe(0);
  await runAlone(store);
  expect(storeHashes(store), JSON.stringify(killed)).toEqual(await undisturbedHashes());
}

function recordedKeys(store: string): Set<string> {
  return new Set(
    storeLines(store).flatMap(({ id, renders, diverse = [] }) =>
      [...renders, ...diverse].filter(({ state }) => state !== 'failed').map(({ key }) => `${id} ${key}`),
    ),
  );
}
