/** Addresses of models on the web: which are fetched at all, which redirections are followed, and the digest that may stand at the end. */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { fault } from '../graph/errors.ts';
import { slugsOf } from './slugs.ts';

/** An address taken apart. */
export interface Address {
  /** Without the digest: `https://host/nets/squeezenet.onnx`. */
  readonly url: URL;
  /** Hex SHA-256 that the file must have, where the address ends with `#sha256=…`. */
  readonly sha256?: string;
  /** The file's name: `squeezenet.onnx`. */
  readonly name: string;
  /** What the model is called: the file's stem, or its folder's name for a `model.json`: `squeezenet`. */
  readonly id: string;
  /** Its folder in the cache, different for every address: `squeezenet-1f9a0c2e`. */
  readonly folder: string;
}

/** Whether a person's name for a model is an address on the web. */
export function isAddress(reference: string): boolean {
  return /^https?:\/\//i.test(reference);
}

/** `https://host/path/model.onnx`, with or without `#sha256=<64 hex digits>`. Throws for any other address. */
export function parseAddress(reference: string): Address {
  const url = URL.canParse(reference) ? new URL(reference) : undefined;
  const name = url && decodeURIComponent(posix.basename(url.pathname));
  const digest = url && /^(?:#sha256=([0-9a-f]{64}))?$/i.exec(url.hash);
  if (!url || !mayFetch(url)) throw wrong(reference, 'an https: address');
  if (url.username || url.password)
    throw wrong(`${url.protocol}//…@${url.host}${url.pathname}`, 'an address without a user name or password');
  if (!name || url.pathname.endsWith('/') || /[/\\]|^\./.test(name)) throw wrong(reference, 'an address that ends with the name of a file');
  if (!digest) throw wrong(reference, '#sha256= and 64 hexadecimal digits, or nothing, at the end of an address');
  url.hash = '';
  const stem = name.replace(/\.[a-z]+$/i, '');
  const id = slug(stem === 'model' ? posix.basename(posix.dirname(url.pathname)) || url.hostname : stem);
  const folder = `${id}-${createHash('sha256').update(url.href).digest('hex').slice(0, 8)}`;
  return { url, name, id, folder, ...(digest[1] ? { sha256: digest[1].toLowerCase() } : {}) };
}

/**
 * Whether an address may be read, come to by a redirection from `from` or directly: always over https:, and over http: only from and to this
 * machine (for tests and for one's own server), so that no answer from outside can lead to an unencrypted one, or to a service in here.
 */
export function mayFetch(url: URL, from: URL = url): boolean {
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && isLocal(url) && isLocal(from) && from.protocol === 'http:';
}

function isLocal({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

function slug(name: string): string {
  return slugsOf([name]).get(name) ?? 'model';
}

function wrong(received: string, expected: string) {
  return fault({
    where: 'the model',
    expected,
    name: 'MODEL',
    received,
    remedy: 'For instance https://example.org/nets/squeezenet.onnx, or https://example.org/nets/mobilenet/model.json#sha256=<its digest>.',
    exitCode: 2,
  });
}
