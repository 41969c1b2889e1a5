/** Reading a store from outside, for tests: what it records, and whether that is true. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import glob from 'fast-glob';
import type { PlanFile, RenderRecord, UnitRecord } from '../../data/schema.ts';
import { sha256 } from '../../generator/batch/canonical.ts';
import { imageFile } from '../../generator/batch/store.ts';

/** A plan of 101 pictures for the stand-in engine, in batches of eight. */
export const SMALL_PLAN: PlanFile = {
  atlas: 'stand-in',
  model: 'stand-in',
  layers: ['early', 'net/bottleneck', { layer: 'late', render: { steps: 3 } }],
  arms: { basis: 'every', 'basis-negative': 'every', random: 10 },
  seeds: { count: 2, subset: 2 },
  diverse: { count: 3, subset: 1 },
};

/** Pictures that {@link SMALL_PLAN} comes to: (6+6+10+6) + (5+5+10+6) + (9+10+4), and groups of three for 3 + 3 + 2 units. */
export const SMALL_PLAN_PICTURES = 101;

/** Units of {@link SMALL_PLAN}, each with a filmstrip: (6+6+10) + (5+5+10) + (9+10). */
export const SMALL_PLAN_UNITS = 61;

/** The hash of every file but atlas.json (which tells the time), by path. */
export function storeHashes(folder: string): Record<string, string> {
  const files = glob.sync(['**/*', '!atlas.json'], { cwd: folder, dot: true }).sort();
  return Object.fromEntries(files.map((file) => [file, sha256(readFileSync(`${folder}/${file}`))]));
}

/** The whole lines of every layer file, merged by nobody: a unit may come twice. */
export function storeLines(folder: string): UnitRecord[] {
  return glob.sync('layers/*.jsonl', { cwd: folder }).flatMap((file) => {
    const text = readFileSync(`${folder}/${file}`, 'utf8');
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as UnitRecord);
  });
}

/** Every render and every diverse picture on record. */
export function storeRenders(folder: string): RenderRecord[] {
  return storeLines(folder).flatMap(({ renders, diverse = [] }) => [...renders, ...diverse]);
}

/** Renders with an image or a filmstrip that is not on the disk, or is not what its name says. */
export function untrueRenders(folder: string): RenderRecord[] {
  const untrue = (image: string | undefined) => {
    if (image === undefined) return false;
    const file = path.join(folder, imageFile(image));
    return !existsSync(file) || sha256(readFileSync(file)) !== image;
  };
  return storeRenders(folder).filter(({ image, frames }) => untrue(image) || untrue(frames?.image));
}
