/** What a manifest may ask for, what a folder must not lose, and addresses that are none. */

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { seal, unseal } from '../../data/schema.ts';
import { sha256 } from '../../generator/batch/canonical.ts';
import { withLock } from '../../generator/batch/lock.ts';
import { parseAddress, parseEndpoint } from '../../generator/storage/address.ts';
import { type Manifest, parseManifest } from '../../generator/storage/manifest.ts';
import { pull } from '../../generator/storage/pull.ts';
import { push } from '../../generator/storage/push.ts';
import { isStoreFile, scanStore } from '../../generator/storage/store-files.ts';
import { temporaryFolder } from '../temporary.ts';
import { CREDENTIALS, S3Server } from './s3-server.ts';
import { addImages, hashes, openTestBucket, put, renderStore } from './stores.ts';

let server: S3Server;
let store: string;
let out: string;
let manifest: Manifest;
beforeAll(async () => {
  Object.assign(process.env, CREDENTIALS);
  server = await S3Server.start();
  store = path.join(temporaryFolder('hostile'), 'store');
  await renderStore(store);
  await push({ store, bucket: await openTestBucket(server.endpoint) });
  manifest = parseManifest('', server.objects.get('atlases/net/manifest.json')?.content ?? Buffer.alloc(0));
});
afterAll(() => server.close());
beforeEach(() => {
  out = path.join(temporaryFolder('hostile'), 'out');
  serve(manifest);
});

/** Puts anything in the manifest's place. */
function serve(value: unknown): void {
  const content = Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value));
  server.objects.set('atlases/net/manifest.json', { content, type: '', cacheControl: '', written: new Date() });
}
const pullIt = async (more: object = {}) => pull({ bucket: await openTestBucket(server.endpoint), folder: () => out, ...more });
const message = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no error',
    (error: Error) => error.message,
  );

const ESCAPES = [
  '../outside.json',
  'layers/../../outside.jsonl',
  '/etc/passwd',
  'layers\\..\\..\\x.jsonl',
  'layers/x\u0000.jsonl',
  'layers//x.jsonl',
  'layers/./x.jsonl',
  'layers/X.jsonl',
  'C:/x.json',
  'run.lock',
  'study-key.json',
  '.git/config',
  'evidence/../run.lock',
  'evidence/.hidden',
  'layers/.x.jsonl',
  'layers/x.jsonl.tmp',
  'evidence/x.tmp',
  `layers/${'x'.repeat(500)}.jsonl`,
  'package.json',
  'layers/x.js',
  'images/ab/x.webp',
];

test.each(ESCAPES)('a manifest that names %j is refused before anything is written', async (file) => {
  serve({ ...manifest, files: [...manifest.files, { path: file, bytes: 1, sha256: sha256('x') }] });
  expect(await message(pullIt())).toMatch(/^s3:\/\/atlases\/net\/manifest.json: expected .* for files\[\d+\]\.path, received .*\n/);
  expect(existsSync(out)).toBe(false);
});

const BENT: Readonly<Record<string, (good: Manifest) => unknown>> = {
  'no JSON': () => Buffer.from('{"schema":'),
  'no UTF-8': () => Buffer.from([0x22, 0xff, 0x22]),
  'another schema': (good) => ({ ...good, schema: 'basis-store/2' }),
  'a field too many': (good) => ({ ...good, run: 'rm -rf' }),
  'a name with a step up': (good) => ({ ...good, atlas: '../elsewhere' }),
  'a negative length': (good) => ({ ...good, images: [{ sha256: sha256('x'), bytes: -1 }] }),
  'a length beyond the protocol': (good) => ({ ...good, images: [{ sha256: sha256('x'), bytes: 2 ** 40 }] }),
  'a hash with a path in it': (good) => ({ ...good, images: [{ sha256: `../../${sha256('x')}`.slice(0, 64), bytes: 1 }] }),
  'a path twice': (good) => ({ ...good, files: [...good.files, good.files[0]] }),
  'an image twice': (good) => ({ ...good, images: [...good.images, good.images[0]] }),
  'no atlas.json': (good) => ({ ...good, files: good.files.filter((file) => file.path !== 'atlas.json') }),
};

test.each(Object.keys(BENT))('a manifest with %s is refused', async (name) => {
  serve(BENT[name]?.(manifest));
  expect(await message(pullIt())).toMatch(
    /^s3:\/\/atlases\/net\/manifest.json: expected .*\n(?:There is no such field: remove it. )?It was written by another program or version, or damaged/,
  );
  expect(existsSync(out)).toBe(false);
});

test('more bytes than the disk has are refused before the first comes', async () => {
  const images = Array.from({ length: 100_000 }, (_, i) => ({ sha256: sha256(String(i)), bytes: 5 * 2 ** 30 }));
  serve({ ...manifest, images });
  server.count();
  expect(await message(pullIt())).toMatch(/out: expected room for \d+ bytes for the disk, received "\d+ bytes"/);
  expect(server.count()).toEqual({ GET: 1 });
});

test('a folder of something else, and a file, are left as they are', async () => {
  mkdirSync(out);
  writeFileSync(path.join(out, 'thesis.tex'), 'mine');
  expect(await message(pullIt({ force: true }))).toMatch(
    /expected an empty folder, or one with an atlas for --out, received "one with thesis.tex"/,
  );
  expect(readdirSync(out)).toEqual(['thesis.tex']);
  const file = path.join(out, 'thesis.tex');
  expect(await message(pull({ bucket: await openTestBucket(server.endpoint), folder: () => file }))).toContain('received "ENOTDIR"');
});

