/** Downloading one file from servers that lie, redirect and refuse. */
import { existsSync } from 'node:fs';
import { readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { download } from '../../generator/models/download.ts';
import { missing } from '../requires.ts';
import { digest, FILE, QUICK, start } from './downloading.ts';
import { temporary } from './tiny-model.ts';
import { type Answer, breakOff, serveWeb, status, whole } from './web.ts';

test('a file arrives whole, alone, with its digest, and bytes are reported as they come', async () => {
  const { file, folder, get, requests } = await start();
  const seen: (number | undefined)[][] = [];
  expect(await get({ sha256: digest(FILE), bytes: FILE.length }, { ...QUICK, onProgress: (...counts) => seen.push(counts) })).toBe(
    digest(FILE),
  );
  expect(await readFile(file)).toEqual(FILE);
  expect(await readdir(folder)).toEqual(['net.onnx']);
  expect(seen.at(-1)).toEqual([FILE.length, FILE.length]);
  expect(requests).toHaveLength(1);
});

test('a length that is a lie is found out', async () => {
  const longer: Answer = (response, body, _, web) => {
    response.writeHead(200, { 'content-length': body.length + 10 });
    response.write(body, () => breakOff(response, web, body.length));
  };
  expect(await (await start(longer)).fails()).toMatch(/^\/net\.onnx: expected a whole file for net\.onnx, received ".*, 3 times"\n/);
  const shorter: Answer = (response, body) => {
    response.writeHead(200, { 'content-length': 100 }).end(body.subarray(0, 100));
  };
  const pinned = await start(shorter);
  expect(await pinned.fails({ bytes: FILE.length })).toBe(
    `/net.onnx: expected ${FILE.length} bytes for the download, received "100 bytes"\nThe server serves another file than was pinned. Nothing was kept.`,
  );
  expect(await pinned.fails({ sha256: digest(FILE) })).toContain(
    `expected the SHA-256 ${digest(FILE)} for net.onnx, received "${digest(FILE.subarray(0, 100))}"`,
  );
  expect(existsSync(pinned.file)).toBe(false);
});

test('another file than was pinned is refused, with both digests, and nothing is kept', async () => {
  const { folder, fails } = await start();
  expect(await fails({ sha256: '0'.repeat(64) })).toBe(
    `/net.onnx: expected the SHA-256 ${'0'.repeat(64)} for net.onnx, received "${digest(FILE)}"\n` +
      'The server or something between it and you serves another file than was pinned. Nothing was kept.',
  );
  expect(await readdir(folder)).toEqual([]);
});

test('redirections are followed, five at most, and never to an unencrypted address elsewhere', async () => {
  const onward = status(302, { location: '/net.onnx' });
  const five = await start(onward, onward, onward, onward, onward, whole);
  expect(await five.get()).toBe(digest(FILE));
  const loop = await start(onward);
  expect(await loop.fails()).toContain(
    '/net.onnx: expected at most 5 redirections for the download, received "more, the last to http://127',
  );
  expect(loop.requests).toHaveLength(6);
  for (const location of ['http://example.com/net.onnx', 'ftp://example.com/net.onnx', 'https:///']) {
    const { fails, requests } = await start(status(301, { location }));
    expect(await fails()).toBe(
      `/net.onnx: expected a redirection to an https: address for the download, received "${location}"\n` +
        'Nothing was fetched: an unencrypted answer could be anyone’s.',
    );
    expect(requests).toHaveLength(1);
  }
});

test('a file that is not there or not for everyone is asked for once; a server in trouble as often as is sensible', async () => {
  const gone = await start(status(404));
  expect(await gone.fails()).toBe('/net.onnx: expected a file for the download, received "HTTP 404"\nCheck the spelling of the address.');
  expect(gone.requests).toHaveLength(1);
  expect(await (await start(status(403))).fails()).toContain(
    'received "HTTP 403"\nThe server wants to know who asks, which is not supported',
  );
  const broken = await start(status(500));
  expect(await broken.fails()).toContain('/net.onnx: expected a whole file for net.onnx, received "HTTP 500, 3 times"\n');
  expect(broken.requests).toHaveLength(3);
  const busy = await start(status(503, { 'retry-after': '1' }), whole);
  expect(await busy.get()).toBe(digest(FILE));
  expect(busy.requests[1].at - busy.requests[0].at).toBeGreaterThan(950);
});

test('a compressed answer is unpacked; one that breaks is fetched anew', async () => {
  const packed = gzipSync(FILE);
  const headers = { 'content-encoding': 'gzip', 'content-length': `${packed.length}`, etag: '"packed"' };
  const zipped: Answer = (response) => response.writeHead(200, headers).end(packed);
  const broken: Answer = (response) => {
    response.writeHead(200, headers);
    response.write(packed.subarray(0, 9000), () => setTimeout(() => response.destroy(), 50));
  };
  const { file, get, requests } = await start(broken, zipped);
  expect(await get()).toBe(digest(FILE));
  expect(await readFile(file)).toEqual(FILE);
  expect(requests.map(({ range }) => range)).toEqual([undefined, undefined]);
});

test('a web page is no model', async () => {
  expect(
    await (await start((response) => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<p>'))).fails(),
  ).toBe(
    '/net.onnx: expected a model for the download, received "a web page (text/html)"\n' +
      'Give the address that downloads the file, not that of a page about it.',
  );
});

test('nobody answering is said to be so', async () => {
  const { address } = await serveWeb({});
  const dead = new URL('/net.onnx', address.replace(/\d+$/, '1'));
  const error = await download(dead, join(await temporary(), 'net.onnx'), {}, QUICK).catch((thrown: Error) => thrown);
  expect(String(error)).toMatch(
    /expected a whole file for net\.onnx, received "fetch failed: .*, 3 times"\nCheck the network and the address\./,
  );
});

test('a full disk is named', async (context) => {
  if (!existsSync('/dev/full')) missing(context, 'there is no /dev/full, the disk that is always full');
  const { file, fails } = await start();
  await symlink('/dev/full', `${file}.part`);
  expect(await fails()).toBe(
    `${file}.part: expected room on the disk for the download, received "ENOSPC: no space left on device, write"\n` +
      'Free some space and run the same command again: it goes on where it stopped.',
  );
  expect(existsSync(file)).toBe(false);
});
