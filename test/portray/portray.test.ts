/** Portraying a small atlas from end to end: every file, what is found in it, what is kept, and what is not published. */
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import glob from 'fast-glob';
import { beforeAll, describe, expect, it } from 'vitest';
import { atlasMap, type Comparison, type Portrait, portrait } from '../../data/schema.ts';
import { sha256 } from '../../generator/batch/canonical.ts';
import { verifyStore } from '../../generator/batch/verify.ts';
import { attachHuman, readComparison } from '../../generator/compare/comparison-file.ts';
import { checkPortraits } from '../../generator/portray/check-portraits.ts';
import { portrayAtlas } from '../../generator/portray/portray.ts';
import { CHANNELS, DEAD } from '../compare/planted-network.ts';
import { LEAST } from '../compare/planted-store.ts';
import { makeStore, type PortrayedStore } from './portrayed-store.ts';

let store: PortrayedStore;
let comparison: Comparison;
const lines = new Map<string, Portrait[]>();
beforeAll(async () => {
  store = await makeStore();
  // Before anything is portrayed, for the tests that begin from here.
  await cp(store.request.folder, `${store.root}/compared`, { recursive: true });
  await portrayAtlas(store.request);
  comparison = await readComparison(store.request.folder);
  for (const layer of ['bank-relu', 'turned']) lines.set(layer, await readPortraits(store.request.folder, layer));
});

async function readPortraits(folder: string, layer: string): Promise<Portrait[]> {
  const text = await readFile(`${folder}/portraits/${layer}.jsonl`, 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => portrait.parse(JSON.parse(line)));
}

const of = (layer: string, id: string): Portrait => {
  const found = lines.get(layer)?.find((one) => one.id === id);
  if (!found) throw new Error(`no portrait of ${layer}/${id}`);
  return found;
};
const filesOf = async (folder: string) => {
  const files = await glob(['portraits/**', 'map.json', 'images/**'], { cwd: folder });
  return Object.fromEntries(await Promise.all(files.sort().map(async (file) => [file, sha256(await readFile(`${folder}/${file}`))])));
};

describe('portraits', () => {
  it('are a line for each unit, in the order of the records', async () => {
    for (const [layer, portraits] of lines) {
      const records = (await readFile(`${store.request.folder}/layers/${layer}.jsonl`, 'utf8')).trim().split('\n');
      expect(portraits.map(({ id }) => id)).toEqual(records.map((line) => JSON.parse(line).id));
    }
    expect(lines.get('turned')).toHaveLength(CHANNELS + 3 + 8 + 3);
  });

  it('show the first of the comparison’s top and its middle at even ranks, with their distance from the mean', () => {
    for (const [layer, id] of [
      ['bank-relu', 'channel-3'],
      ['turned', 'channel-1-negative'],
      ['turned', 'random-4'],
    ]) {
      const known = comparison.directions.find((one) => one.layer === layer && one.id === id);
      const { top, middle } = of(layer, id);
      expect(top.map(({ number }) => number)).toEqual(known?.top?.slice(0, 8));
      expect(middle.map(({ number }) => number)).toEqual([5, 15, 25, 35].map((rank) => known?.middle?.[rank]));
      const scores = top.map(({ score }) => score);
      expect(scores).toEqual(scores.toSorted((a, b) => b - a));
      expect(scores[0]).toBeGreaterThan(0.8);
      for (const { score } of middle) expect(Math.abs(score)).toBeLessThan(0.8);
    }
  });

  it('draw the bands of a chosen unit as the comparison would have: a channel by another name shows the same', () => {
    const [twin, channel] = [of('turned', 'twin'), of('turned', 'channel-5')];
    expect({ ...twin, id: '', near: null }).toEqual({ ...channel, id: '', near: null });
    expect(twin.top).toHaveLength(8);
    expect(twin.middle).toHaveLength(4);
  });

  it('show nothing of a constant channel, nor of a unit without one direction', () => {
    for (const [layer, id] of [
      ['bank-relu', `channel-${DEAD}`],
      ['turned', 'way'],
      ['turned', 'both'],
    ])
      expect(of(layer, id)).toMatchObject({ top: [], middle: [], near: { response: [] } });
  });

  it('frame what one position sees', () => {
    for (const { box } of [...lines.values()].flat().flatMap(({ top, middle }) => [...top, ...middle])) {
      const [left, top, width, height] = box;
      // 9 of 32 pixels; no position of an unpadded convolution is cut.
      expect([width, height]).toEqual([0.2813, 0.2813]);
      for (const from of [left, top]) expect(from * 32).toBeCloseTo(Math.round(from * 32), 2);
    }
  });

  it('name images that are there, under their hashes', async () => {
    const shown = [...lines.values()].flat().flatMap(({ top, middle }) => [...top, ...middle]);
    expect(new Set(shown.map(({ image }) => image)).size).toBeGreaterThan(50);
    for (const { image } of shown) {
      const bytes = await readFile(`${store.request.folder}/images/${image.slice(0, 2)}/${image}.webp`);
      expect(sha256(bytes)).toBe(image);
    }
  });

  it('have neighbours by response: a direction’s twin is the nearest, its negative none', () => {
    expect(of('turned', 'channel-5').near.response[0]).toEqual({ layer: 'turned', id: 'twin', similarity: 1 });
    expect(of('turned', 'twin').near.response[0]).toEqual({ layer: 'turned', id: 'channel-5', similarity: 1 });
    for (const [layer, portraits] of lines)
      for (const { id, near } of portraits)
        for (const list of [near.response, near.look]) {
          const family = (name: string) => name.replace('-negative', '');
          expect(list.filter((one) => one.layer === layer && family(one.id) === family(id))).toEqual([]);
          const similarities = list.map(({ similarity }) => similarity);
          expect(similarities).toEqual(similarities.toSorted((a, b) => b - a));
        }
  });

  it('find neighbours in other layers, and by look for every unit with a render', () => {
    expect(lines.get('bank-relu')?.some(({ near }) => near.response.some(({ layer }) => layer === 'turned'))).toBe(true);
    for (const [layer, portraits] of lines) for (const { id, near } of portraits) expect(near.look, `${layer}/${id}`).toHaveLength(8);
  });

  it('have the strongest weights in, by the layer that they come from', () => {
    const { reads } = of('turned', 'channel-5');
    expect(reads.map(({ layer }) => layer)).toEqual(['bank-relu']);
    expect(reads[0].channels.length).toBeGreaterThan(0);
    const weights = reads[0].channels.map(({ weight }) => Math.abs(weight));
    expect(weights).toEqual(weights.toSorted((a, b) => b - a));
  });
});

