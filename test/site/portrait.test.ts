/** What a unit's page says of its portrait. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { AtlasStore } from '../../site/store/load-atlases.ts';
import { readAtlases } from '../../site/store/load-atlases.ts';
import { fieldOf, kernelPaths, nearUnits, placeTitle, throughText, valueTitle } from '../../site/view/portrait.ts';
import { findUnit } from '../../site/view/unit.ts';
import { temporaryFolder } from '../temporary.ts';
import { makeStore } from './make-store.ts';

let store: AtlasStore;
beforeAll(async () => {
  const data = temporaryFolder('portrait');
  await makeStore(data);
  const [only] = await readAtlases(data);
  if (!only) throw new Error('no atlas was read');
  store = only;
});

describe('a unit’s portrait', () => {
  it('is read with its layer, by the unit’s id', () => {
    const layer = store.layers[1];
    expect([...(layer?.portraits.keys() ?? [])].toSorted()).toEqual(layer?.units.map(({ id }) => id).toSorted());
    expect(layer?.portraits.get('channel-2')?.top).toHaveLength(3);
  });

  it('names units that the atlas has, with their layer where it is another; what has gone is left out', () => {
    const [first, second] = store.layers;
    if (!first || !second) throw new Error('two layers were expected');
    const near = nearUnits(store, [
      { layer: second.slug, id: 'channel-3', similarity: 0.9 },
      { layer: second.slug, id: 'channel-300', similarity: 0.8 },
      { layer: first.slug, id: 'random-1', similarity: 0.7 },
    ]);
    expect(near.map((place) => placeTitle(place, second))).toEqual(['channel 3', 'random direction 1 of expanded_conv/depthwise']);
    expect(findUnit(store, 'nowhere', 'channel-3')).toBeUndefined();
  });

  it('has its field in percent, and cuts it out where it is much less than the picture', () => {
    const example = { image: 'a'.repeat(64), number: 3, score: 2 };
    expect(fieldOf({ ...example, box: [0.1, 1 / 3, 0.25, 0.2] })).toEqual({ x: 10, y: 33.3, width: 25, height: 20, worthCutting: true });
    expect(fieldOf({ ...example, box: [0, 0, 1, 1] }).worthCutting).toBe(false);
  });

  it('says what lies between a unit and what it reads', () => {
    expect(throughText([])).toBe('');
    expect(throughText(['Conv'])).toBe('Conv');
    expect(throughText(['Conv', 'Add', 'Conv', 'Pad'])).toBe('2 × Conv, Add and Pad');
    const connection = { through: [], size: [1, 1] as [number, number], channels: [] };
    expect(valueTitle(store, { ...connection, value: 'x/y', layer: 'expanded-conv-3-expand' })).toBe('expanded_conv_3/expand');
    expect(valueTitle(store, { ...connection, value: '/layer1/conv1/Conv_output_0' })).toBe('/layer1/conv1/Conv');
  });

  it('draws a kernel’s cells by sign and strength, row by row, a path for all that are alike, and no zeros', () => {
    expect(kernelPaths([0, 2, -1, 0.02, 0, 1.9], 3)).toEqual([
      { negative: false, strength: 1, path: 'M1.1 0.1h.8v.8h-.8zM2.1 1.1h.8v.8h-.8z' },
      { negative: true, strength: 0.6, path: 'M2.1 0.1h.8v.8h-.8z' },
    ]);
    expect(kernelPaths([0, 0], 2)).toEqual([]);
  });
});
