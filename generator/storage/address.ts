/** Where a store is published: `s3://bucket/prefix`, at Amazon or at a server that speaks its protocol. */
import { type AtlasError, fault } from '../graph/errors.ts';

/** A place in a bucket. */
export interface StorageAddress {
  /** `my-atlases` */
  readonly bucket: string;
  /** What every key of the store begins with, without a slash at its end: `published/inception-v1`; empty at the bucket's root. */
  readonly prefix: string;
}

/** S3's rule for names of buckets: letters, digits, dots and hyphens, and older ones with capitals and underscores. */
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/;
const STEP = /^(?!\.{1,2}$)[A-Za-z0-9!_.*'()=@-]+$/;

/** Reads an address. Throws for anything that is not one, and for prefixes that servers and browsers would rewrite (`..`, empty steps, spaces). */
export function parseAddress(text: string): StorageAddress {
  const [, bucket = '', rest = ''] = /^s3:\/\/([^/]*)\/?(.*)$/s.exec(text) ?? [];
  const prefix = rest.replace(/\/$/, '');
  if (!BUCKET.test(bucket)) throw addressFault(text, 'a bucket: s3://bucket/prefix');
  if (prefix !== '' && !prefix.split('/').every((step) => STEP.test(step)))
    throw addressFault(text, 'a prefix of plain names joined by slashes: s3://bucket/some/prefix');
  if (prefix.length > 800) throw addressFault(text, 'a prefix of at most 800 letters');
  return { bucket, prefix };
}

/** `s3://bucket/prefix`, and below it a key if one is given. */
export function addressText({ bucket, prefix }: StorageAddress, key = ''): string {
  return ['s3:/', bucket, prefix, key].filter((part) => part !== '').join('/');
}

/** Checks `--endpoint`: `http://localhost:9000`. Keys do not belong into it: they would be shown with every error. */
export function parseEndpoint(text: string): string {
  const url = URL.parse(text);
  if (url && ['http:', 'https:'].includes(url.protocol) && !url.username && !url.password && !url.search) return text;
  throw fault({
    where: '--endpoint',
    expected: 'an http: or https: address without a name, a password or a query',
    name: 'the server',
    received: url?.username || url?.password ? 'one with a name or a password' : text,
    remedy: 'Give it as in --endpoint https://storage.example.org, and the keys as in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
    exitCode: 2,
  });
}

function addressFault(received: string, expected: string): AtlasError {
  return fault({ where: received, expected, name: 'the address', received, remedy: 'Give it as in s3://my-bucket/my-atlas.', exitCode: 2 });
}
