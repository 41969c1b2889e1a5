/**
 * What a published store consists of: `manifest.json`, the one object of it that ever changes. It names every file with its SHA-256, and lies beside
 * objects that are named by theirs (`images/ab/<sha256>.webp`, `objects/ab/<sha256>`). It is written last and read first: whoever reads sees one push, whole.
 */
import { z } from 'zod';
import { sha256, slug } from '../../data/schema.ts';
import { schemaFault } from '../batch/schema-fault.ts';
import { imageFile } from '../batch/store.ts';
import { fault, reason } from '../graph/errors.ts';
import { isStoreFile } from './store-files.ts';

/** The manifest's name below the prefix. */
export const MANIFEST = 'manifest.json';

/** The most that is read of a manifest, in bytes: two million images. */
export const LARGEST_MANIFEST = 2 ** 28;

/** The most that one PUT of the protocol takes, in bytes. */
export const LARGEST_FILE = 5 * 2 ** 30;

const bytes = z.int().nonnegative().max(LARGEST_FILE);

const file = z.strictObject({
  path: z.string().max(400).refine(isStoreFile, 'the path of a file of an atlas, within its folder'),
  bytes,
  sha256,
});

export const manifestSchema = z
  .strictObject({
    schema: z.literal('basis-store/1'),
    atlas: slug,
    weights_sha256: sha256.describe('Of the network: stores of another never go over this one.'),
    pushed: z.iso.datetime(),
    files: z.array(file).describe('Sorted by path; the content of each is objects/<first two letters of sha256>/<sha256>.'),
    images: z
      .array(z.strictObject({ sha256, bytes }))
      .describe('Sorted; each is images/<first two letters>/<sha256>.webp, there and in a store.'),
  })
  .refine(({ files }) => new Set(files.map(({ path }) => path)).size === files.length, { path: ['files'], message: 'each path once' })
  .refine(({ images }) => new Set(images.map((image) => image.sha256)).size === images.length, {
    path: ['images'],
    message: 'each image once',
  })
  .refine(({ files }) => files.some(({ path }) => path === 'atlas.json'), { path: ['files'], message: 'atlas.json among them' });
export type Manifest = z.infer<typeof manifestSchema>;

/** An object below the prefix, and the file of the store that it is. */
export interface Piece {
  /** Below the prefix: `objects/ab/<sha256>`. */
  readonly key: string;
  /** Within the store: `layers/conv-1.jsonl`. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** The key of a file's content. */
export function objectKey(hash: string): string {
  return `objects/${hash.slice(0, 2)}/${hash}`;
}

/** Everything that a manifest names, images first and atlas.json last: the order in which a store may be written. */
export function piecesOf({ files, images }: Pick<Manifest, 'files' | 'images'>): Piece[] {
  const named = files.map((one) => ({ ...one, key: objectKey(one.sha256) }));
  return [
    ...images.map((one) => ({ ...one, key: imageFile(one.sha256), path: imageFile(one.sha256) })),
    ...named.filter(({ path }) => path !== 'atlas.json'),
    ...named.filter(({ path }) => path === 'atlas.json'),
  ];
}

/** Reads a manifest that came from `where`. */
export function parseManifest(where: string, content: Uint8Array): Manifest {
  const remedy = 'It was written by another program or version, or damaged: push the store again from where it is whole.';
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch (cause) {
    throw fault({ where, expected: 'JSON', name: 'the manifest', received: reason(cause), remedy, cause });
  }
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success) throw schemaFault({ where, schema: manifestSchema, value, error: parsed.error, remedy, exitCode: 1 });
  return parsed.data;
}

/** A manifest as it is stored. */
export function printManifest(manifest: Manifest): Buffer {
  return Buffer.from(`${JSON.stringify(manifest)}\n`);
}
