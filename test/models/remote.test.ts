/** Models on the web: kept whole or not at all, held to their digests, shared by processes that know nothing of each other. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { parseAddress } from '../../generator/models/address.ts';
import { openModel } from '../../generator/models/open.ts';
import { servedModel } from './served-model.ts';
import { temporary } from './tiny-model.ts';
import { type Answer, cut, serveWeb, slow, whole } from './web.ts';

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

async function start(files: Record<string, Buffer>, ...answers: Answer[]) {
  const web = await serveWeb(files, ...answers);
  const cache = await temporary();
  const address = `${web.address}/tiny/model.json`;
  const options = { cache, stallMs: 2000, tries: 2, backoffMs: 10 };
  const fails = (reference = address) =>
    openModel(reference, options).then(
      () => 'nothing was thrown',
      (error: Error) => error.message,
    );
  return { ...web, files, cache, address, options, fails, folder: join(cache, parseAddress(address).folder) };
}

/** Opens a model in a process of its own. */
function openElsewhere(reference: string, cache: string): ChildProcess {
  const open = join(import.meta.dirname, '..', '..', 'generator', 'models', 'open.ts');
  const code = `const { openModel } = await import(${JSON.stringify(open)}); await openModel(${JSON.stringify(reference)}, { cache: ${JSON.stringify(cache)} });`;
  return spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'ignore', 'pipe'] });
}

const ended = (child: ChildProcess) => new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));

test('a model.json is fetched with its shards, and a second run touches no network', async () => {
  const { address, cache, options, requests, folder } = await start(await servedModel());
  const opened = await openModel(address, options);
  expect(opened).toMatchObject({ id: 'tiny', source: address, licence: 'unknown', format: 'tfjs-graph-model' });
  expect(opened.layers().map(({ name }) => name)).toEqual(['conv']);
  expect(requests.map(({ path }) => path)).toEqual(['/tiny/model.json', '/tiny/group1-shard1of2.bin', '/tiny/group1-shard2of2.bin']);
  expect((await readdir(cache)).sort()).toEqual(['locks', parseAddress(address).folder].sort());
  expect((await readdir(folder)).sort()).toEqual(['.sha256.json', 'group1-shard1of2.bin', 'group1-shard2of2.bin', 'model.json']);
  await openModel(address, options);
  expect(requests).toHaveLength(3);
});

test('a file that changed at the same address is an error that says both digests, and what to do', async () => {
  const { address, files, folder, fails, options } = await start(await servedModel());
  const before = await openModel(address, options);
  const shard = '/tiny/group1-shard2of2.bin';
  const [old, other] = [digest(files[shard]), (await servedModel(2))[shard]];
  files[shard] = other;
  await openModel(address, options); // What is there is there.
  await rm(folder, { recursive: true });
  const lock = join(dirname(folder), 'locks', `${parseAddress(address).folder}.json`);
  expect(await fails()).toBe(
    `${address}: expected the SHA-256 ${old}, recorded on ${new Date().toISOString().slice(0, 10)}, for group1-shard2of2.bin, received "${digest(other)}"\n` +
      `The address serves another file than it did. Nothing was kept. If the new one is wanted, delete ${lock}, or say so: ` +
      `${address}#sha256=${digest(files['/tiny/model.json'])}.`,
  );
  expect(await readdir(dirname(folder))).toEqual(['locks']);
  await rm(lock);
  expect((await openModel(address, options)).weightsSha256).not.toBe(before.weightsSha256);
});

