/** Reads what an atlas has of each unit beside its renders (portraits/<layer>.jsonl), and says it with addresses. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Example, type Near, type Portrait, type PublishedUnit, portrait as portraitSchema } from '../../data/schema.ts';
import { originalName } from '../images/pictures.ts';
import type { AtlasStore, Layer } from '../store/load-atlases.ts';
import { readJsonLines } from '../store/read-json.ts';
import { fullAddress } from '../view/address.ts';
import { unitAddresses } from './facts.ts';

/** Portraits of a layer by unit; empty where the atlas has none. Throws for a file that is none. */
export async function readPortraits({ folder }: AtlasStore, { slug }: Layer): Promise<ReadonlyMap<string, Portrait>> {
  const file = join(folder, 'portraits', `${slug}.jsonl`);
  const lines = existsSync(file) ? await readJsonLines(file, portraitSchema) : [];
  return new Map(lines.map((line) => [line.id, line]));
}

/** A portrait as unit.json has it. `onSite`: whether the site has a picture file of that name; others get no address. */
export function describePortrait(
  store: AtlasStore,
  { top, middle, near, reads, feeds }: Portrait,
  onSite: (name: string) => boolean,
): NonNullable<PublishedUnit['portrait']> {
  const example = (one: Example) => ({
    ...one,
    ...(onSite(originalName(one.image)) ? { address: fullAddress(`i/${originalName(one.image)}`) } : {}),
  });
  const alike = (one: Near) => {
    const { address, json } = unitAddresses(store, { slug: one.layer }, one);
    return { ...one, address, json };
  };
  return {
    top: top.map(example),
    middle: middle.map(example),
    near: { response: near.response.map(alike), look: near.look.map(alike) },
    reads,
    feeds,
  };
}
