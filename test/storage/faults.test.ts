/** What goes wrong between here and a server: passing trouble is got over, lasting trouble is named, and nothing wrong is ever kept. */
import { cpSync, existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { sha256 } from '../../generator/batch/canonical.ts';
import { pull } from '../../generator/storage/pull.ts';
import { push } from '../../generator/storage/push.ts';
import { temporaryFolder } from '../temporary.ts';
import { ACCESS_KEY, type Asked, CREDENTIALS, type Fault, S3Server, SECRET_KEY } from './s3-server.ts';
import { addImages, hashes, openTestBucket, put, renderStore } from './stores.ts';

let rendered: string;
let server: S3Server;
let out: string;
let store: string;
beforeAll(async () => {
  rendered = path.join(temporaryFolder('faults'), 'store');
  await renderStore(rendered);
  Object.assign(process.env, CREDENTIALS);
});
beforeEach(async () => {
  server = await S3Server.start();
  const folder = temporaryFolder('faults');
  [store, out] = [path.join(folder, 'store'), path.join(folder, 'out')];
  cpSync(rendered, store, { recursive: true });
});
afterEach(() => server.close());

async function pushIt(more: object = {}) {
  return push({ store, bucket: await openTestBucket(server.endpoint), ...more });
}
async function pullIt(more: object = {}) {
  return pull({ bucket: await openTestBucket(server.endpoint), folder: () => out, ...more });
}
const message = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no error',
    (error: Error) => error.message,
  );

/** The fault for the first request of each kind for each object. */
function once(fault: Fault, method: string): (asked: Asked) => Fault | undefined {
  const seen = new Set<string>();
  return (asked) => {
    if (asked.method !== method || seen.has(asked.what)) return undefined;
    seen.add(asked.what);
    return fault;
  };
}

const PASSING: readonly Fault[] = [
  { kind: 'status', status: 500, code: 'InternalError' },
  { kind: 'status', status: 503, code: 'SlowDown' },
  { kind: 'reset' },
];

test.each([...PASSING, { kind: 'reset', late: true } as const])('a push gets over $kind $status, once for every object', async (fault) => {
  put(store, 'evidence/large.f32', Buffer.alloc(5_000_000));
  server.options = { fault: once(fault, 'PUT') };
  const { sent } = await pushIt({ evidence: true });
  expect(server.count().PUT).toBeGreaterThan(2 * sent);
  server.options = {};
  await pullIt();
  expect(hashes(out)).toEqual(hashes(store));
}, 120_000);

test.each([
  ...PASSING,
  { kind: 'truncate' } as const,
  { kind: 'short' } as const,
  { kind: 'long' } as const,
  { kind: 'flip' } as const,
  { kind: 'stall' } as const,
])('a pull gets over $kind $status, once for every object', async (fault) => {
  const { objects } = await pushIt();
  const manifest = 'atlases/net/manifest.json';
  server.count();
  const first = once(fault, 'GET');
  // What the manifest is has no name to hold it to: cut short it is noticed, and otherwise refused.
  const untold = ['short', 'long', 'flip'].includes(fault.kind);
  server.options = { fault: (asked) => (untold && asked.what === manifest ? undefined : first(asked)) };
  const patience = fault.kind === 'stall' ? { silence: 1500, attempts: 8 } : {};
  await pull({ bucket: await openTestBucket(server.endpoint, 'net', patience), folder: () => out, concurrency: 32 });
  expect(server.count().GET).toBeGreaterThanOrEqual(untold ? 2 * objects + 1 : 2 * objects + 2);
  expect(hashes(out)).toEqual(hashes(store));
}, 120_000);

test('an image damaged there is named and not kept; all else comes, and a push with --resend repairs it', async () => {
  await pushIt();
  const image = Object.keys(hashes(store)).find((file) => file.startsWith('images/')) ?? '';
  const object = server.objects.get(`atlases/net/${image}`);
  if (!object) throw new Error('no such object');
  const content = Buffer.from(object.content);
  content[20] ^= 4;
  server.objects.set(`atlases/net/${image}`, { ...object, content });
  const said = await message(pullIt());
  expect(said).toMatch(/^s3:\/\/atlases\/net: expected every object as its name says for the store there, received "1 that are not"\n/);
  expect(said).toContain(`They are: ${image}: expected content with the SHA-256 ${path.basename(image, '.webp')}`);
  expect(said).toContain('push again with --resend');
  expect(existsSync(path.join(out, image))).toBe(false);
  expect(existsSync(path.join(out, 'atlas.json'))).toBe(false);
  expect(Object.keys(hashes(out)).length).toBe(Object.keys(hashes(store)).length - 2);
  expect(await pushIt()).toMatchObject({ sent: 0 });
  await pushIt({ resend: true });
  expect(await pullIt()).toMatchObject({ fetched: 2 });
  expect(hashes(out)).toEqual(hashes(store));
});

test('an object that was deleted there is named by a pull, and sent again by a push', async () => {
  await pushIt();
  const image = Object.keys(hashes(store)).find((file) => file.startsWith('images/')) ?? '';
  server.objects.delete(`atlases/net/${image}`);
  expect(await message(pullIt())).toContain(`They are: ${image} is gone`);
  expect(await pushIt()).toMatchObject({ sent: 1, changed: false });
  await pullIt();
  expect(hashes(out)).toEqual(hashes(store));
});

