/** A plain file server with no rewriting, as a host of the published site would be: index.html in folders, 404.html for what is missing. */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { createGzip } from 'node:zlib';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.webp': 'image/webp',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};
const COMPRESSED = /\.(html|css|js|svg|txt)$/;

/** Serves a folder under a base path (`/some/base/`) on a port of the loopback, a free one unless told; `gzip` compresses texts, as hosts do. */
export async function serveFolder(
  folder: string,
  base: string,
  { port: wanted = 0, gzip = false } = {},
): Promise<{ origin: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    const inside = path.startsWith(base) ? normalize(path.slice(base.length)) : undefined;
    let file = inside === undefined || inside.startsWith('..') ? undefined : join(folder, inside);
    if (file && existsSync(file) && statSync(file).isDirectory()) file = join(file, 'index.html');
    const found = file !== undefined && existsSync(file);
    const sent = found && file ? file : join(folder, '404.html');
    const compressed = gzip && COMPRESSED.test(sent);
    response.writeHead(found ? 200 : 404, {
      'content-type': TYPES[extname(sent)] ?? 'application/octet-stream',
      ...(compressed ? { 'content-encoding': 'gzip' } : {}),
    });
    const stream = createReadStream(sent);
    (compressed ? stream.pipe(createGzip()) : stream).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(wanted, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { origin: `http://127.0.0.1:${port}`, close };
}