test('another atlas is not pulled over, nor pushed over, by force either', async () => {
  cpSync(store, out, { recursive: true });
  const file = path.join(out, 'atlas.json');
  const text = unseal(readFileSync(file, 'utf8')) ?? '';
  writeFileSync(file, seal(text.replace(/"weights_sha256": "../, '"weights_sha256": "00')));
  const before = hashes(out);
  expect(await message(pullIt({ force: true }))).toMatch(
    /expected the atlas stand-in of the network with the weights 00.* for the store there/,
  );
  expect(await message(push({ store: out, bucket: await openTestBucket(server.endpoint) }))).toMatch(/Each atlas has a prefix of its own/);
  expect(hashes(out)).toEqual(before);
});

test('work that was never pushed is named and kept, until --force', async () => {
  await pullIt();
  const [image] = addImages(out, 1);
  put(out, 'comparison.json', '{}');
  put(out, 'layers/early.jsonl', 'changed\n');
  const before = hashes(out);
  const said = await message(pullIt());
  expect(said).toMatch(/out: expected nothing that was never pushed for the folder, received "3 such files"/);
  for (const file of ['comparison.json', image, 'layers/early.jsonl']) expect(said).toContain(file);
  expect(await message(pullIt({ dryRun: true }))).toBe(said);
  expect(hashes(out)).toEqual(before);
  expect(await pullIt({ force: true })).toMatchObject({ fetched: 1, removed: ['comparison.json', image] });
  expect(hashes(out)).toEqual(hashes(store));
});

test('a damaged image is nobody’s work: it is fetched again', async () => {
  await pullIt();
  const image = Object.keys(hashes(out)).find((file) => file.startsWith('images/')) ?? '';
  put(out, image, 'damaged');
  expect(await pullIt()).toMatchObject({ fetched: 1 });
  expect(hashes(out)).toEqual(hashes(store));
});

test('evidence that was not published, a key and notes stay; what a killed pull left goes', async () => {
  await pullIt();
  put(out, 'evidence/early/images.f32', 'numbers');
  put(out, 'study-key.json', '{}');
  put(out, 'images/ab/x.webp.123.tmp', 'half');
  put(out, 'evidence/early/images.f32.123.tmp', 'half');
  await pullIt();
  expect(Object.keys(hashes(out)).sort()).toEqual([...Object.keys(hashes(store)), 'evidence/early/images.f32', 'study-key.json'].sort());
});

test('a store that somebody writes to is neither pushed nor pulled over', async () => {
  const bucket = await openTestBucket(server.endpoint);
  await withLock(store, async () => undefined);
  const owner = { pid: 1, host: 'elsewhere', started: '1' };
  put(store, 'run.lock', JSON.stringify(owner));
  expect(await message(push({ store, bucket }))).toMatch(/expected one writer at a time for run.lock, received "process 1 on elsewhere/);
  expect(await message(pull({ bucket, folder: () => store }))).toMatch(/expected one writer at a time for run.lock/);
  put(store, 'run.lock', 'nobody');
  put(store, 'run.lock.123.tmp', JSON.stringify({ pid: process.pid, host: hostname(), started: 'long ago' }));
  expect(await push({ store, bucket })).toMatchObject({ sent: 0 });
  expect(readdirSync(store).filter((name) => name.startsWith('run.lock'))).toEqual([]);
});

test('keys of a study, locks and unknown files are never published, and said to be left', async () => {
  const folder = path.join(temporaryFolder('left'), 'store');
  cpSync(store, folder, { recursive: true });
  for (const file of ['study-key.json', 'notes.txt', 'images/ab/cd.webp', '.env']) put(folder, file, 'x');
  put(folder, 'study.json', '{}');
  const done = await push({ store: folder, bucket: await openTestBucket(server.endpoint), dryRun: true });
  expect(done.left).toEqual(['.env', 'images/ab/cd.webp', 'notes.txt', 'study-key.json']);
  expect((await scanStore(folder)).files.map((file) => file.path)).toContain('study.json');
});

test('every file of the committed atlas is one of a store’s', async () => {
  const found = await scanStore('data/atlases/coco-ssd-mobilenet-v2');
  expect(found.others).toEqual([]);
  expect(found.files.length).toBeGreaterThan(20);
  for (const name of ['editions/1/atlas.json', 'editions/12/layers/conv-1.jsonl', 'study/ab.webp', 'released-key.json', 'human.json'])
    expect(isStoreFile(name), name).toBe(true);
});

test('addresses and endpoints are read strictly', () => {
  expect(parseAddress('s3://bucket')).toEqual({ bucket: 'bucket', prefix: '' });
  expect(parseAddress('s3://my.bucket/some/net/')).toEqual({ bucket: 'my.bucket', prefix: 'some/net' });
  for (const wrong of [
    '',
    'bucket/net',
    'https://bucket/net',
    's3://',
    's3:///net',
    's3://b/../x',
    's3://bucket//x',
    's3://bucket/a b',
    's3://bucket/x\n',
    's3://bucket/ü',
  ])
    expect(() => parseAddress(wrong), wrong).toThrow('Give it as in s3://my-bucket/my-atlas.');
  expect(parseEndpoint('http://localhost:9000')).toBe('http://localhost:9000');
  for (const wrong of ['localhost:9000', 'ftp://x', 'https://name:secret@host', 'https://host/?key=1'])
    expect(() => parseEndpoint(wrong), wrong).toThrow(/--endpoint: expected an http: or https: address(?!.*secret)/);
});
