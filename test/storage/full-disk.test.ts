/** A disk that is full at any write of a pull: one error that says so, nothing half written, and the same command ends it. */
import fs from 'node:fs/promises';
import path from 'node:path';
import glob from 'fast-glob';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { Bucket } from '../../generator/storage/bucket.ts';
import { pull } from '../../generator/storage/pull.ts';
import { push } from '../../generator/storage/push.ts';
import { temporaryFolder } from '../temporary.ts';
import { CREDENTIALS, S3Server } from './s3-server.ts';
import { hashes, openTestBucket, renderStore } from './stores.ts';

let server: S3Server;
let bucket: Bucket;
let rendered: string;
beforeAll(async () => {
  server = await S3Server.start();
  Object.assign(process.env, CREDENTIALS);
  bucket = await openTestBucket(server.endpoint, 'full/net');
  rendered = path.join(temporaryFolder('full'), 'store');
  await renderStore(rendered);
  await push({ store: rendered, bucket });
});
afterAll(() => server?.close());
afterEach(() => void vi.restoreAllMocks());

/** From the n-th file on that is opened to be written, half of what is written is there, and then the disk is full. Returns how many there were. */
function fillAt(n: number): { readonly writes: number } {
  const seen = { writes: 0 };
  const open = fs.open.bind(fs);
  vi.spyOn(fs, 'open').mockImplementation(async (file, flags, ...more) => {
    const handle = await open(file, flags, ...more);
    // What takes the lock is told in its own words, and tested there.
    if (flags !== 'w' || ++seen.writes < n) return handle;
    const writeFile = handle.writeFile.bind(handle);
    handle.writeFile = async (data) => {
      const chunks: Buffer[] = [];
      if (typeof data === 'object' && data !== null && Symbol.asyncIterator in data)
        for await (const chunk of data as AsyncIterable<Uint8Array>) chunks.push(Buffer.from(chunk));
      else chunks.push(Buffer.from(data as Uint8Array));
      const bytes = Buffer.concat(chunks);
      await writeFile(bytes.subarray(0, bytes.length >> 1));
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    };
    return handle;
  });
  return seen;
}

it('is told once at each of them, and got over', async () => {
  const target = temporaryFolder('pulled');
  const whole = fillAt(Infinity);
  await pull({ bucket, folder: () => path.join(target, 'undisturbed'), concurrency: 1 });
  vi.restoreAllMocks();
  expect(whole.writes).toBeGreaterThan(15);
  for (let n = 1; n <= whole.writes; n++) {
    const out = path.join(target, String(n));
    fillAt(n);
    const refused = pull({ bucket, folder: () => out, concurrency: 1 });
    await expect(refused, `write ${n}`).rejects.toThrow(/expected room on the disk for \S+, received "ENOSPC.*\nFree some space/);
    vi.restoreAllMocks();
    expect(await glob('**/*.tmp', { cwd: out, dot: true }), `write ${n}`).toEqual([]);
    // An atlas.json is the last to come: who has one has all that it names.
    expect(await glob('atlas.json', { cwd: out }), `write ${n}`).toEqual([]);
    await pull({ bucket, folder: () => out, concurrency: 1 });
    expect(hashes(out), `write ${n}`).toEqual(hashes(rendered));
  }
});
