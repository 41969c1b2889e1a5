/** Stores to push, and what is in them. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import glob from 'fast-glob';
import { sha256 } from '../../generator/batch/canonical.ts';
import { checkPlan } from '../../generator/batch/plan.ts';
import { runPlan } from '../../generator/batch/run.ts';
import { imageFile } from '../../generator/batch/store.ts';
import { type Bucket, type BucketOptions, openBucket } from '../../generator/storage/bucket.ts';
import { standInEngine } from '../batch/stand-in-engine.ts';
import { SMALL_PLAN } from '../batch/store-state.ts';

/** A part of the small plan: nine pictures and as many filmstrips. */
const PLAN = { ...SMALL_PLAN, layers: ['early'], arms: { basis: 'every', random: 3 }, seeds: { count: 1, subset: 0 }, diverse: undefined };

/** Renders a few pictures with the stand-in engine: a sound store. */
export async function renderStore(folder: string): Promise<void> {
  await runPlan({ plan: checkPlan(PLAN, 'plan.json'), folder, engine: standInEngine() });
}

/** The hash of every file, by path; of an empty list where there is no folder. */
export function hashes(folder: string): Record<string, string> {
  const files = glob.sync('**/*', { cwd: folder, dot: true }).sort();
  return Object.fromEntries(files.map((file) => [file, sha256(readFileSync(path.join(folder, file)))]));
}

/** Writes a file into a store, with the folders that it needs. */
export function put(folder: string, file: string, content: string | Uint8Array): void {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  writeFileSync(path.join(folder, file), content);
}

/** Adds so many images that no record names, and returns their paths. */
export function addImages(folder: string, count: number): string[] {
  return Array.from({ length: count }, () => {
    const content = randomBytes(300);
    const file = imageFile(sha256(content));
    put(folder, file, content);
    return file;
  });
}

/** Opens the place `s3://atlases/<prefix>` of a server, not waiting long between attempts. */
export async function openTestBucket(endpoint: string, prefix = 'net', options: Partial<BucketOptions> = {}): Promise<Bucket> {
  return openBucket({ address: { bucket: 'atlases', prefix }, endpoint, region: 'us-east-1', attempts: 4, silence: 20_000, ...options });
}
