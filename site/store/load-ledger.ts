/** What was published: the ledger and the frozen editions, held against the atlases that are there. Every build reads it, and fails where it is broken. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type CurrentEdition, editionContents, freezeUnit, indexLedger, type Ledger, ledgerEntry } from '../../data/schema.ts';
import { checkLedger } from './check-ledger.ts';
import { type FrozenEdition, readEdition } from './frozen-edition.ts';
import { type AtlasStore, loadAtlases } from './load-atlases.ts';
import { readJsonLines } from './read-json.ts';

/** The ledger and the editions it vouches for, of every atlas that ever was, oldest first. */
export interface Published {
  readonly ledger: Ledger;
  readonly editions: ReadonlyMap<string, readonly FrozenEdition[]>;
}

let loaded: Promise<Published> | undefined;

/** What ATLAS_LEDGER (set by astro.config.mjs) says of the atlases; read and checked once a process. */
export function loadPublished(): Promise<Published> {
  loaded ??= loadAtlases().then((stores) =>
    readPublished(stores, process.env.ATLAS_LEDGER ?? 'data/ledger.jsonl', process.env.ATLAS_DATA ?? 'data/atlases'),
  );
  return loaded;
}

/** Reads a ledger, which may be missing, and the editions in `folder`. Throws a fault where what is there breaks what was published. */
export async function readPublished(stores: readonly AtlasStore[], file: string, folder: string): Promise<Published> {
  if (!existsSync(file)) return { ledger: new Map(), editions: new Map() };
  const ledger = indexLedger(await readJsonLines(file, ledgerEntry));
  const editions = new Map<string, FrozenEdition[]>();
  for (const [address, { editions: published }] of ledger) {
    const slug = address.slice(0, -1);
    if (slug.includes('/') || published.length === 0) continue;
    const read = published.map(({ edition, when }) => readEdition(join(folder, slug), slug, edition, when));
    editions.set(slug, await Promise.all(read));
  }
  checkLedger(
    file,
    ledger,
    stores.map((store) => currentEdition(store, ledger)),
    [...editions.values()].flat(),
  );
  return { ledger, editions };
}

/** What the atlas holds; hashed only where there is something to hold it to. */
function currentEdition({ stated: atlas, slug, layers, comparison }: AtlasStore, ledger: Ledger): CurrentEdition {
  const { edition } = atlas;
  if (!ledger.get(`${slug}/`)?.editions.some((one) => one.edition === edition)) {
    const below = layers.flatMap((layer) => [`${slug}/${layer.slug}/`, ...layer.units.map(({ id }) => `${slug}/${layer.slug}/${id}/`)]);
    return { slug, edition, contents: new Map([`${slug}/`, ...below].map((address) => [address, ''])) };
  }
  const compared = new Map(comparison?.directions.map((one) => [`${one.layer} ${one.id}`, one]));
  const frozen = layers.map(({ layer, units }) => ({
    layer,
    units: units.map(({ record }) => freezeUnit(record, compared.get(`${layer.slug} ${record.id}`))),
  }));
  return { slug, edition, contents: editionContents(atlas, frozen) };
}
