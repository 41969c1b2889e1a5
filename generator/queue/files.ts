/** Files in Redis, known by the SHA-256 of their bytes: how models and arrays reach workers that share no disk with the run. */
import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import type { Redis } from 'ioredis';
import { fault } from '../graph/errors.ts';
import { FILE_SECONDS, fileKey } from './keys.ts';
import { MOST_MODEL_BYTES } from './messages.ts';

/** Bytes of a piece: a command takes milliseconds, and no more is held at a time. */
const PIECE = 2 ** 20;
/** The field that is written last. */
const LENGTH = 'bytes';

/** Puts a file where workers find it, unless all of it is there; it stays for a while, and longer wherever it is put again. */
export async function putFile(redis: Redis, sha256: string, path: string): Promise<void> {
  const key = fileKey(sha256);
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    const pieces = Math.ceil(size / PIECE);
    if ((await redis.hlen(key)) !== pieces + 1) {
      await redis.del(key);
      for (let piece = 0; piece < pieces; piece++) {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(PIECE), 0, PIECE, piece * PIECE);
        await redis.hset(key, String(piece), buffer.subarray(0, bytesRead));
        await redis.expire(key, FILE_SECONDS);
      }
      await redis.hset(key, LENGTH, size);
    }
    await redis.expire(key, FILE_SECONDS);
  } finally {
    await handle.close();
  }
}

/** Brings a file here, to `path`. Throws where it is not there, and where its bytes are not what they are called: then nothing is kept. */
export async function getFile(redis: Redis, sha256: string, path: string): Promise<void> {
  const key = fileKey(sha256);
  const length = Number(await redis.hget(key, LENGTH));
  if (!Number.isInteger(length) || length < 1 || length > MOST_MODEL_BYTES) throw lacking(sha256, length ? `${length} bytes` : 'none');
  const partial = `${path}.${process.pid}.tmp`;
  const handle = await open(partial, 'w');
  try {
    const hash = createHash('sha256');
    for (let at = 0; at < length; at += PIECE) {
      const field = String(at / PIECE);
      const expected = Math.min(PIECE, length - at);
      if ((await redis.hstrlen(key, field)) !== expected) throw lacking(sha256, 'a part of it');
      const bytes = (await redis.hgetBuffer(key, field)) ?? Buffer.alloc(0);
      hash.update(bytes);
      await handle.writeFile(bytes);
    }
    const received = hash.digest('hex');
    if (received !== sha256) {
      // So that the run puts it there again.
      await redis.del(key);
      throw lacking(sha256, `other bytes, with SHA-256 ${received}`);
    }
    await handle.close();
    await rename(partial, path);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
}

function lacking(sha256: string, received: string): Error {
  return fault({
    where: 'the queue',
    expected: 'its bytes',
    name: `the file with SHA-256 ${sha256}`,
    received,
    remedy: 'The run puts it there again within seconds, if it is still at work.',
  });
}
