/** What unit.json, layer.json and atlas.json say of a store. */
import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { publishedAtlas, publishedLayer, publishedUnit } from '../../../data/schema.ts';
import { describeAtlas } from '../../../site/data/describe-atlas.ts';
import { describeLayer } from '../../../site/data/describe-layer.ts';
import { describeUnit, openLayer } from '../../../site/data/describe-unit.ts';
import { type SiteFile, siteFiles } from '../../../site/data/site-files.ts';
import { readVectors, vectorUnits, writeNpy } from '../../../site/data/vectors.ts';
import type { AtlasStore, Layer } from '../../../site/store/load-atlases.ts';
import { standings } from '../../../site/view/unit.ts';
import { temporaryFolder } from '../../temporary.ts';
import { HOSTILE, makeHostile, readFirst, smallStore } from './make-published.ts';

const everywhere = () => true;
let folder: string;
let store: AtlasStore;
let layer: Layer;

beforeAll(async () => {
  folder = temporaryFolder('published');
  store = await smallStore(folder);
  layer = layerOf(store);
});

function layerOf({ layers: [first] }: AtlasStore): Layer {
  if (!first) throw new Error('The fixture has no layer.');
  return first;
}

async function unitOf(id: string, of = store, one = layerOf(of), onSite: (name: string) => boolean = everywhere) {
  const at = one.units.findIndex((unit) => unit.id === id);
  const unit = one.units[at];
  if (!unit) throw new Error(`The fixture has no ${id}.`);
  return describeUnit(openLayer(of, one, onSite), unit, at);
}

describe('unit.json', () => {
  test('names its schema, its page, the plan and the model, as the store has them', async () => {
    expect(await unitOf('channel-2')).toMatchObject({
      ...{ $schema: '/schema/unit-1.json', schema: 'basis-atlas-unit/1', id: 'channel-2', arm: 'basis', index: 2, title: 'Channel 2' },
      ...{ address: `/fixture-net/${layer.slug}/channel-2/`, plan_sha256: store.atlas.plan_sha256, licence: 'Apache-2.0', edition: 1 },
      model: { weights_sha256: store.atlas.model.weights_sha256 },
    });
  });

  test('a channel is a rule; a random direction is a hash, and the place of the very vector in the layer’s file', async () => {
    expect((await unitOf('channel-2')).direction).toMatchObject({ kind: 'channel', channels: 12, channel: 2, sign: 1 });
    const { direction } = await unitOf('random-3');
    expect(direction).toMatchObject({ kind: 'haar', row: 3, vector: { row: 3, offset: 128 + 3 * 12 * 4 } });
    const kept = await readFile(join(store.folder, 'directions', `${layer.slug}.f32`));
    expect(Buffer.from((await readVectors(store, layer)).values)).toEqual(kept);
  });

  test('a unit that the plan has from an array has that beside its page, which must be the very one', async () => {
    const bytes = writeNpy({ shape: [12], values: new Uint8Array(48).fill(7) });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const copy = join(store.folder, 'directions', `${sha256}.npy`);
    const chosen = { id: 'cell', direction: { file: 'cell.npy', sha256 } };
    const [{ record, ...unit }] = layer.units as [Layer['units'][number]];
    const cell = {
      ...unit,
      id: 'cell',
      arm: 'chosen',
      record: { ...record, id: 'cell', arm: 'chosen', direction: { kind: 'chosen', unit: chosen } },
    } as const;
    const one: Layer = { ...layer, units: [cell] };
    const whole: AtlasStore = { ...store, layers: [one] };
    const files = async () => {
      const found: SiteFile[] = [];
      for await (const file of siteFiles([whole])) if (file.path.endsWith('/cell/direction.npy')) found.push(file);
      return found;
    };
    expect((await unitOf('cell', whole)).direction).not.toHaveProperty('vector');
    expect(await files()).toEqual([]);
    await writeFile(copy, bytes);
    const described = await unitOf('cell', whole);
    expect(publishedUnit.parse(described).direction).toMatchObject({
      kind: 'chosen',
      unit: chosen,
      vector: { alone: `/fixture-net/${layer.slug}/cell/direction.npy` },
    });
    const [file] = await files();
    expect(await file?.make()).toEqual(bytes);
    await writeFile(copy, bytes.subarray(1));
    await expect(file?.make()).rejects.toThrow(`expected an array with SHA-256 ${sha256} for cell, received`);
    await rm(copy);
  });

  test('every render is there by seed, with its curve and its picture; a failed one has none and says why', async () => {
    const { renders, picture } = await unitOf('channel-1');
    expect(renders.map(({ seed }) => seed)).toEqual([0, 1, 2]);
    expect(renders[0]?.picture).toEqual(picture);
    expect(renders[0]?.curve).toHaveLength(33);
    expect(await unitOf('channel-5')).toMatchObject({
      ...{ state: 'failed', score: null, picture: null },
      renders: [{ message: 'the runtime ran out of memory', picture: null }],
    });
  });

  test('a measure stands where the page says it does', async () => {
    const unit = layer.units[2];
    if (!unit) throw new Error('The fixture has no third unit.');
    const { measures } = await unitOf('channel-2');
    const shown = standings(layer, unit);
    expect(shown.length).toBeGreaterThan(5);
    for (const { metric, value, place } of shown) {
      const found = measures[metric.field];
      const share = (one: { below: number; of: number } | null | undefined) => `${Math.round((one?.below ?? -1) * 100)}% of ${one?.of}`;
      expect(found?.value).toBe(value);
      if (value !== null) expect(place).toBe(`above ${share(found?.basis)} channels and ${share(found?.random)} random directions`);
    }
    const lowest = Math.min(...layer.units.filter(({ arm }) => arm === 'basis').map(({ measures: { kurtosis } }) => kurtosis ?? Infinity));
    const at = layer.units.find(({ measures: { kurtosis } }) => kurtosis === lowest);
    expect((await unitOf(at?.id ?? '')).measures.kurtosis?.basis).toEqual({ below: 0, of: 12 });
  });

  test('leads to the units beside it, and to none where there is none', async () => {
    expect(await unitOf('channel-0')).toMatchObject({
      previous: null,
      next: { id: 'channel-1', json: `/fixture-net/${layer.slug}/channel-1/unit.json` },
    });
    expect((await unitOf('random-4')).next).toBeNull();
    expect((await unitOf('random-0')).previous?.id).toBe('channel-11');
  });
});

