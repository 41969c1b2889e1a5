/** Publishing a store: every object under the name of its content, and last the manifest that names them. */
import path from 'node:path';
import { sha256 } from '../batch/canonical.ts';
import { inParallel } from '../batch/in-parallel.ts';
import { withLock } from '../batch/lock.ts';
import { type Progress, SILENT } from '../batch/progress.ts';
import { readAtlas } from '../batch/store.ts';
import { type AtlasError, fault } from '../graph/errors.ts';
import type { Bucket, Listed, PutOptions } from './bucket.ts';
import {
  LARGEST_FILE,
  LARGEST_MANIFEST,
  MANIFEST,
  type Manifest,
  manifestSchema,
  type Piece,
  parseManifest,
  piecesOf,
  printManifest,
} from './manifest.ts';
import { isEvidence, scanStore } from './store-files.ts';

/** What to push, and how. */
export interface PushOptions {
  readonly store: string;
  readonly bucket: Bucket;
  /** Objects under way at once. */
  readonly concurrency?: number;
  /** Finds out what there is to do, and writes nothing. */
  readonly dryRun?: boolean;
  /** Sends everything, whatever is there. */
  readonly resend?: boolean;
  /** Publishes the comparison's evidence too. */
  readonly evidence?: boolean;
  /** Deletes what the new manifest does not name. */
  readonly prune?: boolean;
  readonly progress?: Progress;
  /** The time to write into the manifest. */
  readonly now?: Date;
}

/** What was pushed, or with `dryRun` would be. */
export interface Pushed {
  readonly address: string;
  readonly atlas: string;
  /** Objects that the manifest names. */
  readonly objects: number;
  /** Objects that were not there. */
  readonly sent: number;
  readonly sentBytes: number;
  /** Whether the manifest is another than before. */
  readonly changed: boolean;
  /** Whether the server compared the manifest with the one that was read, so that two pushes at once cannot undo each other; nothing where none was written. */
  readonly compared?: boolean;
  /** Files that the manifest before named, by path, and this one does not. */
  readonly dropped: readonly string[];
  /** Files of the folder that are not published. */
  readonly left: readonly string[];
  /** Objects that were deleted. */
  readonly pruned: number;
}

const FOR_EVER = 'public, max-age=31536000, immutable';
const MANIFEST_OPTIONS: PutOptions = { type: 'application/json', cacheControl: 'no-cache' };

/** Pushes a store. Throws if another process writes to it, if the place holds another atlas, or if another push ended meanwhile. */
export async function push(options: PushOptions): Promise<Pushed> {
  return withLock(options.store, () => pushLocked(options));
}

async function pushLocked(options: PushOptions): Promise<Pushed> {
  const { store, bucket, concurrency = 8, dryRun = false, resend = false, progress = SILENT } = options;
  const { manifest, left } = await describeStore(options);
  const before = await readManifest(bucket);
  if (before) checkSame(bucket, manifest, before.manifest);
  const there = await listObjects(bucket);
  const pieces = distinct(piecesOf(manifest));
  const missing = pieces.filter(({ key, bytes }) => resend || there.get(key)?.bytes !== bytes);
  const changed = !before || content(before.manifest) !== content(manifest);
  const stray = options.prune ? strays(there, pieces) : [];
  if (!dryRun) {
    progress.start(pieces.length, pieces.length - missing.length);
    let done = pieces.length - missing.length;
    await inParallel(missing, concurrency, async (piece) => {
      await bucket.put(piece.key, path.join(store, piece.path), piece, { type: contentType(piece.path), cacheControl: FOR_EVER });
      progress.update(++done);
    });
    progress.stop();
  }
  const compared = changed && !dryRun ? await writeManifest(options, manifest, before?.etag ?? null) : undefined;
  if (!dryRun && stray.length > 0) await prune(options, manifest, stray);
  const names = new Set(manifest.files.map((file) => file.path));
  return {
    address: bucket.text(),
    atlas: manifest.atlas,
    objects: pieces.length,
    sent: missing.length,
    sentBytes: missing.reduce((sum, { bytes }) => sum + bytes, 0),
    changed,
    ...(compared === undefined ? {} : { compared }),
    dropped: (before?.manifest.files ?? []).map((file) => file.path).filter((file) => !names.has(file)),
    left,
    pruned: stray.length,
  };
}

/** The manifest that the store would have. */
async function describeStore({ store, evidence = false, now = new Date() }: PushOptions): Promise<{ manifest: Manifest; left: string[] }> {
  const atlas = await readAtlas(store);
  if (!atlas) throw noAtlasFault(store);
  const found = await scanStore(store);
  const files = found.files.filter((file) => evidence || !isEvidence(file.path));
  const kept = found.files.filter((file) => !evidence && isEvidence(file.path));
  for (const { path: file, bytes } of [...files, ...found.images])
    if (bytes > LARGEST_FILE) throw largeFault(path.join(store, file), bytes);
  const manifest: Manifest = {
    schema: 'basis-store/1',
    atlas: atlas.slug,
    weights_sha256: atlas.model.weights_sha256,
    pushed: now.toISOString(),
    files: [...files],
    images: found.images.map(({ sha256: hash, bytes }) => ({ sha256: hash, bytes })),
  };
  return { manifest: manifestSchema.parse(manifest), left: [...found.others, ...kept.map((file) => file.path)] };
}

