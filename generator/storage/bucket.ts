/** A prefix of a bucket, through Amazon's client, which is loaded when a bucket is opened and not before. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { GetObjectCommandOutput, PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { AtlasError, fault, reason } from '../graph/errors.ts';
import { addressText, type StorageAddress } from './address.ts';
import { answerOf, isPassing, storageFault } from './storage-fault.ts';

type Sdk = typeof import('@aws-sdk/client-s3');

/** How a bucket is reached. */
export interface BucketOptions {
  readonly address: StorageAddress;
  /** A server that is not Amazon's: `http://localhost:9000`. */
  readonly endpoint?: string;
  readonly region?: string;
  /** Stops what is under way. */
  readonly signal?: AbortSignal;
  /** How often a request that failed in passing is sent in all; 6 if left out. The waits between double, from a tenth of a second to 20. */
  readonly attempts?: number;
  /** After how many milliseconds of silence a connection is given up; a minute if left out. */
  readonly silence?: number;
}

/** An object of a listing. */
export interface Listed {
  readonly bytes: number;
  /** When it was written, by the server's clock, in milliseconds. */
  readonly written: number;
}

/** What an object is to hold. */
export interface Content {
  readonly sha256: string;
  readonly bytes: number;
}

/** What is written with an object. */
export interface PutOptions {
  readonly type: string;
  readonly cacheControl: string;
  /** Write only if the object is still the one with this ETag; `null`: only if there is none. */
  readonly replaces?: string | null;
}

/** What became of a PUT: `superseded` where what it should replace is no longer there, `uncompared` where the server takes no conditions. */
export type Written = 'written' | 'superseded' | 'uncompared';

/** A transfer that broke off or brought other bytes than it should: worth another try. */
export class BrokenTransfer extends AtlasError {}

/** Files below this many bytes are sent from memory, which lets the client repeat a request by itself; larger ones are streamed. */
const IN_MEMORY = 2 ** 22;

/** Opens a place in a bucket; nothing is asked of the server yet. Credentials and region come from where Amazon's own tools look. */
export async function openBucket(options: BucketOptions): Promise<Bucket> {
  const sdk = await import('@aws-sdk/client-s3');
  const { address, endpoint, silence = 60_000, attempts = 6 } = options;
  const elsewhere = endpoint ?? process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
  const agent = { keepAlive: true, maxSockets: 256 };
  const make = (region: string | undefined) =>
    new sdk.S3Client({
      ...(endpoint ? { endpoint } : {}),
      ...(region ? { region } : {}),
      // Hosts of the form bucket.server are Amazon's; others seldom have them.
      forcePathStyle: elsewhere !== undefined,
      maxAttempts: attempts,
      // It says on the console what we say in our own words, or get over.
      logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
      // Every object is hashed here, with SHA-256; the client's own checksums are a form that not every server reads.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: { connectionTimeout: Math.min(10_000, silence), socketTimeout: silence, httpAgent: agent, httpsAgent: agent },
    });
  const client = make(options.region);
  const known = await client.config.region().catch(() => undefined);
  if (known) return new Bucket(sdk, client, options);
  if (elsewhere !== undefined) return new Bucket(sdk, make('us-east-1'), options);
  throw fault({
    where: addressText(address),
    expected: 'a region',
    name: '--region',
    received: undefined,
    remedy: 'Give the bucket’s region with --region or AWS_REGION, or another server with --endpoint.',
    exitCode: 2,
  });
}

/** A prefix of a bucket. Keys are relative to it. Every error is an AtlasError that says what to do. */
export class Bucket {
  readonly address: StorageAddress;
  readonly #sdk: Sdk;
  readonly #client: S3Client;
  readonly #attempts: number;
  readonly #signal: AbortSignal | undefined;

  constructor(sdk: Sdk, client: S3Client, { address, signal, attempts = 6 }: BucketOptions) {
    this.address = address;
    this.#sdk = sdk;
    this.#client = client;
    this.#attempts = attempts;
    this.#signal = signal;
  }

  /** `s3://bucket/prefix/key` */
  text(key = ''): string {
    return addressText(this.address, key);
  }

  /** Closes the connections. */
  close(): void {
    this.#client.destroy();
  }

