/** Files through a real Redis: in pieces, whole or not at all, and never other bytes than their digest says. */
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { getFile, putFile } from '../../generator/queue/files.ts';
import { fileKey } from '../../generator/queue/keys.ts';
import { temporaryFolder } from '../temporary.ts';
import type { RedisServer } from './redis-server.ts';
import { startRedis } from './start-redis.ts';

/** Two pieces and a part of a third. */
const BYTES = Buffer.alloc(2 ** 21 + 12_345, 'weights');
const SHA256 = createHash('sha256').update(BYTES).digest('hex');

let redis: RedisServer;
let there: string;
beforeEach(async (context) => {
  redis = await startRedis(context);
  const source = path.join(temporaryFolder('source'), 'file');
  await writeFile(source, BYTES);
  await putFile(redis.client, SHA256, source);
  there = temporaryFolder('there');
});
afterEach(async () => {
  await redis?.stop();
});

const get = () => getFile(redis.client, SHA256, path.join(there, 'file'));

it('come as they went', async () => {
  expect(await redis.client.hlen(fileKey(SHA256))).toBe(4);
  await get();
  expect((await readFile(path.join(there, 'file'))).equals(BYTES)).toBe(true);
  expect(await readdir(there)).toEqual(['file']);
});

it('are not kept where a piece was altered, and are taken off the queue so that the run puts them there again', async () => {
  await redis.client.hset(fileKey(SHA256), '1', Buffer.alloc(2 ** 20, 'others'));
  await expect(get()).rejects.toThrow(/expected its bytes for the file with SHA-256 \w{64}, received "other bytes, with SHA-256 \w{64}"/);
  expect(await readdir(there)).toEqual([]);
  expect(await redis.client.exists(fileKey(SHA256))).toBe(0);
});

it.each([
  ['is gone', async () => void (await redis.client.hdel(fileKey(SHA256), '1'))],
  ['is short', async () => void (await redis.client.hset(fileKey(SHA256), '2', 'short'))],
  ['is larger than a piece', async () => void (await redis.client.hset(fileKey(SHA256), '2', Buffer.alloc(2 ** 21)))],
])('are not kept where a piece %s', async (_, harm) => {
  await harm();
  await expect(get()).rejects.toThrow('received "a part of it"');
  expect(await readdir(there)).toEqual([]);
});

it.each(['1e300', '1099511627776', '-1', '0.5'])('are not begun where their length is said to be %s', async (length) => {
  await redis.client.hset(fileKey(SHA256), 'bytes', length);
  await expect(get()).rejects.toThrow(`received "${Number(length)} bytes"`);
  expect(await readdir(there)).toEqual([]);
});

it('that nobody put there are told as lacking', async () => {
  await expect(getFile(redis.client, 'ab'.repeat(32), path.join(there, 'file'))).rejects.toThrow('received "none"');
});
