/** Fetching a published store: the manifest first, then what it names and the folder lacks, every byte hashed before it is kept. */
import { readdir, statfs } from 'node:fs/promises';
import { DurableFolder, TEMPORARY } from '../batch/disk.ts';
import { inParallel } from '../batch/in-parallel.ts';
import { LOCK, withLock } from '../batch/lock.ts';
import { type Progress, SILENT } from '../batch/progress.ts';
import { ATLAS_FILE, clearUnfinished, readAtlas } from '../batch/store.ts';
import { type AtlasError, fault } from '../graph/errors.ts';
import { BrokenTransfer, type Bucket } from './bucket.ts';
import { MANIFEST, type Manifest, objectKey, type Piece, piecesOf } from './manifest.ts';
import { checkSame, listObjects, readManifest } from './push.ts';
import { isEvidence, isStoreFile, type StoreFiles, scanStore } from './store-files.ts';

/** What to pull, and how. */
export interface PullOptions {
  readonly bucket: Bucket;
  /** The folder, from what the manifest says the atlas is called. */
  readonly folder: (atlas: string) => string;
  /** Objects under way at once. */
  readonly concurrency?: number;
  /** Finds out what there is to do, and writes nothing. */
  readonly dryRun?: boolean;
  /** Gives up what the folder has and was never pushed. */
  readonly force?: boolean;
  readonly progress?: Progress;
}

/** What was pulled, or with `dryRun` would be. */
export interface Pulled {
  readonly address: string;
  readonly folder: string;
  readonly atlas: string;
  /** When it was pushed. */
  readonly pushed: string;
  /** Files that the manifest names. */
  readonly files: number;
  /** Files that were fetched. */
  readonly fetched: number;
  readonly fetchedBytes: number;
  /** Files that the folder had and this push has not; they were removed. */
  readonly removed: readonly string[];
}

/** Pulls a store. Throws before anything is written if the folder holds another atlas, something else, or work that was never pushed. */
export async function pull(options: PullOptions): Promise<Pulled> {
  const { bucket } = options;
  const found = await readManifest(bucket);
  if (!found) throw nothingThereFault(bucket);
  const folder = options.folder(found.manifest.atlas);
  await checkFolder(folder);
  if (options.dryRun) return pullInto(folder, found.manifest, options);
  return withLock(folder, () => pullInto(folder, found.manifest, options));
}

async function pullInto(folder: string, manifest: Manifest, options: PullOptions): Promise<Pulled> {
  const { bucket, dryRun = false, force = false } = options;
  const local = await readAtlas(folder).catch(() => undefined);
  if (local) checkSame(bucket, { atlas: local.slug, weights_sha256: local.model.weights_sha256 }, manifest);
  const there = await scanStore(folder, { hashImages: true });
  const pieces = piecesOf(manifest);
  const has = new Map([...there.files, ...there.images].map((file) => [file.path, file.sha256]));
  const missing = pieces.filter((piece) => has.get(piece.path) !== piece.sha256);
  const { stray, replaced } = differences(there, manifest);
  if (!force && stray.length + replaced.length > 0) await checkPushed(folder, bucket, there, [...stray, ...replaced]);
  const bytes = missing.reduce((sum, piece) => sum + piece.bytes, 0);
  if (!dryRun) {
    await checkRoom(folder, bytes);
    const disk = new DurableFolder(folder);
    await clearUnfinished(disk);
    await fetchAll(disk, missing, pieces.length, stray, options);
  }
  const { atlas, pushed } = manifest;
  return {
    address: bucket.text(),
    folder,
    atlas,
    pushed,
    files: pieces.length,
    fetched: missing.length,
    fetchedBytes: bytes,
    removed: stray,
  };
}

/** Fetches what is missing: all but atlas.json in any order, then that, so that a folder with one has what it names. What cannot be had is named in the end. */
async function fetchAll(
  disk: DurableFolder,
  missing: readonly Piece[],
  total: number,
  stray: readonly string[],
  options: PullOptions,
): Promise<void> {
  const { bucket, concurrency = 8, progress = SILENT } = options;
  const damaged: string[] = [];
  let done = total - missing.length;
  progress.start(total, done);
  const fetchPiece = async (piece: Piece): Promise<void> => {
    try {
      if (!(await bucket.download(piece.key, piece, (content) => disk.replace(piece.path, content)))) damaged.push(`${piece.key} is gone`);
    } catch (error) {
      if (!(error instanceof BrokenTransfer)) throw error;
      damaged.push(error.message.split('\n')[0] ?? piece.key);
    }
    progress.update(++done);
  };
  const isLast = ({ path: file }: Piece) => file === ATLAS_FILE;
  await inParallel(
    missing.filter((piece) => !isLast(piece)),
    concurrency,
    fetchPiece,
  );
  if (damaged.length === 0) {
    for (const file of stray) await disk.remove(file);
    for (const piece of missing.filter(isLast)) await fetchPiece(piece);
  }
  progress.stop();
  if (damaged.length > 0) throw damagedFault(bucket, damaged);
}