  /** Every object whose key begins with `start` (`images/`), by its key: a request for each thousand. */
  async list(start: string): Promise<Map<string, Listed>> {
    const listed = new Map<string, Listed>();
    const base = this.#key('');
    let token: string | undefined;
    do {
      const query = { Bucket: this.address.bucket, Prefix: base + start, ...(token ? { ContinuationToken: token } : {}) };
      const page = await this.#asked(start, (abortSignal) => this.#client.send(new this.#sdk.ListObjectsV2Command(query), { abortSignal }));
      for (const { Key = '', Size = -1, LastModified } of page.Contents ?? [])
        if (Key.startsWith(base)) listed.set(Key.slice(base.length), { bytes: Size, written: LastModified?.getTime() ?? 0 });
      const next = page.IsTruncated ? page.NextContinuationToken : undefined;
      if (page.IsTruncated && (!next || next === token)) throw this.#endlessFault(start);
      token = next;
    } while (token);
    return listed;
  }

  /** A small object whole, of at most so many bytes, and its ETag; nothing if there is none. */
  async read(key: string, most: number): Promise<{ content: Buffer; etag: string } | undefined> {
    return this.#persistently(async () => {
      const response = await this.#get(key);
      if (!response) return undefined;
      const chunks: Uint8Array[] = [];
      let bytes = 0;
      for await (const chunk of this.#body(key, response)) {
        bytes += chunk.length;
        if (bytes > most) throw this.#contentFault(key, AtlasError, `at most ${most} bytes`, 'more');
        chunks.push(chunk);
      }
      return { content: Buffer.concat(chunks), etag: response.ETag ?? '' };
    });
  }

  /** Hands an object's bytes to `take`, as they come; it must fail where they do, and is called anew for each attempt. Resolves to false if there is no object. */
  async download(key: string, wanted: Content, take: (content: AsyncIterable<Uint8Array>) => Promise<void>): Promise<boolean> {
    return this.#persistently(async () => {
      const response = await this.#get(key);
      if (!response) return false;
      await take(this.#checked(key, response, wanted));
      return true;
    });
  }

  /** Writes an object from a file, whose bytes must be the wanted ones, or from memory. */
  async put(key: string, source: string | Buffer, wanted: Content, options: PutOptions): Promise<Written> {
    if (typeof source !== 'string') return this.#put(key, source, wanted, options);
    if (wanted.bytes >= IN_MEMORY) return this.#persistently(() => this.#put(key, source, wanted, options));
    const content = await readFile(source).catch((cause: unknown) => {
      throw this.#sourceFault(source, wanted, reason(cause), cause);
    });
    const found = createHash('sha256').update(content).digest('hex');
    if (found !== wanted.sha256) throw this.#sourceFault(source, wanted, found);
    return this.#put(key, content, wanted, options);
  }

  /** Whether the server compares ETags when it writes. Shown on an object that is there already, with the bytes that it has: no answer does harm. */
  async compares(key: string, source: string | Buffer, wanted: Content, options: PutOptions): Promise<boolean> {
    return (await this.put(key, source, wanted, { ...options, replaces: '"0"' })) === 'superseded';
  }

  /** Deletes an object; one that is not there is no mistake. */
  async remove(key: string): Promise<void> {
    const target = { Bucket: this.address.bucket, Key: this.#key(key) };
    await this.#asked(key, (abortSignal) => this.#client.send(new this.#sdk.DeleteObjectCommand(target), { abortSignal }));
  }

  #key(key: string): string {
    return this.address.prefix === '' ? key : `${this.address.prefix}/${key}`;
  }

  async #get(key: string): Promise<GetObjectCommandOutput | undefined> {
    const target = { Bucket: this.address.bucket, Key: this.#key(key) };
    return this.#asked(key, async (abortSignal) => {
      try {
        return await this.#client.send(new this.#sdk.GetObjectCommand(target), { abortSignal });
      } catch (error) {
        const { name, status } = answerOf(error);
        if (status === 404 && name !== 'NoSuchBucket') return undefined;
        throw error;
      }
    });
  }

  async *#body(key: string, { Body }: GetObjectCommandOutput): AsyncGenerator<Uint8Array> {
    try {
      yield* (Body ?? []) as AsyncIterable<Uint8Array>;
    } catch (cause) {
      this.#signal?.throwIfAborted();
      throw this.#contentFault(key, BrokenTransfer, 'the whole object', reason(cause), cause);
    }
  }

  /** The bytes of a body; throws at the end if they were not the wanted ones, and at once if there are more. */
  async *#checked(key: string, response: GetObjectCommandOutput, wanted: Content): AsyncGenerator<Uint8Array> {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of this.#body(key, response)) {
      bytes += chunk.length;
      if (bytes > wanted.bytes) throw this.#contentFault(key, BrokenTransfer, `${wanted.bytes} bytes`, 'more');
      hash.update(chunk);
      yield chunk;
    }
    if (bytes < wanted.bytes) throw this.#contentFault(key, BrokenTransfer, `${wanted.bytes} bytes`, bytes);
    const found = hash.digest('hex');
    if (found !== wanted.sha256) throw this.#contentFault(key, BrokenTransfer, `content with the SHA-256 ${wanted.sha256}`, found);
  }

  async #put(
    key: string,
    source: string | Buffer,
    { sha256, bytes }: Content,
    { type, cacheControl, replaces }: PutOptions,
  ): Promise<Written> {
    const file = typeof source === 'string' ? createReadStream(source) : undefined;
    const reading = new AbortController();
    file?.once('error', (cause) => reading.abort(this.#sourceFault(String(source), { sha256, bytes }, reason(cause), cause)));
    const input: PutObjectCommandInput = {
      Bucket: this.address.bucket,
      Key: this.#key(key),
      Body: file ?? source,
      ContentLength: bytes,
      ContentType: type,
      CacheControl: cacheControl,
      ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
      ...(replaces === null ? { IfNoneMatch: '*' } : replaces === undefined ? {} : { IfMatch: replaces }),
    };
    const command = new this.#sdk.PutObjectCommand(input);
    // A part of the signature: a server that knows nothing of checksums holds the bytes to it all the same.
    command.middlewareStack.add(
      (next) => (args) => {
        (args.request as { headers: Record<string, string> }).headers['x-amz-content-sha256'] = sha256;
        return next(args);
      },
      { step: 'build', name: 'contentSha256' },
    );
    const send = async (signal: AbortSignal | undefined): Promise<Written> => {
      try {
        await this.#client.send(command, { abortSignal: signal ? AbortSignal.any([signal, reading.signal]) : reading.signal });
        return 'written';
      } catch (error) {
        reading.signal.throwIfAborted();
        const { status } = answerOf(error);
        if (replaces !== undefined && (status === 412 || status === 409)) return 'superseded';
        if (replaces !== undefined && (status === 400 || status === 501)) return 'uncompared';
        throw error;
      }
    };
    return this.#asked(key, send, file !== undefined).finally(() => file?.destroy());
  }

  /** A request; what goes wrong is said in the house form. `repeatable`: the client could not repeat it by itself, we can. */
  async #asked<T>(key: string, request: (signal: AbortSignal | undefined) => Promise<T>, repeatable = false): Promise<T> {
    this.#signal?.throwIfAborted();
    try {
      return await request(this.#signal);
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (error instanceof AtlasError) throw error;
      const told = storageFault(this.text(key), error, await this.#secrets());
      throw repeatable && isPassing(error) ? new BrokenTransfer(told.message, { cause: error }) : told;
    }
  }

  /** Does the work again, after a wait, while it breaks off. */
  async #persistently<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        this.#signal?.throwIfAborted();
        if (!(error instanceof BrokenTransfer) || attempt >= this.#attempts) throw error;
        await wait(Math.random() * Math.min(20_000, 100 * 2 ** attempt), undefined, { signal: this.#signal }).catch(() => undefined);
        this.#signal?.throwIfAborted();
      }
    }
  }

  async #secrets(): Promise<string[]> {
    const keys = await this.#client.config.credentials().catch(() => undefined);
    return [keys?.secretAccessKey, keys?.sessionToken, keys?.accessKeyId].filter((key): key is string => Boolean(key));
  }

  #contentFault(key: string, Kind: typeof AtlasError, expected: string, received: unknown, cause?: unknown): AtlasError {
    const remedy = 'If it stays so, what lies there is damaged: push the store again with --resend from where it is whole.';
    return new Kind(fault({ where: this.text(key), expected, name: 'the object', received, remedy }).message, { cause });
  }

  #sourceFault(file: string, { sha256 }: Content, received: string, cause?: unknown): AtlasError {
    return fault({
      where: file,
      expected: `content with the SHA-256 ${sha256}`,
      name: 'the file',
      received,
      remedy: 'It is damaged, or was changed while it was read. Run "atlas verify" for the whole store.',
      cause,
    });
  }

  #endlessFault(start: string): AtlasError {
    return fault({
      where: this.text(start),
      expected: 'a listing that comes to an end',
      name: 'the server',
      received: 'the same page twice',
      remedy: 'The server does not keep to the protocol; use another.',
    });
  }
}
