/** Reading a store: what is joined, and what is refused with which words. */
import { appendFile, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { imageFile, readAtlases } from '../../site/store/load-atlases.ts';
import { temporaryFolder } from '../temporary.ts';
import { makeStore } from './make-store.ts';

const LAYER = 'expanded-conv-depthwise';
let data: string;
let root: string;

async function fresh(): Promise<void> {
  data = temporaryFolder('data');
  root = join(data, await makeStore(data, { channels: [6, 3], random: 2, subset: 1, size: 16 }));
}

async function change(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(join(root, file), 'utf8');
  expect(text).toContain(from);
  await writeFile(join(root, file), text.replaceAll(from, to));
}

describe('a sound store', () => {
  beforeAll(fresh);

  test('gives layers from shallow to deep, units by arm and index', async () => {
    const [store] = await readAtlases(data);
    expect(store?.layers.map((layer) => layer.slug)).toEqual([LAYER, 'expanded-conv-3-expand']);
    const ids = store?.layers[1]?.units.map((unit) => unit.id);
    expect(ids).toEqual(['channel-0', 'channel-1', 'channel-2', 'random-0', 'random-1']);
  });

  test('shows the render of the first seed, and tells how one ended', async () => {
    const [store] = await readAtlases(data);
    const units = store?.layers[0]?.units ?? [];
    expect(units[0]?.render?.seed).toBe(0);
    expect(units.map((unit) => unit.state)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'failed', 'ok', 'ok']);
  });

  test('takes measures from the comparison where a record has none', async () => {
    const file = join(root, 'layers', `${LAYER}.jsonl`);
    const before = await readFile(file, 'utf8');
    const [first = '', ...rest] = before.split('\n');
    const { measures, ...record } = JSON.parse(first);
    await writeFile(file, [JSON.stringify(record), ...rest].join('\n'));
    const [store] = await readAtlases(data);
    expect(store?.layers[0]?.units[0]?.measures).toEqual(measures);
    await writeFile(file, before);
  });

  test('a folder that is missing holds no atlas', async () => {
    expect(await readAtlases(join(data, 'nowhere'))).toEqual([]);
  });
});

describe('an unsound store is refused', () => {
  beforeEach(fresh);

  test('a field of the wrong type', async () => {
    await change('atlas.json', '"edition": 1', '"edition": "one"');
    await expect(readAtlases(data)).rejects.toThrow(
      `${root}/atlas.json: expected a value of type number for edition, received "one"\nRun "npx atlas verify"`,
    );
  });

  test('a value that is not one of those allowed', async () => {
    await change('atlas.json', '"tap": "before"', '"tap": "beside"');
    await expect(readAtlases(data)).rejects.toThrow('expected one of "before", "after", "linear" for layers.0.tap, received "beside"');
  });

  test('a line that was cut short, by its number', async () => {
    await appendFile(join(root, 'layers', `${LAYER}.jsonl`), '{"id": "chan');
    await expect(readAtlases(data)).rejects.toThrow(
      `${root}/layers/${LAYER}.jsonl:9: expected JSON for the content, received "{\\"id\\": \\"chan"`,
    );
  });

  test('a missing picture, by its unit', async () => {
    const [store] = await readAtlases(data);
    const image = store?.layers[0]?.units[2]?.render?.image ?? '';
    await unlink(imageFile(root, image));
    await expect(readAtlases(data)).rejects.toThrow(`${imageFile(root, image)}: expected a picture for unit channel-2, received nothing`);
  });

  test.each(['compare', 'edition-2'])('a layer named %s, which the site uses itself', async (name) => {
    await change('atlas.json', `"slug": "${LAYER}"`, `"slug": "${name}"`);
    await expect(readAtlases(data)).rejects.toThrow(
      new RegExp(`expected a name that the site does not use itself .* for a layer, received "${name}"\\nGive it another slug`),
    );
  });

  test('an atlas named as a page of the site', async () => {
    await change('atlas.json', '"slug": "fixture-net"', '"slug": "method"');
    await expect(readAtlases(data)).rejects.toThrow('for an atlas, received "method"');
  });

  test('a unit that is there twice', async () => {
    const file = join(root, 'layers', `${LAYER}.jsonl`);
    await appendFile(file, (await readFile(file, 'utf8')).split('\n')[0] ?? '');
    await expect(readAtlases(data)).rejects.toThrow('expected a name of its own for a unit, received "channel-0 twice"');
  });
});
