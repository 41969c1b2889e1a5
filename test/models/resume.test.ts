/** Downloads that break off and stall, and are gone on from: never with the bytes of another file. */
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { digest, FILE, noise, start } from './downloading.ts';
import { type Answer, breakOff, cut, slow, stall, tagOf, whole } from './web.ts';

test('a line that breaks is taken up where it broke, as often as something new comes', async () => {
  const { file, get, requests } = await start(cut(5000), cut(1), cut(3000), cut(2000), whole);
  expect(await get()).toBe(digest(FILE));
  expect(await readFile(file)).toEqual(FILE);
  expect(requests.map(({ range }) => range)).toEqual([undefined, 'bytes=5000-', 'bytes=5001-', 'bytes=8001-', 'bytes=10001-']);
});

test('a stall is given up and gone on from', async () => {
  const { file, get, requests } = await start(stall(4000), whole);
  await get();
  expect(await readFile(file)).toEqual(FILE);
  expect(requests[1].range).toBe('bytes=4000-');
  expect(requests[1].at - requests[0].at).toBeGreaterThan(250);
});

test('a server that only stalls is given up in the end; slowness is no stall', async () => {
  expect(await (await start(stall(0))).fails()).toBe(
    '/net.onnx: expected a whole file for net.onnx, received "no byte for 0.3 s, 3 times"\n' +
      'Check the network and the address. The same command tries again.',
  );
  const { get } = await start(slow(3000, 60));
  expect(await get()).toBe(digest(FILE));
});

test('what came before a failure is kept and gone on from by the next call', async () => {
  const { file, folder, get, fails, requests } = await start(cut(6000), cut(0), cut(0), whole);
  expect(await fails()).toMatch(
    /^\/net\.onnx: expected a whole file for net\.onnx, received ".*, 3 times"\n.* 6000 bytes are kept: the same command goes on from there\.$/,
  );
  expect((await readdir(folder)).sort()).toEqual(['net.onnx.part', 'net.onnx.part.json']);
  expect(existsSync(file)).toBe(false);
  expect(await get()).toBe(digest(FILE));
  expect(requests.at(-1)?.range).toBe('bytes=6000-');
});

test('a server that ignores Range is listened to from the beginning', async () => {
  const from0: Answer = (response, body) => response.writeHead(200, { etag: tagOf(body), 'content-length': `${body.length}` }).end(body);
  const { file, get, requests } = await start(cut(5000), from0);
  await get();
  expect(requests[1].range).toBe('bytes=5000-');
  expect(await readFile(file)).toEqual(FILE);
});

test('a file that changes between two tries is fetched anew, whether the server says so by a whole answer or by another tag', async () => {
  const other = noise('another file');
  const changed: Answer = (response, _, request, web) => whole(response, other, request, web);
  const careless: Answer = (response, _, request, web) => {
    request.headers['if-range'] = tagOf(other); // Sends a part whatever was asked for.
    whole(response, other, request, web);
  };
  for (const answers of [
    [cut(5000), changed],
    [cut(5000), careless, changed],
  ]) {
    const { file, get, requests } = await start(...answers);
    await get();
    expect(await readFile(file)).toEqual(other);
    expect(requests).toHaveLength(answers.length);
  }
});

test('nothing is gone on from on the strength of a weak tag, but a date will do', async () => {
  const weak = await start(cut(5000, { etag: 'W/"1"' }), whole);
  await weak.get();
  expect(weak.requests[1].range).toBeUndefined();
  const date = { 'last-modified': 'Tue, 24 Nov 2026 10:00:00 GMT' };
  const dated: Answer = (response, body, { headers }, web) => {
    const from = headers['if-range'] === date['last-modified'] ? Number(/\d+/.exec(headers.range ?? '')?.[0]) : 0;
    const range = { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` };
    response.writeHead(from ? 206 : 200, { ...date, ...range, 'content-length': body.length - from });
    if (from) response.end(body.subarray(from));
    else response.write(body.subarray(0, 5000), () => breakOff(response, web, 5000));
  };
  const strong = await start(dated);
  expect(await strong.get()).toBe(digest(FILE));
  expect(strong.requests.map(({ range }) => range)).toEqual([undefined, 'bytes=5000-']);
});

test('a part that is longer than the file is thrown away, one that is all of it is kept', async () => {
  const { address, file, get, requests } = await start();
  await writeFile(`${file}.part`, Buffer.concat([FILE, FILE]));
  await writeFile(`${file}.part.json`, JSON.stringify({ address: `${address}/net.onnx`, validator: tagOf(FILE) }));
  expect(await get()).toBe(digest(FILE));
  expect(requests.map(({ range }) => range)).toEqual([`bytes=${2 * FILE.length}-`, undefined]);
  const complete = await start();
  await writeFile(`${complete.file}.part`, FILE);
  await writeFile(`${complete.file}.part.json`, JSON.stringify({ address: `${complete.address}/net.onnx`, validator: tagOf(FILE) }));
  expect(await complete.get()).toBe(digest(FILE));
  expect(complete.requests.map(({ range }) => range)).toEqual([`bytes=${FILE.length}-`]);
});

test('what came from another address is no beginning of this file', async () => {
  const { address, file, get, requests } = await start();
  await writeFile(`${file}.part`, Buffer.alloc(100));
  await writeFile(`${file}.part.json`, JSON.stringify({ address: `${address}/other.onnx`, validator: tagOf(FILE) }));
  expect(await get()).toBe(digest(FILE));
  expect(requests.map(({ range }) => range)).toEqual([undefined]);
});