test('lasting trouble is told after some tries, and what was done stays done', async () => {
  let left = 5;
  server.options = {
    fault: ({ method }) => (method === 'PUT' && left-- <= 0 ? { kind: 'status', status: 503, code: 'SlowDown' } : undefined),
  };
  const said = await message(pushIt({ concurrency: 1 }));
  expect(said).toMatch(
    /expected the server to do it for the request, received "503 SlowDown .*\nThe server is in trouble. Wait, then run the same/,
  );
  expect(said).not.toMatch(new RegExp(`${ACCESS_KEY}|${SECRET_KEY}`));
  expect(server.objects.has('atlases/net/manifest.json')).toBe(false);
  expect(await message(pullIt())).toContain('nothing was pushed to this one, or not to its end');
  server.options = {};
  const { sent, objects } = await pushIt();
  expect(sent).toBe(objects - 5);
});

test('a server that is not there, and one that never answers', async () => {
  const { endpoint } = server;
  server.options = { before: () => new Promise(() => undefined) };
  const silent = await openTestBucket(endpoint, 'net', { attempts: 2, silence: 300 });
  expect(await message(push({ store, bucket: silent }))).toMatch(
    /expected a server that answers for the request, received "TimeoutError .*\nSee to/,
  );
  await server.close();
  expect(await message(push({ store, bucket: await openTestBucket(endpoint) }))).toMatch(
    /expected a server that answers for the request, received ".*ECONNREFUSED.*\nSee to the network, --endpoint/,
  );
  server = await S3Server.start();
});

test('a listing that never ends is refused', async () => {
  await pushIt();
  server.options = { pageSize: 0 };
  expect(await message(pushIt())).toContain('expected a listing that comes to an end for the server, received "the same page twice"');
});

test('an image whose bytes are not its name is not sent, and the place keeps what it had', async () => {
  await pushIt();
  const before = server.objects.get('atlases/net/manifest.json');
  const [image] = addImages(store, 1);
  put(store, image, 'other bytes');
  expect(await message(pushIt())).toMatch(
    new RegExp(`${image}: expected content with the SHA-256 .* for the file, received "${sha256('other bytes')}`),
  );
  expect(server.objects.get('atlases/net/manifest.json')).toBe(before);
  expect(server.objects.has(`atlases/net/${image}`)).toBe(false);
});

test.each([true, false])('of two pushes at once the first to end stays; the other is told (the server compares: %s)', async (compares) => {
  await pushIt();
  const other = path.join(temporaryFolder('other'), 'store');
  cpSync(rendered, other, { recursive: true });
  addImages(other, 1);
  addImages(store, 1);
  let begun = false;
  const before = async ({ method, what }: Asked) => {
    if (method !== 'PUT' || !what.includes('/images/') || begun) return;
    begun = true;
    await push({ store: other, bucket: await openTestBucket(server.endpoint) });
  };
  server.options = { compares, before };
  expect(await message(pushIt())).toMatch(/manifest.json: expected the manifest that was there when the push began .*somebody else’s push/);
  await pullIt();
  expect(hashes(out)).toEqual(hashes(other));
  // The server's own answer settles it where two come at the very same moment, after both have looked.
  if (compares) expect(await pushIt()).toMatchObject({ compared: true, changed: true });
});

test('prune leaves what another push has named meanwhile', async () => {
  const former = addImages(store, 2);
  await pushIt();
  const other = path.join(temporaryFolder('other'), 'store');
  cpSync(store, other, { recursive: true });
  for (const file of former) rmSync(path.join(store, file));
  let manifests = 0;
  server.options = {
    before: async ({ method, what }) => {
      // Between our manifest and the look at it before anything is deleted.
      if (method !== 'GET' || !what.endsWith('manifest.json') || ++manifests !== 2) return;
      await push({ store: other, bucket: await openTestBucket(server.endpoint) });
    },
  };
  expect(await message(pushIt({ prune: true }))).toContain('somebody else’s push ended meanwhile');
  server.options = {};
  await pullIt();
  expect(hashes(out)).toEqual(hashes(other));
});

test('who pulls while another pushes gets one push, whole', async () => {
  await pushIt();
  const first = hashes(store);
  let requests = 0;
  server.options = {
    before: async ({ method }) => {
      if (method !== 'GET' || ++requests !== 4) return;
      addImages(store, 2);
      put(store, 'comparison.json', '{}');
      rmSync(path.join(store, 'directions/early.f32'));
      await pushIt();
    },
  };
  await pullIt({ concurrency: 1 });
  expect(requests).toBeGreaterThan(4);
  expect(hashes(out)).toEqual(first);
  await pullIt();
  expect(hashes(out)).toEqual(hashes(store));
});

test('each object is sent with its type, for how long it may be kept, and both digests', async () => {
  await pushIt();
  const puts = server.asked.filter(({ method }) => method === 'PUT');
  const headers = (ending: string) => puts.find(({ what }) => what.endsWith(ending))?.headers ?? {};
  expect(headers('.webp')).toMatchObject({ 'content-type': 'image/webp', 'cache-control': 'public, max-age=31536000, immutable' });
  expect(headers('manifest.json')).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-cache', 'if-none-match': '*' });
  const layer = hashes(store)['layers/early.jsonl'];
  expect(headers(layer)).toMatchObject({
    'content-type': 'application/jsonl',
    'x-amz-content-sha256': layer,
    'x-amz-checksum-sha256': Buffer.from(layer, 'hex').toString('base64'),
  });
});

test('a push again asks for the manifest and the lists, and sends nothing; a dry run never does', async () => {
  addImages(store, 30);
  server.options = { pageSize: 10 };
  expect(await pushIt({ dryRun: true })).toMatchObject({ changed: true });
  expect(server.count()).toEqual({ GET: 1, LIST: 2 });
  const { objects } = await pushIt();
  const others = objects - Object.keys(hashes(store)).filter((file) => file.startsWith('images/')).length;
  server.count();
  await pushIt();
  expect(server.count()).toEqual({ GET: 1, LIST: Math.ceil(others / 10) + Math.ceil((objects - others) / 10) });
});
