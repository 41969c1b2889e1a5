/** What is portrayed of the units of an atlas, as the store has to know it: portraits/<layer>.jsonl, and the images that these name. */
import { readFile } from 'node:fs/promises';
import glob from 'fast-glob';
import { portrait } from '../../data/schema.ts';

/** The folder inside a store. */
export const PORTRAITS = 'portraits';

/** The path of a layer's portraits inside a store. */
export function portraitsFile(layer: string): string {
  return `${PORTRAITS}/${layer}.jsonl`;
}

/** The hashes of the images that portraits name. A file that is none, or damaged, names nothing: it is made anew, and its images with it. */
export async function portrayedImages(folder: string): Promise<Set<string>> {
  const named = new Set<string>();
  for (const file of await glob(portraitsFile('*'), { cwd: folder })) {
    const text = await readFile(`${folder}/${file}`, 'utf8');
    for (const line of text.split('\n')) for (const hash of imagesOf(line)) named.add(hash);
  }
  return named;
}

function imagesOf(line: string): string[] {
  try {
    const { top, middle } = portrait.parse(JSON.parse(line));
    return [...top, ...middle].map(({ image }) => image);
  } catch {
    return [];
  }
}
