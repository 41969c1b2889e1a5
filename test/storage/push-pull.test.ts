/** A store goes to a server and comes back, on each server that there is. */
import { cpSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, type TestContext, test } from 'vitest';
import { sha256 } from '../../generator/batch/canonical.ts';
import type { Bucket } from '../../generator/storage/bucket.ts';
import { parseManifest } from '../../generator/storage/manifest.ts';
import { pull } from '../../generator/storage/pull.ts';
import { push } from '../../generator/storage/push.ts';
import { temporaryFolder } from '../temporary.ts';
import { CREDENTIALS, S3Server } from './s3-server.ts';
import { addImages, hashes, openTestBucket, put, renderStore } from './stores.ts';
import { startSwift } from './swift.ts';

interface Place {
  readonly endpoint: string;
  readonly credentials: Readonly<Record<string, string>>;
  /** Whether the server compares ETags before it writes. */
  readonly compares: boolean;
  close(): Promise<void>;
}

const SERVERS: Readonly<Record<string, (context: TestContext) => Promise<Place>>> = {
  'our own server, listing in pages of 3': async () => {
    const server = await S3Server.start({ pageSize: 3 });
    return { endpoint: server.endpoint, credentials: CREDENTIALS, compares: true, close: () => server.close() };
  },
  'OpenStack Swift': async (context) => ({ ...(await startSwift(context)), compares: false }),
};

const places = new Map<string, Promise<Place>>();
let rendered: string;
beforeAll(async () => {
  rendered = path.join(temporaryFolder('pushed'), 'store');
  await renderStore(rendered);
});
afterAll(async () => {
  for (const place of places.values()) await place.then(({ close }) => close()).catch(() => undefined);
});