/** The manifest at an address, and its ETag; nothing where there is none. */
export async function readManifest(bucket: Bucket): Promise<{ manifest: Manifest; etag: string } | undefined> {
  const found = await bucket.read(MANIFEST, LARGEST_MANIFEST);
  return found && { manifest: parseManifest(bucket.text(MANIFEST), found.content), etag: found.etag };
}

/** Every object below the prefix that a manifest may name. */
export async function listObjects(bucket: Bucket): Promise<Map<string, Listed>> {
  const [images, objects] = await Promise.all([bucket.list('images/'), bucket.list('objects/')]);
  return new Map([...images, ...objects]);
}

/** Writes the manifest in the place of the one that was read. Returns whether the server saw to that; where it cannot, we look once more, which leaves a moment. */
async function writeManifest(options: PushOptions, manifest: Manifest, etag: string | null): Promise<boolean> {
  const { bucket, store } = options;
  const sample = piecesOf(manifest).at(-1);
  const compares =
    sample !== undefined &&
    (await bucket.compares(sample.key, path.join(store, sample.path), sample, { type: contentType(sample.path), cacheControl: FOR_EVER }));
  if (!compares && ((await bucket.read(MANIFEST, LARGEST_MANIFEST))?.etag ?? null) !== etag) throw overtakenFault(bucket);
  const bytes = printManifest(manifest);
  const wanted = { sha256: sha256(bytes), bytes: bytes.length };
  const written = await bucket.put(MANIFEST, bytes, wanted, compares ? { ...MANIFEST_OPTIONS, replaces: etag } : MANIFEST_OPTIONS);
  // An answer that got lost on its way makes a request go twice: then what is in its place is what we put there.
  if (written !== 'written' && !(await bucket.read(MANIFEST, LARGEST_MANIFEST))?.content.equals(bytes)) throw overtakenFault(bucket);
  return compares;
}

/** Objects that no file of the manifest is. Other things below the prefix are not ours. */
function strays(there: ReadonlyMap<string, Listed>, pieces: readonly Piece[]): string[] {
  const named = new Set(pieces.map(({ key }) => key));
  return [...there.keys()].filter((key) => !named.has(key) && /^(images|objects)\/[0-9a-f]{2}\/[0-9a-f]{64}(\.webp)?$/.test(key));
}

/** Deletes, then writes the manifest once more: a push that meanwhile counted on what is gone finds its own refused, and begins again. */
async function prune(options: PushOptions, manifest: Manifest, stray: readonly string[]): Promise<void> {
  const { bucket, concurrency = 8 } = options;
  const now = await readManifest(bucket);
  if (!now || content(now.manifest) !== content(manifest)) throw overtakenFault(bucket);
  await inParallel(stray, concurrency, (key) => bucket.remove(key));
  await writeManifest(options, { ...manifest, pushed: new Date((options.now ?? new Date()).getTime() + 1).toISOString() }, now.etag);
}

/** One of each object: two files may have the same content. */
function distinct(pieces: readonly Piece[]): Piece[] {
  return [...new Map(pieces.map((piece) => [piece.key, piece])).values()];
}

function content({ files, images }: Manifest): string {
  return JSON.stringify([files.map(({ path: file, sha256: hash }) => [file, hash]), images.map(({ sha256: hash }) => hash)]);
}

const TYPES: Readonly<Record<string, string>> = { '.json': 'application/json', '.jsonl': 'application/jsonl', '.webp': 'image/webp' };

function contentType(file: string): string {
  return TYPES[path.extname(file)] ?? 'application/octet-stream';
}

/** Throws if the manifest there is of another atlas, or of another network's under the same name. */
export function checkSame(bucket: Bucket, { atlas, weights_sha256 }: Pick<Manifest, 'atlas' | 'weights_sha256'>, there: Manifest): void {
  if (there.atlas === atlas && there.weights_sha256 === weights_sha256) return;
  throw fault({
    where: bucket.text(MANIFEST),
    expected: `the atlas ${atlas} of the network with the weights ${weights_sha256.slice(0, 12)}…`,
    name: 'the store there',
    received: `${there.atlas}, weights ${there.weights_sha256.slice(0, 12)}…`,
    remedy: 'Each atlas has a prefix of its own: give another address.',
    exitCode: 2,
  });
}

function overtakenFault(bucket: Bucket): AtlasError {
  return fault({
    where: bucket.text(MANIFEST),
    expected: 'the manifest that was there when the push began',
    name: 'the store there',
    received: 'another: somebody else’s push ended meanwhile',
    remedy: 'Nothing is lost: what was sent is there. See whose store is to stay; to put this one in its place, push again.',
  });
}

function noAtlasFault(store: string): AtlasError {
  return fault({
    where: store,
    expected: 'an atlas',
    name: 'atlas.json',
    received: undefined,
    remedy: 'Give the folder of an atlas.',
    exitCode: 2,
  });
}

function largeFault(file: string, received: number): AtlasError {
  return fault({
    where: file,
    expected: `at most ${LARGEST_FILE} bytes`,
    name: 'the file',
    received,
    remedy: 'One request of the protocol takes no more. Leave the evidence out.',
  });
}
