/** A fixture atlas that is published, and then loses a layer, renames another and renders a unit anew. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publish } from '../../generator/publish/publish.ts';
import { retire } from '../../generator/publish/retire.ts';
import { makePicture } from '../site/make-picture.ts';
import { makeStore } from '../site/make-store.ts';

export const DROPPED = 'fixture-net/expanded-conv-3-expand/';
export const RENAMED = 'fixture-net/expanded-conv-6-project/';
export const NEW_NAME = 'fixture-net/expanded-conv-6-out/';
export const KEPT = 'fixture-net/expanded-conv-depthwise/';
/** What an editor might write, and a page must not run. */
export const HOSTILE = 'Renamed: <script>alert(1)</script> "quoted" & ünïcode 層 — </title><img src=x onerror=alert(2)>';

/** `net/conv/` → `conv` */
const layerOf = (path: string) => path.split('/')[1] ?? '';

/** What a model file might be called. */
export const HOSTILE_TITLE = '</title><script>alert(3)</script> & “層”';

/** Places of an atlas and its ledger. */
export interface Fixture {
  readonly atlases: string;
  readonly store: string;
  readonly ledger: string;
}

/** An atlas of three layers, published as edition 1. */
export async function makeFirstEdition(atlases: string): Promise<Fixture> {
  const slug = await makeStore(atlases, { channels: [3, 3, 4], random: 2, subset: 1, size: 16 });
  const fixture = { atlases, store: join(atlases, slug), ledger: join(atlases, 'ledger.jsonl') };
  const file = join(fixture.store, 'atlas.json');
  await writeFile(file, (await readFile(file, 'utf8')).replace('"title": "Fixture network"', `"title": ${JSON.stringify(HOSTILE_TITLE)}`));
  await addDiverse(fixture.store);
  await publish({ store: fixture.store, ledger: fixture.ledger, today: '2026-01-02' });
  return fixture;
}

/** Gives the second unit of the first layer a diverse picture. */
async function addDiverse(store: string): Promise<void> {
  const bytes = await makePicture({ seed: 77, start: 0, size: 16, waves: 2, detail: 1 });
  const image = createHash('sha256').update(bytes).digest('hex');
  await mkdir(join(store, 'images', image.slice(0, 2)), { recursive: true });
  await writeFile(join(store, 'images', image.slice(0, 2), `${image}.webp`), bytes);
  const file = join(store, 'layers', `${layerOf(KEPT)}.jsonl`);
  const lines = (await readFile(file, 'utf8')).split('\n').map((line) => (line === '' ? undefined : JSON.parse(line)));
  lines[1].diverse = [{ ...lines[1].renders[0], image }];
  await writeFile(file, lines.map((line) => (line ? `${JSON.stringify(line)}\n` : '')).join(''));
}

/** Changes the atlas as a run with another plan would: edition 2, without one layer, with another under a new name, a picture replaced. */
export async function changeAtlas({ store }: Fixture): Promise<void> {
  const [dropped, renamed, named, kept] = [DROPPED, RENAMED, NEW_NAME, KEPT].map(layerOf);
  const atlas = JSON.parse(await readFile(join(store, 'atlas.json'), 'utf8'));
  atlas.edition = 2;
  atlas.plan_sha256 = 'f'.repeat(64);
  atlas.layers = atlas.layers.filter(({ slug }: { slug: string }) => slug !== dropped);
  for (const layer of atlas.layers) if (layer.slug === renamed) layer.slug = named;
  await writeFile(join(store, 'atlas.json'), JSON.stringify(atlas));
  await rename(join(store, 'layers', `${renamed}.jsonl`), join(store, 'layers', `${named}.jsonl`));
  await rm(join(store, 'layers', `${dropped}.jsonl`));
  for (const file of ['comparison.json', 'portraits', 'map.json']) await rm(join(store, file), { recursive: true });
  const lines = (await readFile(join(store, 'layers', `${kept}.jsonl`), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  lines[0].renders[0].image = lines[1].renders[0].image;
  await writeFile(join(store, 'layers', `${kept}.jsonl`), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** Says what became of both layers, and publishes edition 2. */
export async function makeSecondEdition(fixture: Fixture): Promise<void> {
  await changeAtlas(fixture);
  const said = { ...fixture, today: '2026-03-04' };
  await retire({ ...said, address: DROPPED, why: 'The plan no longer has this layer.', instead: KEPT });
  await retire({ ...said, address: RENAMED, why: HOSTILE, to: NEW_NAME });
  await publish({ ...said, store: fixture.store });
}
