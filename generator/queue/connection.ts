/** The connection to Redis: its address checked, its password kept out of every word, and its outages told and outlived. */
import { readFile } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { type AtlasError, fault, reason } from '../graph/errors.ts';

/** Where the queue is. */
export interface QueueAddress {
  /** `redis://host`, `rediss://user:password@host:6380/2`. */
  readonly url: string;
  /** A file with the certificate of who signed the server's, in PEM, where that is nobody the system knows. */
  readonly ca?: string | undefined;
}

/** Told of an outage and of its end. */
export type Note = (text: string) => void;

/** An open connection. */
export interface Connection {
  readonly redis: Redis;
  /** The address without the password: `rediss://user@host:6380/2`. */
  readonly shown: string;
  close(): Promise<void>;
}

/** Milliseconds for the first answer; later outages are waited out however long they are. */
const PATIENCE = 20_000;
const LONGEST_PAUSE = 10_000;
const EXAMPLE = 'For instance redis://localhost:6379, or rediss://user:password@host:6380 for TLS.';

/** Connects. Throws where the address is none, nobody answers there for a while, or whoever answers refuses. */
export async function connect({ url: text, ca }: QueueAddress, note: Note, patience = PATIENCE): Promise<Connection> {
  const url = parseAddress(text);
  const shown = shownAddress(url);
  const tls = url.protocol === 'rediss:' ? { tls: ca ? { ca: await readCertificate(ca) } : {} } : {};
  let last: unknown;
  let ready = false;
  const redis = new Redis(url.href, {
    ...tls,
    lazyConnect: true,
    // Commands wait for the connection to come back: BullMQ asks for it, and a run has nothing better to do.
    maxRetriesPerRequest: null,
    connectTimeout: 10_000,
    keepAlive: 15_000,
    retryStrategy: (times) => Math.min(250 * 2 ** Math.min(times - 1, 10), LONGEST_PAUSE),
  });
  redis.on('error', (error) => {
    last = error;
  });
  try {
    await withPatience(redis, patience, () => last);
  } catch (error) {
    redis.disconnect();
    throw explain(shown, last ?? error);
  }
  ready = true;
  redis.on('close', () => {
    if (ready) note(`${shown} does not answer${last ? ` (${reason(last)})` : ''}; trying again until it does`);
    ready = false;
  });
  redis.on('ready', () => {
    if (!ready) note(`${shown} answers again`);
    [ready, last] = [true, undefined];
  });
  const close = async () => {
    ready = false;
    redis.disconnect();
  };
  return { redis, shown, close };
}

/** The address without its password; what is no address, not at all. */
export function maskedAddress(text: string): string {
  return URL.canParse(text) ? shownAddress(new URL(text)) : 'an address that cannot be read';
}

function shownAddress({ protocol, username, hostname, port, pathname }: URL): string {
  return `${protocol}//${username ? `${username}@` : ''}${hostname}${port ? `:${port}` : ''}${pathname === '/' ? '' : pathname}`;
}

function parseAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && ['redis:', 'rediss:'].includes(url.protocol) && url.hostname && /^(\/\d*)?$/.test(url.pathname) && !url.search) return url;
  throw fault({
    where: '--queue',
    expected: 'the address of a Redis server',
    name: 'the queue',
    received: maskedAddress(text),
    remedy: EXAMPLE,
    exitCode: 2,
  });
}

async function readCertificate(file: string): Promise<Buffer> {
  return readFile(file).catch((cause: unknown) => {
    throw fault({
      where: '--queue-ca',
      expected: 'a file that can be read',
      name: 'the certificate',
      received: reason(cause),
      remedy: 'Give the path of a certificate in PEM.',
      exitCode: 2,
      cause,
    });
  });
}

/** Errors after which trying again is of no use. */
const REFUSED =
  /WRONGPASS|NOAUTH|NOPERM|AUTH failed|invalid password|called without any password|CERT|certificate|self.signed|UNABLE_TO_VERIFY|wrong version number/i;

async function withPatience(redis: Redis, patience: number, last: () => unknown): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const failed = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer for ${patience / 1000} s`)), patience);
    redis.on('error', (error) => {
      if (REFUSED.test(wordsOf(error))) reject(error);
    });
  });
  // The first attempt's own failure is one of those that are tried again.
  redis.connect().catch(() => undefined);
  try {
    await Promise.race([redis.ping(), failed]);
  } catch (error) {
    throw last() ?? error;
  } finally {
    clearTimeout(timer);
  }
}

function wordsOf(error: unknown): string {
  return `${error instanceof Error && 'code' in error ? error.code : ''} ${reason(error)}`;
}

/** Never with its cause: an error of the client holds the command that failed, which may be the one with the password. */
function explain(shown: string, error: unknown): AtlasError {
  const words = wordsOf(error);
  const certificate = /CERT|certificate|self.signed|UNABLE_TO_VERIFY|wrong version number/i.test(words);
  const refused = REFUSED.test(words);
  const remedy = certificate
    ? 'If the server has a certificate of your own making, give it with --queue-ca.'
    : refused
      ? 'Check the user name and the password in the address.'
      : 'Check the address, that the server runs, and that it can be reached from here.';
  return fault({
    where: shown,
    expected: certificate ? 'a certificate that can be trusted' : refused ? 'to be let in' : 'an answer',
    name: 'the queue',
    received: reason(error) || words.trim(),
    remedy,
  });
}