describe('the map', () => {
  it('has every rendered unit once, no two in one place', async () => {
    const { units, about, columns, rows } = atlasMap.parse(JSON.parse(await readFile(`${store.request.folder}/map.json`, 'utf8')));
    expect(units.map(({ layer, id }) => `${layer}/${id}`)).toEqual(
      [...lines].flatMap(([layer, all]) => all.map(({ id }) => `${layer}/${id}`)),
    );
    expect(new Set(units.map(({ x, y }) => `${x} ${y}`)).size).toBe(units.length);
    for (const { x, y } of units) {
      expect(x * columns - Math.floor(x * columns)).toBeCloseTo(0.5, 2);
      expect(y * rows - Math.floor(y * rows)).toBeCloseTo(0.5, 2);
    }
    expect(about).toContain('lab-gabor-1');
    expect(about).toContain(`${columns} columns and ${rows} rows`);
  });
});

describe('what is made', () => {
  it('is there the second time at once, without opening the network, also when people’s answers came to the comparison', async () => {
    const before = await filesOf(store.request.folder);
    const opened = store.opened.count;
    await attachHuman(store.request.folder, { file: 'human.json', key_sha256: '0'.repeat(64) });
    const again = await portrayAtlas(store.request);
    expect(store.opened.count).toBe(opened);
    expect(await filesOf(store.request.folder)).toEqual(before);
    expect(again.made).toMatchObject({ units: 25 + 31, published: true, mapped: 56 });
    expect(again.made.with_examples).toBe(56 - 3);
    expect(again.made.images).toBeLessThanOrEqual(LEAST);
  });

  it('is the same bytes from the same comparison', async () => {
    const folder = `${store.root}/again`;
    await cp(`${store.root}/compared`, folder, { recursive: true });
    await portrayAtlas({ ...store.request, folder });
    expect(await filesOf(folder)).toEqual(await filesOf(store.request.folder));
  });

  it('is made anew where a file was altered or an image lost, and kept by the next run of the plan', async () => {
    const { folder } = store.request;
    const before = await filesOf(folder);
    await writeFile(`${folder}/map.json`, '{}');
    const { image } = of('turned', 'channel-0').top[0];
    await rm(`${folder}/images/${image.slice(0, 2)}/${image}.webp`);
    await portrayAtlas(store.request);
    expect(await filesOf(folder)).toEqual(before);
    await store.render();
    expect(await filesOf(folder)).toEqual(before);
  });

  it('names no photograph of a folder unless the plan lets it be published, and takes those away that it did', async () => {
    const folder = `${store.root}/unpublished`;
    await cp(store.request.folder, folder, { recursive: true });
    const images = { folder: `${store.root}/images` };
    const { made } = await portrayAtlas({ ...store.request, folder, compare: { images } });
    expect(made).toMatchObject({ published: false, with_examples: 0, images: 0, image_bytes: 0 });
    const portraits = await readPortraits(folder, 'turned');
    expect(portraits.flatMap(({ top, middle }) => [...top, ...middle])).toEqual([]);
    expect(portraits[0].near).toEqual(of('turned', portraits[0].id).near);
    expect(await glob('images/**', { cwd: folder })).toEqual(
      expect.arrayContaining(await glob('images/**', { cwd: `${store.root}/compared` })),
    );
    expect((await glob('images/**', { cwd: folder })).length).toBe((await glob('images/**', { cwd: `${store.root}/compared` })).length);
  });

  it('is refused from other images than those compared', async () => {
    const folder = `${store.root}/others`;
    await cp(`${store.root}/compared`, folder, { recursive: true });
    const images = { folder: `${store.root}/images`, n: LEAST, publish: true };
    await cp(images.folder, `${store.root}/altered`, { recursive: true });
    await cp(`${store.root}/altered/0001.png`, `${store.root}/altered/0000.png`);
    const request = { ...store.request, folder, compare: { images: { ...images, folder: `${store.root}/altered` } } };
    await expect(portrayAtlas(request)).rejects.toThrow(
      /expected those that the comparison looked at.*for folder, received "200 with the hash/s,
    );
  });

  it('asks for a comparison where there is none', async () => {
    const folder = `${store.root}/rendered`;
    await cp(`${store.root}/compared`, folder, { recursive: true });
    await rm(`${folder}/comparison.json`);
    await expect(portrayAtlas({ ...store.request, folder })).rejects.toThrow(/atlas compare/);
  });
});

