/** kill -9 of a push and of a pull at random moments: nothing half is ever there, only the rest goes, and the end is the same bytes. And no file is held in memory. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, rmSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sha256 } from '../../generator/batch/canonical.ts';
import { parseManifest, piecesOf } from '../../generator/storage/manifest.ts';
import { temporaryFolder } from '../temporary.ts';
import { CREDENTIALS, S3Server } from './s3-server.ts';
import { addImages, hashes, put, renderStore } from './stores.ts';

const ROUNDS = 20;
let server: S3Server;
let store: string;
beforeAll(async () => {
  store = path.join(temporaryFolder('kill'), 'store');
  await renderStore(store);
  addImages(store, 80);
  put(store, 'evidence/large.f32', Buffer.alloc(6_000_000, 'some bytes'));
});
beforeEach(async () => {
  await server?.close();
  // So slow that a kill lands in the middle of it.
  server = await S3Server.start({ before: () => new Promise((resolve) => setTimeout(resolve, 3)) });
});
afterAll(() => server.close());

/** Runs a push or pull; killed so many milliseconds after its first request reached the server, if that is told. */
async function run(what: 'push' | 'pull', folder: string, killAfter?: number): Promise<{ code: number | null; printed: string }> {
  const script = path.join(import.meta.dirname, 'transfer-child.ts');
  const env = { ...process.env, ...CREDENTIALS };
  const child = spawn(process.execPath, [script, what, folder, server.endpoint], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.on('data', (data) => {
    printed += String(data);
  });
  const { before } = server.options;
  if (killAfter !== undefined)
    server.options = {
      before: async (asked) => {
        setTimeout(() => child.kill('SIGKILL'), killAfter);
        await before?.(asked);
      },
    };
  const [code] = await once(child, 'close');
  server.options = { ...(before ? { before } : {}) };
  return { code: code as number | null, printed };
}

test('a push that is killed again and again sends the rest, and no manifest names what is not there', async () => {
  let kills = 0;
  let sent = 0;
  const most: number[] = [];
  while (kills < ROUNDS) {
    const { code } = await run('push', store, Math.random() * 250);
    sent += server.count().PUT ?? 0;
    const manifest = server.objects.get('atlases/net/manifest.json');
    if (manifest)
      for (const { key, sha256: hash } of piecesOf(parseManifest('', manifest.content)))
        expect(sha256(server.objects.get(`atlases/net/${key}`)?.content ?? ''), key).toBe(hash);
    for (const [key, { content }] of server.objects) if (!key.endsWith('manifest.json')) expect(key).toContain(sha256(content));
    if (code === 0) {
      most.push(sent);
      sent = 0;
      server.objects.clear();
    } else kills++;
  }
  expect((await run('push', store)).code).toBe(0);
  most.push(sent + (server.count().PUT ?? 0));
  // What was under way at a kill, four at a time, may go twice; nothing else does. Two more: the manifest and the question whether it is compared.
  const objects = new Set(Object.values(hashes(store))).size;
  for (const requests of most) expect(requests).toBeLessThanOrEqual(objects + 2 + 6 * (kills + 1));
  const out = path.join(temporaryFolder('kill'), 'out');
  expect((await run('pull', out)).code).toBe(0);
  expect(hashes(out)).toEqual(hashes(store));
}, 1_200_000);

test('a pull that is killed again and again fetches the rest, and keeps no file that is not whole', async () => {
  expect((await run('push', store)).code).toBe(0);
  server.count();
  const out = path.join(temporaryFolder('kill'), 'out');
  const whole = hashes(store);
  let kills = 0;
  while (kills < ROUNDS) {
    const { code } = await run('pull', out, Math.random() * 400);
    const there = Object.entries(hashes(out)).filter(([file]) => !file.endsWith('.tmp') && !file.startsWith('run.lock'));
    for (const [file, hash] of there) expect(hash, file).toBe(whole[file]);
    // atlas.json comes last.
    if (there.some(([file]) => file === 'atlas.json')) expect(there.length).toBe(Object.keys(whole).length);
    if (code === 0) rmSync(out, { recursive: true });
    else kills++;
  }
  expect((await run('pull', out)).code).toBe(0);
  expect(hashes(out)).toEqual(whole);
}, 1_200_000);

test('a file of 300 MB passes through, and is never held', async () => {
  const large = path.join(temporaryFolder('large'), 'large');
  cpSync(store, large, { recursive: true });
  put(large, 'evidence/huge.f32', '');
  truncateSync(path.join(large, 'evidence/huge.f32'), 300_000_000);
  const out = path.join(temporaryFolder('large'), 'out');
  for (const what of ['push', 'pull'] as const) {
    const { code, printed } = await run(what, what === 'push' ? large : out);
    expect(code).toBe(0);
    expect(Number(printed), what).toBeLessThan(200);
  }
}, 1_200_000);
