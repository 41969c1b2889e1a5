/** A stand-in for an npm registry: one package, served from memory, with the faults that a network has. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { temporary } from './tiny-model.ts';

/** How the tarball arrives: whole, half of it as if that were all, or half of it and then the line is cut. */
export type Delivery = 'whole' | 'half' | 'cut';

export interface Registry {
  address: string;
  integrity: string;
  /** The paths asked for so far. */
  requests: string[];
  close(): Promise<void>;
}

/** Packs `files` (by path in the package) as `tiny-model@1.0.0` and serves it. */
export async function serveRegistry(files: Readonly<Record<string, string | Buffer>>, delivery: Delivery = 'whole'): Promise<Registry> {
  const tarball = await pack(files);
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    if (request.url === '/tiny-model') {
      const dist = { tarball: `${address}/tiny-model/-/tiny-model-1.0.0.tgz`, integrity };
      const manifest = { name: 'tiny-model', version: '1.0.0', dist };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ name: 'tiny-model', 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': manifest } }));
    } else if (request.url === '/tiny-model/-/tiny-model-1.0.0.tgz') {
      if (delivery === 'cut') response.setHeader('content-length', tarball.length);
      const sent = delivery === 'whole' ? tarball : tarball.subarray(0, tarball.length / 2);
      if (delivery === 'cut') response.write(sent, () => response.destroy());
      else response.end(sent);
    } else {
      response.statusCode = 404;
      response.end('{"error":"not found"}');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { address, integrity, requests, close };
}

/** The address of a port that nobody listens on. */
export async function deadAddress(): Promise<string> {
  const { address, close } = await serveRegistry({});
  await close();
  return address;
}

async function pack(files: Readonly<Record<string, string | Buffer>>): Promise<Buffer> {
  const folder = await temporary();
  const all = { 'package.json': '{"name":"tiny-model","version":"1.0.0"}', ...files };
  for (const [path, text] of Object.entries(all)) {
    await mkdir(dirname(join(folder, 'package', path)), { recursive: true });
    await writeFile(join(folder, 'package', path), text);
  }
  await promisify(execFile)('tar', ['-czf', 'tiny.tgz', 'package'], { cwd: folder });
  return readFile(join(folder, 'tiny.tgz'));
}
