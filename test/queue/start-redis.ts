/** A Redis server for a test, which is skipped where there is none to start. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { TestContext } from 'vitest';
import { missing } from '../requires.ts';
import { temporaryFolder } from '../temporary.ts';
import { launchRedis, type RedisOptions, type RedisServer } from './redis-server.ts';

export async function startRedis(context: TestContext, options: RedisOptions = {}): Promise<RedisServer> {
  const there = await promisify(execFile)('redis-server', ['--version']).then(
    () => true,
    () => false,
  );
  if (!there) missing(context, 'no redis-server (Debian: apt install redis-server)');
  return launchRedis(temporaryFolder('redis'), options);
}