describe('verifying', () => {
  const damaged = async (name: string, damage: (folder: string) => Promise<void>) => {
    const folder = `${store.root}/verified-${name}`;
    await cp(store.request.folder, folder, { recursive: true });
    await damage(folder);
    return [...(await verifyStore(folder)).findings, ...(await checkPortraits(folder))].map(({ file, problem }) => `${file}: ${problem}`);
  };
  const replace = (file: string, from: string | RegExp, to: string) => async (folder: string) =>
    writeFile(`${folder}/${file}`, (await readFile(`${folder}/${file}`, 'utf8')).replace(from, to));

  it('finds nothing wrong with what was made', async () => {
    // The study that the comparison was told of above is not there.
    expect(await damaged('whole', async () => undefined)).toEqual(['human.json: is missing, though comparison.json names it']);
    expect((await verifyStore(store.request.folder)).images).toBe((await glob('images/**', { cwd: store.request.folder })).length);
  });

  it('names an image that was altered', async () => {
    const { image } = of('turned', 'channel-0').top[0];
    const file = `images/${image.slice(0, 2)}/${image}.webp`;
    const found = await damaged('image', (folder) => writeFile(`${folder}/${file}`, 'no image'));
    expect(found.join('\n')).toContain(`${file}: was altered`);
  });

  it('names portraits of units that are none, a place on the map of none, and files that nothing names', async () => {
    const portraits = await damaged('portraits', replace('portraits/turned.jsonl', /^\{"id":"channel-1"/m, '{"id":"channel-99"'));
    expect(portraits.join('\n')).toMatch(/portraits\/turned.jsonl: was altered.*line 2: expected channel-1, received channel-99/s);
    const map = await damaged('map', replace('map.json', '"id":"channel-1"', '"id":"channel-99"'));
    expect(map.join('\n')).toMatch(/map.json: has a place for bank-relu\/channel-99, which is no unit/);
    const stray = await damaged('stray', (folder) => writeFile(`${folder}/portraits/other.jsonl`, ''));
    expect(stray).toContain('portraits/other.jsonl: is not named by portraits/key.json');
    expect(await damaged('key', (folder) => rm(`${folder}/portraits/key.json`))).toContain('portraits/key.json: is missing or none');
  });
});
