/** An edition as it was published, read from data/atlases/<atlas>/editions/<number>/ into the records that pages show. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import {
  type Atlas,
  atlas as atlasSchema,
  type CurrentEdition,
  editionContents,
  type FrozenLayer,
  type FrozenUnit,
  frozenUnit,
  unitRecord,
} from '../../data/schema.ts';
import { fault } from './fault.ts';
import { type AtlasStore, imageFile, type Layer, standFor, UNMEASURED, type Unit, withLegibleNames } from './load-atlases.ts';
import { readJson, readJsonLines } from './read-json.ts';

/** A published edition: its contents, to be held to the ledger, and the atlas as it was, without curves, portraits and comparison. */
export interface FrozenEdition extends CurrentEdition {
  /** `2026-11-24` */
  readonly when: string;
  readonly store: AtlasStore;
}

/** Reads an edition. Throws a fault where a file, a picture or the edition itself is missing. */
export async function readEdition(folder: string, slug: string, edition: number, when: string): Promise<FrozenEdition> {
  const from = join(folder, 'editions', String(edition));
  const file = join(from, 'atlas.json');
  if (!existsSync(file)) throw missingFault(file, `edition ${edition} of ${slug}`);
  const atlas = await readJson(file, atlasSchema);
  // The hash is of what stands in the file, whatever today's schema makes of it.
  const raw = (await readJson(file, z.unknown())) as Atlas;
  const frozen: FrozenLayer[] = await Promise.all(
    raw.layers.map(async (layer) => ({ layer, units: await readJsonLines(join(from, 'layers', `${layer.slug}.jsonl`), frozenUnit) })),
  );
  const layers = atlas.layers.map((layer, i): Layer => {
    const units = (frozen[i]?.units ?? []).map((unit) => toUnit(folder, unit));
    return { layer, slug: layer.slug, units, portraits: new Map() };
  });
  const store: AtlasStore = { atlas: withLegibleNames(atlas), stated: atlas, slug, layers, folder };
  return { slug, edition, when, store, contents: editionContents(raw, frozen) };
}

function toUnit(folder: string, frozen: FrozenUnit): Unit {
  const curveless = (render: FrozenUnit['renders'][number]) => ({ ...render, curve: [], curve_steps: [] });
  const [renders, diverse] = [frozen.renders.map(curveless), frozen.diverse?.map(curveless)];
  const record = unitRecord.parse({ ...frozen, renders, ...(diverse ? { diverse } : {}) });
  for (const { image } of [...renders, ...(diverse ?? [])]) {
    if (image && !existsSync(imageFile(folder, image))) throw missingFault(imageFile(folder, image), `unit ${frozen.id}`);
  }
  return standFor(record, UNMEASURED, frozen.concept);
}

function missingFault(where: string, name: string): Error {
  return fault({
    where,
    expected: 'what was published',
    name,
    received: undefined,
    remedy: 'Restore it ("git checkout" has it as it was committed): the page of a published edition stays, whatever becomes of the atlas.',
  });
}