let number = 0;
describe.each(Object.keys(SERVERS))('%s', (name) => {
  let bucket: Bucket;
  let place: Place;
  let folder: string;
  beforeEach(async (context) => {
    if (!places.has(name)) places.set(name, SERVERS[name](context as TestContext));
    place = await (places.get(name) as Promise<Place>);
    Object.assign(process.env, place.credentials);
    folder = temporaryFolder('pulled');
    bucket = await openTestBucket(place.endpoint, `some/net-${++number}`);
  });

  const fetch = (out: string, more: object = {}) => pull({ bucket, folder: () => out, ...more });

  test('what was pushed comes back, byte for byte, and nothing of it goes twice', async () => {
    const first = await push({ store: rendered, bucket });
    expect(first).toMatchObject({ atlas: 'stand-in', changed: true, compared: place.compares, dropped: [], left: [], pruned: 0 });
    expect(first.sent).toBe(first.objects);
    const out = path.join(folder, 'out');
    const pulled = await fetch(out);
    expect(pulled.fetched).toBe(pulled.files);
    expect(hashes(out)).toEqual(hashes(rendered));
    expect(Object.keys(hashes(out)).length).toBeGreaterThan(15);
    expect(await push({ store: rendered, bucket })).toMatchObject({ sent: 0, sentBytes: 0, changed: false });
    expect(await fetch(out)).toMatchObject({ fetched: 0, fetchedBytes: 0, removed: [] });
  });

  test('of a changed store the changes go, and what was dropped is removed from the copy', async () => {
    const [store, out] = [path.join(folder, 'store'), path.join(folder, 'out')];
    cpSync(rendered, store, { recursive: true });
    put(store, 'portraits/early.jsonl', '{}\n');
    const [gone] = addImages(store, 1);
    await push({ store, bucket });
    await fetch(out);
    const layer = path.join(store, 'layers/early.jsonl');
    put(store, 'layers/early.jsonl', readFileSync(layer).subarray(0, -1));
    rmSync(path.join(store, 'portraits/early.jsonl'));
    rmSync(path.join(store, gone));
    const [added] = addImages(store, 1);
    expect(await push({ store, bucket })).toMatchObject({ sent: 2, changed: true, dropped: ['portraits/early.jsonl'] });
    expect(await fetch(out)).toMatchObject({ fetched: 2, removed: ['portraits/early.jsonl', gone] });
    expect(hashes(out)).toEqual(hashes(store));
    expect(Object.keys(hashes(out))).toContain(added);
  });

  test('a file of many megabytes is streamed both ways', async () => {
    const [store, out] = [path.join(folder, 'store'), path.join(folder, 'out')];
    cpSync(rendered, store, { recursive: true });
    put(store, 'evidence/large.f32', Buffer.alloc(9_000_001, 'some bytes'));
    put(store, 'evidence/early/images.json', '{}');
    expect((await push({ store, bucket })).left).toEqual(['evidence/early/images.json', 'evidence/large.f32']);
    expect(await push({ store, bucket, evidence: true })).toMatchObject({ sent: 2, left: [] });
    await fetch(out);
    expect(hashes(out)).toEqual(hashes(store));
  });

  test('prune deletes what is no longer named, and nothing else', async () => {
    const store = path.join(folder, 'store');
    cpSync(rendered, store, { recursive: true });
    const former = addImages(store, 4);
    await push({ store, bucket });
    await bucket.put('notes.txt', Buffer.from('mine'), content('mine'), { type: 'text/plain', cacheControl: 'no-cache' });
    for (const file of former) rmSync(path.join(store, file));
    expect(await push({ store, bucket, prune: true, dryRun: true })).toMatchObject({ pruned: 4, changed: true });
    expect((await bucket.list('images/')).has(former[0])).toBe(true);
    expect(await push({ store, bucket, prune: true })).toMatchObject({ pruned: 4, sent: 0 });
    const left = [...(await bucket.list('')).keys()];
    expect(left.filter((key) => former.includes(key))).toEqual([]);
    expect(left).toContain('notes.txt');
    const out = path.join(folder, 'out');
    await fetch(out);
    expect(hashes(out)).toEqual(hashes(store));
  });

  test('the manifest names what is there, in the order and form that it says', async () => {
    await push({ store: rendered, bucket, now: new Date('2026-01-02T03:04:05Z') });
    const manifest = parseManifest('here', (await bucket.read('manifest.json', 1e6))?.content ?? Buffer.alloc(0));
    expect(manifest).toMatchObject({ schema: 'basis-store/1', atlas: 'stand-in', pushed: '2026-01-02T03:04:05.000Z' });
    const paths = manifest.files.map((file) => file.path);
    expect(paths).toEqual(paths.toSorted());
    expect(paths).toContain('layers/early.jsonl');
    const keys = new Set((await bucket.list('')).keys());
    for (const { sha256: hash } of manifest.files) expect(keys).toContain(`objects/${hash.slice(0, 2)}/${hash}`);
    for (const { sha256: hash } of manifest.images) expect(keys).toContain(`images/${hash.slice(0, 2)}/${hash}.webp`);
    expect(keys.size).toBe(new Set(manifest.files.map((file) => file.sha256)).size + manifest.images.length + 1);
  });

  test('an object with other bytes than its signature says is refused by the server', async () => {
    await expect(
      bucket.put('objects/x', Buffer.from('one'), { ...content('two'), bytes: 3 }, { type: 'text/plain', cacheControl: 'no-cache' }),
    ).rejects.toThrow(/objects\/x: expected the server to do it for the request, received "4\d\d .*(Mismatch|BadDigest)/);
  });

  test('wrong keys and a bucket that is not there are told as such, without the keys', async () => {
    Object.assign(process.env, place.credentials, { AWS_ACCESS_KEY_ID: 'AKIAWRONG', AWS_SECRET_ACCESS_KEY: 'also-wrong' });
    const refused = await openTestBucket(place.endpoint);
    const error = await fault(pull({ bucket: refused, folder: () => folder }));
    expect(error).toMatch(
      /^s3:\/\/atlases\/net\/manifest.json: expected permission for these credentials, received "403 .*\nSee to the keys/,
    );
    expect(error).not.toMatch(/AKIAWRONG|also-wrong/);
    Object.assign(process.env, place.credentials);
    const nowhere = await openTestBucket(place.endpoint, 'net', { address: { bucket: 'nothing', prefix: 'net' } });
    expect(await fault(push({ store: rendered, bucket: nowhere }))).toMatch(
      /^s3:\/\/nothing\/net\/manifest.json: expected a bucket that is there for the address, received "404 NoSuchBucket .*\nMake the bucket/,
    );
  });
});

const content = (text: string) => ({ sha256: sha256(text), bytes: text.length });

async function fault(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no error',
    (error: Error) => error.message,
  );
}
