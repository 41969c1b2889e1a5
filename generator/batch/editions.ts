/** The frozen editions inside a store: editions/<number>/atlas.json and layers/<layer>.jsonl. Their pictures lie among the store's own, by their hashes. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import glob from 'fast-glob';
import { type FrozenUnit, frozenUnit } from '../../data/schema.ts';
import { fault, reason } from '../graph/errors.ts';

/** `editions/1` */
export function editionFolder(edition: number): string {
  return `editions/${edition}`;
}

/** The numbers of the editions that a store has frozen, smallest first. */
export async function frozenEditions(store: string): Promise<number[]> {
  const files = await glob('editions/*/atlas.json', { cwd: store });
  return files.map((file) => Number(file.split('/')[1])).sort((a, b) => a - b);
}

/** The frozen units of a layer. Throws for a line that is none. */
export async function readFrozenUnits(file: string): Promise<FrozenUnit[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line, i) => {
    try {
      // As it stands in the file, not as the schema would write it: the hash is of this.
      const value: FrozenUnit = JSON.parse(line);
      frozenUnit.parse(value);
      if (JSON.stringify(value) !== line) throw new Error('it is spelt otherwise than it was written');
      return value;
    } catch (error) {
      throw fault({
        where: `${file}, line ${i + 1}`,
        expected: 'a unit as it was published',
        name: 'the line',
        received: reason(error),
        remedy: 'Restore the file: "git checkout" has it as it was committed.',
        cause: error,
      });
    }
  });
}

/** The hashes of the pictures that the frozen editions show: a later run must leave them. */
export async function editionImages(store: string): Promise<Set<string>> {
  const images = new Set<string>();
  for (const file of await glob('editions/*/layers/*.jsonl', { cwd: store }))
    for (const { renders, diverse = [] } of await readFrozenUnits(path.join(store, file)))
      for (const { image } of [...renders, ...diverse]) if (image) images.add(image);
  return images;
}
