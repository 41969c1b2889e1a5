/** Observers of many pictures: the hand-built one on threads, and another network. */
import { afterAll, describe, expect, it } from 'vitest';
import { labGabor, similarity } from '../../generator/measure/observer.ts';
import { openLabGabor } from '../../generator/measure/observers/lab-gabor.ts';
import { openModelObserver, spreadLayers } from '../../generator/measure/observers/model-observer.ts';
import { type Picture, writePlanar } from '../../generator/measure/picture.ts';
import { resample } from '../../generator/measure/resample.ts';
import { PRESET_SETTINGS } from '../../generator/render/presets.ts';
import { openProbe } from '../../generator/render/probe.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import { TINY_SIZE, tinyModel } from '../render/tiny-model.ts';
import { deadLeaves } from './dead-leaves.ts';

const runtime = openOnnxRuntime({ threads: 1 });
const pictures = (count: number, size: number) => Array.from({ length: count }, (_, i) => deadLeaves(i, size));
const study = { id: 'studied', weightsSha256: 'f'.repeat(64) };

async function* oneByOne(given: readonly Picture[]): AsyncGenerator<Picture> {
  for (const picture of given) yield picture;
}

describe('the hand-built observer on threads', async () => {
  const observer = await openLabGabor({ threads: 2 });
  afterAll(() => observer.dispose());

  it('sees what it sees of one picture, in order, from lists and streams, and tells its progress', async () => {
    // A full batch for one thread and a short one for the other, which is done first.
    const given = pictures(20, 64);
    const seen: number[] = [];
    const rows = await observer.embed(oneByOne(given), 20, { onProgress: (done) => seen.push(done) });
    expect(observer).toMatchObject({ id: 'lab-gabor-1', dimension: 291 });
    expect(rows).toHaveLength(20 * 291);
    for (const [i, picture] of given.entries()) expect(rows.subarray(i * 291, (i + 1) * 291)).toEqual(labGabor.describe(picture));
    expect(seen.at(-1)).toBe(20);
    expect(await observer.embed(given, 20)).toEqual(rows);
  });

  it('refuses fewer pictures than were said, and more', async () => {
    await expect(observer.embed(pictures(3, 32), 4)).rejects.toThrow(/lab-gabor-1: expected 4 pictures .*, received 3/);
    await expect(observer.embed(oneByOne(pictures(5, 32)), 4)).rejects.toThrow(/received "more"/);
  });

  it('stops when told to, closes its source, and can be used again', async () => {
    const controller = new AbortController();
    let closed = false;
    async function* endless(): AsyncGenerator<Picture> {
      try {
        for (;;) yield deadLeaves(0, 32);
      } finally {
        closed = true;
      }
    }
    const stopped = observer.embed(endless(), 100_000, {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(stopped).rejects.toThrow('enough');
    expect(closed).toBe(true);
    expect(await observer.embed(pictures(1, 32), 1)).toEqual(labGabor.describe(deadLeaves(0, 32)));
  });
});

describe('another network as the observer', () => {
  const open = (options = {}) => openModelObserver({ model: tinyModel(), runtime, study, ...options });

  it('describes a picture by the means of three layers, each of unit length, joined', async () => {
    const observer = await open({ layers: ['first-relu', 'second', 'third-relu'], batch: 3 });
    const given = pictures(7, TINY_SIZE);
    const rows = await observer.embed(given, 7);
    await observer.dispose();
    expect(observer).toMatchObject({ id: 'tiny:first-relu+second+third-relu@16', dimension: 6 + 6 + 5 });
    const blocks = await Promise.all(
      ['first-relu', 'second', 'third-relu'].map(async (layer) => {
        const settings = { ...PRESET_SETTINGS.atlas, size: TINY_SIZE };
        const probe = await openProbe({ model: tinyModel(), runtime, layer, settings, batch: 1 });
        const planar = new Float32Array(3 * TINY_SIZE ** 2);
        const features = [];
        for (const picture of given) {
          writePlanar(picture, planar);
          features.push(await probe.pooled(planar, 1));
        }
        await probe.dispose();
        return features;
      }),
    );
    for (let i = 0; i < 7; i++) {
      const expected = blocks.flatMap((features) => [...features[i]].map((value) => value / Math.hypot(...features[i]) / Math.sqrt(3)));
      for (const [k, value] of expected.entries()) expect(rows[i * 17 + k]).toBeCloseTo(value, 5);
      expect(similarity(rows.subarray(i * 17, (i + 1) * 17), rows.subarray(i * 17, (i + 1) * 17))).toBeCloseTo(1, 5);
    }
    expect(new Set(rows.filter((_, k) => k % 17 === 4)).size).toBe(7);
  });

  it('looks at pictures of any size as at one of its own', async () => {
    const observer = await open({ batch: 2 });
    const [large] = pictures(1, 64);
    const rows = await observer.embed([large, resample(large, TINY_SIZE)], 2);
    await observer.dispose();
    expect(rows.subarray(0, observer.dimension)).toEqual(rows.subarray(observer.dimension));
  });

  it('takes layers from a third, two thirds and the end of the depth where none are named', async () => {
    const layers = tinyModel().layers();
    expect(spreadLayers(layers).map(({ slug }) => slug)).toEqual(['first-relu', 'second-clip', 'third-relu']);
    const many = Array.from({ length: 9 }, (_, i) => ({ ...layers[0], tap: 'after' as const, slug: `layer-${i + 1}` }));
    expect(spreadLayers(many).map(({ slug }) => slug)).toEqual(['layer-3', 'layer-6', 'layer-9']);
    expect(spreadLayers([{ ...layers[0], slug: 'logits', shape: [10, 1, 1] }]).map(({ slug }) => slug)).toEqual(['logits']);
  });

  it('refuses to judge a network by its own features', async () => {
    await expect(open({ study: tinyModel() })).rejects.toThrow(
      /the observer: expected a network with other weights for the observer of tiny, received "tiny, which has the same"\nA network that judges/,
    );
  });

  it('refuses a layer it does not have, and stops when told to', async () => {
    await expect(open({ layers: ['fourth'] })).rejects.toThrow(/received "fourth"/);
    const observer = await open();
    await expect(observer.embed(pictures(4, TINY_SIZE), 4, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    await observer.dispose();
  });
});
