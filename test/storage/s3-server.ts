/**
 * A server that speaks the part of the S3 protocol that push and pull use, in memory, with the faults that a test asks for. What sets it apart from a
 * real one: it looks at the access key and not at the signature, has one region and no permissions, and keeps nothing. Where Swift is installed
 * the same tests run against that too (swift.ts), which checks signatures, dates and digests with code of its own.
 */
import { createHash } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a request is answered with instead of the truth. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly code: string }
  /** Half of the body, then the connection is cut. */
  | { readonly kind: 'truncate' }
  /** Half of the body, said to be all of it. */
  | { readonly kind: 'short' }
  /** One byte more than there is, said to be all of it. */
  | { readonly kind: 'long' }
  /** One bit of the body is another. */
  | { readonly kind: 'flip' }
  /** Half of the body, then silence. */
  | { readonly kind: 'stall' }
  /** The connection is cut before any answer; of a PUT, after it was carried out if `late`. */
  | { readonly kind: 'reset'; readonly late?: boolean };

/** A request as tests see it. */
export interface Asked {
  readonly method: string;
  /** With its bucket: `atlases/net/manifest.json`; of a listing `list` and the prefix. */
  readonly what: string;
  readonly headers: http.IncomingHttpHeaders;
}

interface Stored {
  readonly content: Buffer;
  readonly type: string;
  readonly cacheControl: string;
  readonly written: Date;
}

/** How the server behaves. */
export interface S3ServerOptions {
  readonly buckets?: readonly string[];
  /** Objects on a page of a listing; 1,000 as Amazon has it. */
  readonly pageSize?: number;
  /** Whether If-Match and If-None-Match of a PUT are looked at. */
  readonly compares?: boolean;
  readonly fault?: (asked: Asked) => Fault | undefined;
  /** Called before a request is answered. */
  readonly before?: (asked: Asked) => Promise<void> | void;
}

export const ACCESS_KEY = 'AKIATESTOFTHEATLAS';
export const SECRET_KEY = 'secret-of-the-tests/never+printed';

/** What a process needs in its environment to be let in. */
export const CREDENTIALS = { AWS_ACCESS_KEY_ID: ACCESS_KEY, AWS_SECRET_ACCESS_KEY: SECRET_KEY, AWS_EC2_METADATA_DISABLED: 'true' };

const digest = (algorithm: string, content: Buffer, form: 'hex' | 'base64') => createHash(algorithm).update(content).digest(form);
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** The server, and what it holds. Close it. */
export class S3Server {
  /** By bucket and key: `atlases/net/manifest.json`. */
  readonly objects = new Map<string, Stored>();
  readonly asked: Asked[] = [];
  options: S3ServerOptions;
  readonly #server: http.Server;

  private constructor(options: S3ServerOptions) {
    this.options = options;
    this.#server = http.createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  static async start(options: S3ServerOptions = {}): Promise<S3Server> {
    const server = new S3Server(options);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** How many requests of each method there were since the last call. */
  count(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { method, what } of this.asked.splice(0)) {
      const kind = what.startsWith('list ') ? 'LIST' : method;
      counts[kind] = (counts[kind] ?? 0) + 1;
    }
    return counts;
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<unknown> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const name = decodeURIComponent(url.pathname.slice(1));
    const what = url.searchParams.has('list-type') ? `list ${name}/${url.searchParams.get('prefix') ?? ''}` : name;
    const asked = { method: request.method ?? '', what, headers: request.headers };
    this.asked.push(asked);
    await this.options.before?.(asked);
    const fault = this.options.fault?.(asked);
    if (fault?.kind === 'status') return this.#refuse(response, fault.status, fault.code);
    if (fault?.kind === 'reset' && !fault.late) return request.socket.destroy();
    if (!request.headers.authorization?.startsWith(`AWS4-HMAC-SHA256 Credential=${ACCESS_KEY}/`))
      return this.#refuse(response, 403, request.headers.authorization ? 'InvalidAccessKeyId' : 'AccessDenied');
    const [bucket = ''] = name.split('/');
    if (!(this.options.buckets ?? ['atlases']).includes(bucket)) return this.#refuse(response, 404, 'NoSuchBucket');
    if (url.searchParams.has('list-type')) return this.#list(response, bucket, url.searchParams);
    if (request.method === 'PUT') return this.#put(request, response, name, Buffer.concat(chunks), fault);
    if (request.method === 'DELETE') {
      this.objects.delete(name);
      return response.writeHead(204).end();
    }
    return this.#get(response, name, fault);
  }

