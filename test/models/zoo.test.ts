/** The zoo's entries, and addresses: what is refused, what is recorded, what is shown. */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeModels } from '../../generator/cli/models.ts';
import { mayFetch, parseAddress } from '../../generator/models/address.ts';
import { listModels } from '../../generator/models/catalogue.ts';
import { openModel, openZoo } from '../../generator/models/open.ts';
import { ZOO, type ZooModel } from '../../generator/models/zoo.ts';
import { servedModel } from './served-model.ts';
import { temporary } from './tiny-model.ts';
import { serveWeb } from './web.ts';

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

test('addresses that cannot be fetched are refused at once', async () => {
  for (const [reference, expected] of [
    ['http://example.com/model.json', 'an https: address'],
    ['http://127.0.0.1.example.com/model.json', 'an https: address'],
    ['https://user:secret@example.com/model.json', 'an address without a user name or password'],
    ['https://example.com/', 'an address that ends with the name of a file'],
    ['https://example.com/a.onnx#sha256=12', '#sha256= and 64 hexadecimal digits, or nothing, at the end of an address'],
  ]) {
    const message = await openModel(reference).catch((error: Error) => error.message);
    expect(message).toContain(`the model: expected ${expected} for MODEL, received "`);
    expect(message).not.toContain('secret');
  }
});

test('an answer from outside leads neither to an unencrypted address nor into this machine; one from here may stay here', () => {
  const may = (to: string, from: string) => mayFetch(new URL(to), new URL(from));
  expect(may('https://b.example/x', 'https://a.example/x')).toBe(true);
  expect(may('http://a.example/x', 'https://a.example/x')).toBe(false);
  expect(may('http://127.0.0.1/x', 'https://a.example/x')).toBe(false);
  expect(may('http://a.example/x', 'http://127.0.0.1/x')).toBe(false);
  expect(may('http://localhost:81/x', 'http://127.0.0.1:80/x')).toBe(true);
  expect(may('https://a.example/x', 'http://[::1]/x')).toBe(true);
  expect(may('file:///etc/passwd', 'https://a.example/x')).toBe(false);
});

test('every model of the zoo has an address of its own that may be fetched, a digest and a size', () => {
  expect(new Set(ZOO.map(({ id }) => id)).size).toBe(ZOO.length);
  const web = ZOO.flatMap(({ origin }) => (origin.kind === 'https' ? [origin] : []));
  expect(web).toHaveLength(9);
  expect(new Set(web.map(({ sha256 }) => sha256)).size).toBe(9);
  for (const { address, sha256, bytes } of web) {
    expect(parseAddress(`${address}#sha256=${sha256}`)).toMatchObject({ url: { protocol: 'https:' }, sha256 });
    expect(bytes).toBeGreaterThan(1e6);
  }
});

test('a model of the zoo is fetched by its address; what was not pinned is recorded at first use, shown, and held to', async () => {
  const files = await servedModel();
  const json = files['/tiny/model.json'];
  const address = `${(await serveWeb(files)).address}/tiny/model.json`;
  const cache = await temporary();
  const options = { cache, stallMs: 2000, tries: 2, backoffMs: 10 };
  const preprocess = { scale: [1, 1, 1], offset: [0, 0, 0] };
  const entry: ZooModel = {
    id: 'tiny-net',
    title: 'Tiny',
    licence: 'MIT',
    origin: { kind: 'https', address, bytes: json.length },
    preprocess,
    size: 32,
    heads: [],
    assumptions: ['it is small'],
  };
  const row = async () => describeModels(await listModels(cache, [entry])).split('\n')[1];
  expect(await row()).toMatch(/^tiny-net +MIT +0\.0 MB +no +recorded at first use +http:\/\/127/);
  const opened = await openZoo(entry, options);
  expect(opened).toMatchObject({
    id: 'tiny-net',
    licence: 'MIT',
    source: address,
    size: 32,
    preprocess,
    assumptions: ['it is small', expect.any(String)],
  });
  expect(opened.assumedPixels).toBeUndefined();
  expect(await row()).toMatch(new RegExp(`^tiny-net +MIT +0\\.0 MB +yes +sha256-${digest(json).slice(0, 12)}… \\(recorded\\) +http`));
  expect(await listModels(cache, [])).toMatchObject([
    { id: 'tiny-net', source: address, pinned: false, fetched: true, digest: `sha256-${digest(json)}` },
  ]);
  files['/tiny/model.json'] = Buffer.from(json.toString().replace('"conv"', '"Conv"'));
  await rm(join(cache, 'tiny-net'), { recursive: true });
  await expect(openZoo(entry, options)).rejects.toThrow(`expected the SHA-256 ${digest(json)}, recorded on `);
  const pinned = {
    ...entry,
    id: 'pinned',
    origin: { ...entry.origin, kind: 'https', address, bytes: json.length, sha256: '0'.repeat(64) },
  } as const;
  await expect(openZoo(pinned, options)).rejects.toThrow(`expected the SHA-256 ${'0'.repeat(64)} for model.json, received`);
  await expect(openZoo({ ...pinned, origin: { ...pinned.origin, bytes: 7 } }, options)).rejects.toThrow(
    'expected 7 bytes for the download, received',
  );
});

test('a pixel of the zoo comes to what its README computes for it', () => {
  // 255·(0.2, 0.4, 1), worked out by hand from the formulas there; blue first where the network has it so.
  const expected: Record<string, number[]> = {
    'coco-ssd-mobilenet-v2': [-0.6, -0.2, 1],
    'inception-v1': [151.061, -14.779, -72.68],
    'inception-v2': [151, -15, -72],
    'resnet50-v2': [-1.244541, -0.25, 2.64],
    'mobilenet-v2': [-1.244541, -0.25, 2.64],
    'squeezenet-1-1': [-1.244541, -0.25, 2.64],
    'efficientnet-lite4': [-0.59375, -0.1953125, 1],
    'densenet-121': [2.56802, -0.25126, -1.23556],
    'vgg-16': [-1.244541, -0.25, 2.64],
    alexnet: [151.061, -14.779, -72.68],
  };
  for (const { id, preprocess } of ZOO) {
    const { scale, offset, order } = preprocess;
    const colours = [0.2, 0.4, 1].map((x, c) => x * scale[c] + offset[c]);
    const seen = order === 'BGR' ? colours.toReversed() : colours;
    for (const [c, value] of expected[id].entries()) expect(seen[c], id).toBeCloseTo(value, 5);
  }
});