test('a digest at the end of the address is held to, before and after fetching, and outranks what was recorded', async () => {
  const { address, files, folder, fails, options, cache } = await start(await servedModel());
  const pinned = (bytes: Buffer) => `${address}#sha256=${digest(bytes)}`;
  const json = files['/tiny/model.json'];
  expect(await fails(pinned(Buffer.from('other')))).toContain(
    `${address}: expected the SHA-256 ${digest(Buffer.from('other'))} for model.json, received "${digest(json)}"\nThe server or something`,
  );
  expect(await readdir(cache)).toEqual([]);
  expect((await openModel(pinned(json), options)).source).toBe(address);
  expect(await fails(pinned(Buffer.from('other')))).toContain('for model.json, received');
  files['/tiny/model.json'] = Buffer.from(`${json} `);
  await rm(folder, { recursive: true });
  expect(await fails()).toContain(`expected the SHA-256 ${digest(json)}, recorded on `);
  await openModel(pinned(files['/tiny/model.json']), options);
  await openModel(address, options);
});

test('a cached file that was altered is named', async () => {
  const { address, folder, fails, options } = await start(await servedModel());
  await openModel(address, options);
  await writeFile(join(folder, 'group1-shard1of2.bin'), 'x');
  expect(await fails()).toContain(
    `for group1-shard1of2.bin, received "${digest(Buffer.from('x'))}"\nThe cached model was altered or cut short.`,
  );
});

test('a process killed in the middle leaves nothing that is taken for a model, and the next one goes on from there', async () => {
  const { address, cache, folder, options, requests } = await start(await servedModel(), whole, whole, slow(500, 40), whole);
  const child = openElsewhere(address, cache);
  while (requests.length < 3) await sleep(20);
  await sleep(200);
  child.kill('SIGKILL');
  await ended(child);
  expect(await readdir(cache)).toHaveLength(1);
  expect(await readdir(cache)).not.toContain(parseAddress(address).folder);
  await openModel(address, options);
  expect(requests).toHaveLength(4);
  expect(requests[3]).toMatchObject({ path: '/tiny/group1-shard2of2.bin', range: expect.stringMatching(/^bytes=[1-9]\d*-$/) });
  expect((await readdir(cache)).sort()).toEqual(['locks', parseAddress(address).folder].sort());
  expect(await readFile(join(folder, 'group1-shard2of2.bin'))).toHaveLength(9 * 9 * 3 * 16 * 4 - 12_000);
});

test('processes that fetch the same model at once do not disturb each other', async () => {
  const { address, cache, options, requests } = await start(await servedModel(), slow(1000, 80));
  const children = [openElsewhere(address, cache), openElsewhere(address, cache), openElsewhere(address, cache)];
  expect(
    await Promise.all([...children.map(ended), openModel(address, options).then(() => 0), openModel(address, options).then(() => 0)]),
  ).toEqual([0, 0, 0, 0, 0]);
  expect(requests.length).toBeGreaterThan(3);
  expect((await readdir(cache)).sort()).toEqual(['locks', parseAddress(address).folder].sort());
  await openModel(address, options);
});

test('a shard outside the folder of its model is not asked for', async () => {
  for (const path of ['../secret', '/etc/passwd', 'https://example.com/shard', 'a/../../b', '%2e%2e/b']) {
    const json = { modelTopology: { node: [{ name: 'a', op: 'b' }] }, weightsManifest: [{ paths: [path], weights: [] }] };
    const { fails, requests } = await start({ '/tiny/model.json': Buffer.from(JSON.stringify(json)) });
    expect(await fails()).toContain(`expected a path within the model's folder for weightsManifest.paths, received "${path}"`);
    expect(requests).toHaveLength(1);
  }
});

test('a shard that is missing or breaks off is named', async () => {
  const { '/tiny/group1-shard2of2.bin': _, ...rest } = await servedModel();
  expect(await (await start(rest)).fails()).toContain('/tiny/group1-shard2of2.bin: expected a file for the download, received "HTTP 404"');
  expect(await (await start(await servedModel(), whole, cut(10), cut(0))).fails()).toContain(
    'expected a whole file for group1-shard1of2.bin, received',
  );
});

test('a pointer of Git LFS is told from what it points to', async () => {
  const { address, fails } = await start({
    '/tiny/net.onnx': Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n'),
  });
  expect(await fails(address.replace('model.json', 'net.onnx'))).toContain(
    'expected a model for the download, received "a pointer of Git LFS to it"',
  );
});