  #put(request: http.IncomingMessage, response: http.ServerResponse, name: string, content: Buffer, fault: Fault | undefined): unknown {
    const { headers } = request;
    if (headers['x-amz-content-sha256'] !== digest('sha256', content, 'hex'))
      return this.#refuse(response, 400, 'XAmzContentSHA256Mismatch');
    if (headers['x-amz-checksum-sha256'] !== digest('sha256', content, 'base64')) return this.#refuse(response, 400, 'BadDigest');
    const there = this.objects.get(name);
    const etag = there && `"${digest('md5', there.content, 'hex')}"`;
    const { 'if-match': match, 'if-none-match': none } = headers;
    if (this.options.compares !== false && ((match !== undefined && match !== etag) || (none === '*' && there)))
      return this.#refuse(response, 412, 'PreconditionFailed');
    const type = headers['content-type'] ?? '';
    this.objects.set(name, { content, type, cacheControl: headers['cache-control'] ?? '', written: new Date() });
    if (fault?.kind === 'reset') return request.socket.destroy();
    response.writeHead(200, { ETag: `"${digest('md5', content, 'hex')}"` }).end();
  }

  #get(response: http.ServerResponse, name: string, fault: Fault | undefined): unknown {
    const object = this.objects.get(name);
    if (!object) return this.#refuse(response, 404, 'NoSuchKey');
    let { content } = object;
    const half = content.length >> 1;
    if (fault?.kind === 'flip') {
      content = Buffer.from(content);
      content[half] ^= 1;
    }
    if (fault?.kind === 'short') content = content.subarray(0, half);
    if (fault?.kind === 'long') content = Buffer.concat([content, Buffer.from('x')]);
    response.writeHead(200, {
      ETag: `"${digest('md5', object.content, 'hex')}"`,
      'Content-Length': content.length,
      'Content-Type': object.type,
    });
    if (fault?.kind === 'truncate') response.write(content.subarray(0, half), () => response.socket?.destroy());
    else if (fault?.kind === 'stall') response.write(content.subarray(0, half));
    else response.end(content);
  }

  #list(response: http.ServerResponse, bucket: string, query: URLSearchParams): void {
    const prefix = `${bucket}/${query.get('prefix') ?? ''}`;
    const names = [...this.objects.keys()].filter((name) => name.startsWith(prefix)).sort();
    const from = Number(query.get('continuation-token') ?? 0);
    const to = from + (this.options.pageSize ?? 1000);
    const contents = names.slice(from, to).map((name) => {
      const object = this.objects.get(name);
      return `<Contents><Key>${escaped(name.slice(bucket.length + 1))}</Key><Size>${object?.content.length}</Size><LastModified>${object?.written.toISOString()}</LastModified></Contents>`;
    });
    const more = to < names.length;
    const next = more ? `<NextContinuationToken>${to}</NextContinuationToken>` : '';
    const body = `<?xml version="1.0"?><ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`;
    response.writeHead(200, { 'Content-Type': 'application/xml' }).end(body);
  }

  #refuse(response: http.ServerResponse, status: number, code: string): void {
    const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code} it is, ${ACCESS_KEY}</Message></Error>`;
    response.writeHead(status, { 'Content-Type': 'application/xml' }).end(body);
  }
}