/** What the folder has and the manifest has not, or has otherwise. Evidence that was not published stays while the comparison is the one that it belongs to. */
function differences({ files, images }: StoreFiles, manifest: Manifest): { stray: string[]; replaced: string[] } {
  const named = new Map(piecesOf(manifest).map((piece) => [piece.path, piece.sha256]));
  const comparison = files.find(({ path: file }) => file === 'comparison.json');
  const keepsEvidence = comparison?.sha256 === named.get('comparison.json') && !manifest.files.some(({ path: file }) => isEvidence(file));
  const stray = [...files, ...images].filter(({ path: file }) => !named.has(file) && !(keepsEvidence && isEvidence(file)));
  // An image whose bytes are not its name is damaged, and no work of anybody's.
  const replaced = files.filter(({ path: file, sha256 }) => named.has(file) && named.get(file) !== sha256);
  return { stray: stray.map((file) => file.path), replaced: replaced.map((file) => file.path) };
}

/** Throws if any of these files has content that the bucket has not: it was never pushed, and would be lost. */
async function checkPushed(folder: string, bucket: Bucket, { files, images }: StoreFiles, paths: readonly string[]): Promise<void> {
  const kept = await listObjects(bucket);
  const keys = new Map<string, string>();
  for (const { path: file, sha256 } of files) keys.set(file, objectKey(sha256));
  for (const { path: file } of images) keys.set(file, file);
  const unpushed = paths.filter((file) => !kept.has(keys.get(file) ?? ''));
  if (unpushed.length === 0) return;
  throw fault({
    where: folder,
    expected: 'nothing that was never pushed',
    name: 'the folder',
    received: `${unpushed.length} such files`,
    remedy: `They are: ${firstFew(unpushed)}. Push them, choose another folder with --out, or give them up with --force.`,
  });
}

const TOP = new Set(['images', 'layers', 'directions', 'portraits', 'editions', 'study', 'evidence', LOCK, 'study-key.json']);

/** Throws if the folder holds something that is no store. One with a part of a store may be what an earlier pull left. */
async function checkFolder(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw folderFault(folder, error.code ?? error.message);
  });
  if (entries.includes(ATLAS_FILE)) return;
  const foreign = entries.find((entry) => !TOP.has(entry) && !isStoreFile(entry) && !entry.endsWith(TEMPORARY));
  if (foreign !== undefined) throw folderFault(folder, `one with ${foreign}`);
}

async function checkRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bytes <= bavail * bsize) return;
  throw fault({
    where: folder,
    expected: `room for ${bytes} bytes`,
    name: 'the disk',
    received: `${bavail * bsize} bytes`,
    remedy: 'Free some space, or choose another folder with --out.',
  });
}

function folderFault(folder: string, received: string): AtlasError {
  return fault({
    where: folder,
    expected: 'an empty folder, or one with an atlas',
    name: '--out',
    received,
    remedy: 'Give a folder of the atlas’s own.',
    exitCode: 2,
  });
}

function nothingThereFault(bucket: Bucket): AtlasError {
  return fault({
    where: bucket.text(MANIFEST),
    expected: 'the manifest of a store',
    name: 'the address',
    received: undefined,
    remedy: 'See to the address: nothing was pushed to this one, or not to its end.',
  });
}

function damagedFault(bucket: Bucket, damaged: readonly string[]): AtlasError {
  const places = damaged.map((line) => line.replace(`${bucket.text()}/`, ''));
  return fault({
    where: bucket.text(),
    expected: 'every object as its name says',
    name: 'the store there',
    received: `${damaged.length} that are not`,
    remedy: `They are: ${firstFew(places)}. All others were fetched. If they were deleted or replaced meanwhile, pull again; if they are damaged, push again with --resend from where the store is whole.`,
  });
}

function firstFew(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join('; ')}; and ${names.length - 5} more` : names.join('; ');
}