test('layer.json has a row of directions.npy for each random direction and none for a channel', async () => {
  const described = describeLayer(store, layer);
  expect(described.units.map(({ id }) => id)).toEqual(layer.units.map(({ id }) => id));
  const rows = described.units.filter(({ vector_row }) => vector_row !== undefined);
  expect(rows.map(({ id, vector_row }) => `${id} ${vector_row}`)).toEqual(vectorUnits(store, layer).map(({ id }, i) => `${id} ${i}`));
  expect(described.directions).toMatchObject({ shape: [5, 12], dtype: '<f4', data_offset: 128 });
  expect(described.counts).toEqual({ basis: 12, random: 5 });
});

test('atlas.json counts what there is and has the headline of each layer compared', () => {
  const { counts, comparison, layers } = describeAtlas(store);
  const pictures = new Set(
    store.layers.flatMap((one) => one.units.flatMap(({ record }) => record.renders.flatMap(({ image }) => image ?? []))),
  );
  expect(counts).toEqual({ layers: 2, units: 28, pictures: pictures.size, arms: { basis: 18, random: 10 } });
  expect(layers.map((one) => one.layer)).toEqual(store.layers.map(({ slug }) => slug));
  expect(comparison?.headline.map(({ row }) => row.role)).toEqual(['headline', 'headline']);
});

test('the order of fields does not depend on the order in the store', async () => {
  const other = temporaryFolder('turned');
  const turned = await smallStore(other);
  const file = join(turned.folder, 'layers', `${layer.slug}.jsonl`);
  const turn = (value: object) => Object.fromEntries(Object.entries(value).toReversed());
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  const reversed = lines.map((line) => {
    const record = JSON.parse(line);
    return JSON.stringify(turn({ ...record, measures: turn(record.measures), renders: record.renders.map(turn) }));
  });
  await writeFile(file, reversed.join('\n'));
  const again = await readFirst(other);
  expect(JSON.stringify(await unitOf('random-1', again))).toBe(JSON.stringify(await unitOf('random-1')));
  expect(JSON.stringify(describeLayer(again, layerOf(again)))).toBe(JSON.stringify(describeLayer(store, layer)));
});

