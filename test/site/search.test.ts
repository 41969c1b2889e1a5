/** What the search's index holds, and that Pagefind takes it. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Human } from '../../data/schema.ts';
import { readRecord, wordsOf } from '../../site/scripts/pagefind.ts';
import { writeIndex } from '../../site/search/emit-search.ts';
import { type SearchRecord, searchRecords } from '../../site/search/records.ts';
import { type AtlasStore, readAtlases } from '../../site/store/load-atlases.ts';
import { conceptIndex } from '../../site/view/search.ts';
import { temporaryFolder } from '../temporary.ts';
import { makeHuman } from './make-human.ts';
import { makeStore } from './make-store.ts';

let stores: AtlasStore[];
let records: SearchRecord[];
const LAYER = 'expanded-conv-3-expand';

beforeAll(async () => {
  const data = temporaryFolder('data');
  await makeStore(data, { channels: [9, 12], random: 4, subset: 2, size: 16 });
  stores = await readAtlases(data);
  records = searchRecords(stores, new Map([['fixture-net', rated()]]));
});

/** People's answers, in which two units were given words. */
function rated(): Human {
  const said = (direction: string, words: Human['directions'][number]['words']) => ({
    ...{ layer: LAYER, direction, arm: 'basis', kind: 'images' as const, answers: 4, accuracy: 0.8, nameable: 3, confidence: 2, words },
  });
  const [few, many] = [
    { word: 'Stripes', raters: 1 },
    [
      { word: 'stripes', raters: 3 },
      { word: 'red dots', raters: 2 },
    ],
  ];
  return { ...makeHuman('fixture-net'), directions: [said('random-1', [few]), said('channel-4', many), said('channel-99', [few])] };
}

const read = (one: SearchRecord) => readRecord({ raw_url: one.url });
const of = (kind: string) => records.filter(({ filters }) => filters.kind?.[0] === kind);

describe('the records', () => {
  test('hold every unit of every layer by its number, with its picture and its layer', () => {
    const held = of('number').flatMap((one) => read(one).record.units.map(([layer, id]) => `${layer} ${id}`));
    const all = stores.flatMap((store) => store.layers.flatMap((layer) => layer.units.map(({ id }) => `${layer.slug} ${id}`)));
    expect(held.toSorted()).toEqual(all.toSorted());
    const third = of('number').find((one) => read(one).record.title === 'Channel 3');
    expect(third && read(third).record.units.map(([layer, , arm, image]) => `${layer} ${arm} ${image.length}`)).toEqual([
      'expanded-conv-depthwise b 28',
      `${LAYER} b 28`,
    ]);
    expect(third?.content).toMatch(/^unit neuron channel 3 expanded conv depthwise expanded conv 3 expand fixture network$/);
  });

  test('hold every unit by its concept, the best match first, and lead to the layer’s page so filtered', () => {
    const layer = stores[0]?.layers.find(({ slug }) => slug === LAYER);
    const matched = layer?.units.filter(({ concept }) => concept !== undefined) ?? [];
    expect(matched.length).toBeGreaterThan(5);
    const own = of('concept').filter(({ filters }) => filters.layer?.[0] === `fixture-net/${LAYER}`);
    expect(own.reduce((sum, one) => sum + read(one).record.n, 0)).toBe(matched.length);
    for (const one of own) {
      const { path, record } = read(one);
      expect(path).toBe(`fixture-net/${LAYER}/#concept=${one.filters.concept?.[0]}`);
      const values = record.units.map(([, id]) => layer?.units.find((unit) => unit.id === id)?.measures.dissection ?? 0);
      expect(values).toEqual(values.toSorted((a, b) => b - a));
    }
  });

  test('hold layers, and the words that raters gave', () => {
    expect(of('layer').map((one) => read(one).record.title)).toEqual(['expanded_conv/depthwise', 'expanded_conv_3/expand']);
    const words = of('word').map((one) => ({ ...read(one).record, content: one.content }));
    expect(words.map(({ title, layer, units }) => `${title} ${layer} ${units.map(([, id]) => id)}`)).toEqual([
      `“stripes” ${LAYER} channel-4,random-1`,
      `“red dots” ${LAYER} channel-4`,
    ]);
    expect(words[1]?.content).toBe('word red dots expanded conv 3 expand fixture network');
  });

  test('have only words that are looked up as they are typed', () => {
    for (const { content } of records) expect(wordsOf(content).join(' ')).toBe(content);
    expect(wordsOf('Conv_3/expand  GRATING 90°, 8 px')).toEqual(['conv', '3', 'expand', 'grating', '90', '8', 'px']);
  });
});

test('Pagefind makes an index of them, without the interfaces that it brings', async () => {
  const folder = temporaryFolder('index');
  const files = await writeIndex(records, folder);
  const names = await readdir(folder);
  expect(names).toEqual(
    expect.arrayContaining(['fragment', 'index', 'filter', 'pagefind-entry.json', 'pagefind.js', 'pagefind-worker.js']),
  );
  expect(names.filter((name) => name.includes('ui') || name.includes('highlight'))).toEqual([]);
  expect((await readdir(join(folder, 'fragment'))).length).toBeLessThanOrEqual(Math.ceil(records.length / 16));
  expect(files).toBeLessThan(40);
});

test('Pagefind’s objection stops the build with its words', async () => {
  const [one] = records;
  if (!one) throw new Error('There is no record.');
  const wrong = { ...one, meta: { title: 3 as unknown as string } };
  await expect(writeIndex([wrong], temporaryFolder('index'))).rejects.toThrow(
    /the index of the search: expected an index for Pagefind, received/,
  );
});

test('the index of concepts has every concept of every atlas, with its best units over all layers', () => {
  const families = conceptIndex(stores, 2);
  expect(families.map(({ family }) => family)).toEqual(families.map(({ family }) => family).toSorted());
  const entries = families.flatMap(({ concepts }) => concepts);
  const units = stores.flatMap((store) => store.layers.flatMap((layer) => layer.units.filter(({ concept }) => concept !== undefined)));
  expect(entries.reduce((sum, entry) => sum + entry.units, 0)).toBe(units.length);
  for (const { id, best } of entries) {
    const values = units.filter(({ concept }) => concept === id).map(({ measures }) => measures.dissection ?? 0);
    expect(best.map(({ value }) => value)).toEqual(values.toSorted((a, b) => b - a).slice(0, 2));
  }
});
