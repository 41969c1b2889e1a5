/** Stores for the tests of the machine interface: the fixture, one whose every name is hostile, one with portraits. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Portrait, portrait } from '../../../data/schema.ts';
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

/** Writes portraits for a layer: each unit's nearest are its neighbours, its top images two renders and one that no page shows. */
export async function makePortraits(store: AtlasStore, slug: string): Promise<Portrait[]> {
  const layer = store.layers.find((one) => one.slug === slug);
  const pictures = (layer?.units ?? []).flatMap(({ render }) => render?.image ?? []);
  const examples = [...pictures.slice(0, 2), 'f'.repeat(64)].map((image, number) => {
    return { image, number, score: 3 - number, box: [0, 0.25, 0.5, 0.5] };
  });
  const lines = (layer?.units ?? []).map(({ id }, i, { length }) => {
    const near = { layer: slug, id: layer?.units[(i + 1) % length]?.id, similarity: 0.5 };
    const conv = { value: 'value', layer: slug, through: ['Conv'], size: [1, 1], channels: [{ channel: 0, weight: -0.5 }] };
    return portrait.parse({
      id,
      top: examples,
      middle: examples.slice(0, 1),
      near: { response: [near], look: [near] },
      reads: [conv],
      feeds: [],
    });
  });
  await mkdir(join(store.folder, 'portraits'), { recursive: true });
  await writeFile(join(store.folder, 'portraits', `${slug}.jsonl`), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return lines;
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
