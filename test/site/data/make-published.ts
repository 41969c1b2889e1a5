/** Stores for the tests of the machine interface: the fixture, and one whose every name is hostile. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AtlasStore, readAtlases } from '../../../site/store/load-atlases.ts';
import { makeStore } from '../make-store.ts';

/** Names as a model file or a plan may have them, each a way to break what is made of text. */
export const HOSTILE = {
  script: '</script><script>alert(1)</script>',
  quotes: `"'><img src=x onerror=alert(1)>`,
  path: '../../../../etc/passwd',
  long: 'x'.repeat(10_000),
  backwards: '\u202egnp.exe\u2066 שלום',
  breaks: 'one\u2028two\u2029three\u0085four\nfive\u0000',
} as const;

/** Makes names of an atlas hostile: title, model, licence, layers, a concept, a render's message. */
export async function makeHostile(folder: string, slug: string): Promise<void> {
  const root = join(folder, slug);
  const file = join(root, 'atlas.json');
  const atlas = JSON.parse(await readFile(file, 'utf8'));
  atlas.title = HOSTILE.quotes;
  Object.assign(atlas.model, { title: HOSTILE.script + HOSTILE.backwards, licence: HOSTILE.quotes, source: HOSTILE.breaks });
  const names = [HOSTILE.script + HOSTILE.path, HOSTILE.long + HOSTILE.script, HOSTILE.backwards + HOSTILE.breaks];
  for (const [i, layer] of atlas.layers.entries()) layer.name = names[i % names.length];
  await writeFile(file, JSON.stringify(atlas));
  const compared = join(root, 'comparison.json');
  const comparison = JSON.parse(await readFile(compared, 'utf8'));
  for (const direction of comparison.directions) direction.concept = HOSTILE.script + HOSTILE.breaks;
  comparison.limits = Object.values(HOSTILE);
  await writeFile(compared, JSON.stringify(comparison));
  const layer = join(root, 'layers', `${atlas.layers[0].slug}.jsonl`);
  await writeFile(
    layer,
    (await readFile(layer, 'utf8')).replace('the runtime ran out of memory', JSON.stringify(HOSTILE.script).slice(1, -1)),
  );
}

/** The first atlas of a folder. */
export async function readFirst(folder: string): Promise<AtlasStore> {
  const [store] = await readAtlases(folder);
  if (!store) throw new Error(`No atlas is in ${folder}.`);
  return store;
}

/** A small fixture atlas, read. */
export async function smallStore(folder: string): Promise<AtlasStore> {
  await makeStore(folder, { channels: [12, 6], random: 5, subset: 2, size: 16 });
  return readFirst(folder);
}