test('portraits are told with addresses: of units by their page, of pictures only where the site has them', async () => {
  const own = layer.portraits.get('channel-0');
  const [near, other] = [own?.near.look[0], own?.top[1]?.image];
  const { portrait } = await unitOf('channel-0', store, layer, (name) => !other?.startsWith(name.slice(0, 20)));
  const address = `/fixture-net/${layer.slug}/${near?.id}/`;
  expect(portrait?.near.look[0]).toEqual({ ...near, address, json: `${address}unit.json` });
  expect(portrait?.top[0]).toEqual({ ...own?.top[0], address: `/i/${own?.top[0]?.image.slice(0, 20)}.webp` });
  expect(portrait?.top[1]).toEqual(own?.top[1]);
  expect(portrait?.reads).toEqual(own?.reads);
  const bare = { ...layer, portraits: new Map() };
  expect((await unitOf('channel-0', store, bare)).portrait).toBeUndefined();
});

test('filmstrips and diverse pictures are there where the record has them, with addresses where the site has them', async () => {
  const [first, second] = layer.units;
  if (!first || !second || !first.render?.image) throw new Error('The fixture has no two units.');
  const frames = { image: first.render.image, steps: [0, 8, 128] };
  const record = { ...first.record, renders: [{ ...first.render, frames }], diverse: second.record.renders };
  const rich = { ...layer, units: [{ ...first, record }, second] };
  const unit = await unitOf('channel-0', store, rich, (name) => !name.includes('-96'));
  expect(unit.renders[0]?.frames).toEqual({ sha256: frames.image, address: `/i/${frames.image.slice(0, 20)}.webp`, steps: [0, 8, 128] });
  expect(unit.diverse?.map(({ picture }) => picture?.sha256)).toEqual(second.record.renders.map(({ image }) => image));
  expect(publishedUnit.parse(unit)).toEqual(unit);
});

test('a vector that is not the one its unit names is not published', async () => {
  const other = temporaryFolder('altered');
  const altered = await smallStore(other);
  const file = join(altered.folder, 'directions', `${layer.slug}.f32`);
  const bytes = await readFile(file);
  bytes.writeFloatLE(0.5, 2 * 12 * 4);
  await writeFile(file, bytes);
  await expect(readVectors(altered, layerOf(altered))).rejects.toThrow(
    /f32: expected a vector of 12 values with SHA-256 \w+ for random-2, received "\w+"\nRun "npx atlas verify"/,
  );
  await writeFile(file, bytes.subarray(0, 100));
  await expect(readVectors(altered, layerOf(altered))).rejects.toThrow('for random-2, received "4 bytes"');
});

test('a store without vectors publishes none, and its units say so by having no place for one', async () => {
  const bare: AtlasStore = { ...store, folder: join(folder, 'nowhere') };
  expect(describeLayer(bare, layer).directions).toBeNull();
  expect((await unitOf('random-1', bare)).direction).not.toHaveProperty('vector');
});

test('hostile names come out as they are, and nothing is said that the schemas do not know', async () => {
  const other = temporaryFolder('hostile');
  await smallStore(other);
  await makeHostile(other, 'fixture-net');
  const hostile = await readFirst(other);
  const written = async <T>(value: T): Promise<T> => JSON.parse(JSON.stringify(value));
  const unit = await written(await unitOf('channel-5', hostile));
  expect(publishedUnit.parse(unit)).toEqual(unit);
  expect(unit.renders[0]?.message).toBe(HOSTILE.script);
  expect(unit.address).toBe(`/fixture-net/${layer.slug}/channel-5/`);
  const whole = await written(describeLayer(hostile, layerOf(hostile)));
  expect(publishedLayer.parse(whole)).toEqual(whole);
  expect(whole.name).toBe(HOSTILE.script + HOSTILE.path);
  const all = await written(describeAtlas(hostile));
  expect(publishedAtlas.parse(all)).toEqual(all);
  expect(all.comparison?.limits).toEqual(Object.values(HOSTILE));
});

test.each([
  '../../../evil',
  '/etc/evil',
  'a/b',
  '..',
  'A',
  'a\u0000b',
  '',
])('a unit called %j is refused before anything has its name', async (name) => {
  const other = temporaryFolder('evil');
  const { folder: root } = await smallStore(other);
  const file = join(root, 'layers', `${layer.slug}.jsonl`);
  await writeFile(file, (await readFile(file, 'utf8')).replace('"channel-0"', JSON.stringify(name)));
  await expect(readFirst(other)).rejects.toThrow('for id, received');
});
