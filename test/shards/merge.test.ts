/** Merging the stores of shards: the atlas of one run, whatever happens on the way. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Atlas } from '../../data/schema.ts';
import { verifyStore } from '../../generator/batch/verify.ts';
import { SMALL_PLAN_PICTURES, storeHashes } from '../batch/store-state.ts';
import { temporaryFolder } from '../temporary.ts';
import { merge, renderShard, renderShards } from './stand-in-shards.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder('merge');
});

const atlasOf = (store: string) => JSON.parse(readFileSync(`${store}/atlas.json`, 'utf8')) as Atlas;
const whole = () => renderShard(`${folder}/whole`, { index: 0, of: 0 });

describe('an atlas in shards', () => {
  it.each([1, 2, 3, 7])('of %i is the atlas of one run, every byte but the time in atlas.json', async (of) => {
    await whole();
    const stores = await renderShards(folder, of);
    expect(await merge(stores, `${folder}/merged`)).toMatchObject({
      copied: SMALL_PLAN_PICTURES,
      reused: 0,
      missing: 0,
      failed: [],
      damaged: [],
    });
    expect(storeHashes(`${folder}/merged`)).toEqual(storeHashes(`${folder}/whole`));
    expect({ ...atlasOf(`${folder}/merged`), created: '' }).toEqual({ ...atlasOf(`${folder}/whole`), created: '' });
    expect((await verifyStore(`${folder}/merged`)).findings).toEqual([]);
    const before = await readFile(`${folder}/merged/atlas.json`, 'utf8');
    expect(await renderShard(`${folder}/merged`, { index: 0, of: 0 })).toMatchObject({ rendered: 0, reused: SMALL_PLAN_PICTURES });
    expect(await readFile(`${folder}/merged/atlas.json`, 'utf8')).toBe(before);
  });
});
