/** What people said of the units, where the store has their answers. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Human, human as humanSchema } from '../../data/schema.ts';
import type { AtlasStore } from '../store/load-atlases.ts';
import { readJson } from '../store/read-json.ts';

/** human.json of a store, if it is there. Throws for a file that is none. */
export async function readHuman({ folder }: Pick<AtlasStore, 'folder'>): Promise<Human | undefined> {
  const file = join(folder, 'human.json');
  return existsSync(file) ? readJson(file, humanSchema) : undefined;
}

/** What each kind of explanation is called. */
export const KIND_WORDS: Record<Human['accuracy'][number]['kind'], string> = { renders: 'from renders', images: 'from top images' };
