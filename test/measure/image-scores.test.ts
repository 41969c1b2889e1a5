import { describe, expect, it } from 'vitest';
import { chooseBands, drawOrder } from '../../generator/measure/bands.ts';
import { imageScores } from '../../generator/measure/image-scores.ts';
import { openImageScorer, scoreDirections } from '../../generator/measure/image-scores-engine.ts';
import { BandSelector } from '../../generator/measure/image-scores-selector.ts';
import { naturalTwoAfc } from '../../generator/measure/natural-2afc.ts';
import { directions, landscape, normals } from './landscape.ts';

/** The axes, then random directions. */
function manyDirections(count: number, channels: number): Float32Array {
  const vectors = directions(count, channels);
  for (let c = 0; c < channels; c++) for (let k = 0; k < channels; k++) vectors[c * channels + k] = c === k ? 1 : 0;
  return vectors;
}

describe('the engine for many directions', () => {
  it('finds what sorting finds, to the last bit, with ties, dead channels, far means and copies of images among them', async () => {
    const { n, channels, means, embeddings } = landscape({ n: 700, channels: 10, dimension: 13 });
    for (let i = 0; i < n; i++) {
      const row = means.subarray(i * channels, (i + 1) * channels);
      row[0] = Math.max(0, row[0]); // half of the images tie
      row[1] = Math.max(0, row[1] - 2); // nearly all tie
      row[2] = 3; // constant
      row[3] = Math.round(row[3]); // in steps
      row[4] += 1e4; // its deviation is near float32's steps
      row[5] = 1e-9 * row[5] + 1; // within 1e-8: constant but for rounding
      row[6] = row[6] ** 9; // heavy tails
      row[8] = row[7] + 1e-6 * row[8]; // a twin: their difference is lost in float32
      if (i % 7 === 0 && i > 0) row.set(means.subarray((i - 1) * channels, i * channels));
    }
    const count = 150;
    const vectors = manyDirections(count, channels);
    vectors.subarray(channels * channels, channels * (channels + 1)).set([0, 0, 0, 0, 0, 0, 0, 0.6, -0.6, 0]);
    const { m1, constant, top, middle, t } = await scoreDirections({ means, channels, embeddings, seed: 'set', vectors, threads: 2 });
    const order = drawOrder(n, 'set');
    for (let d = 0; d < count; d++) {
      const bands = chooseBands(imageScores(means, vectors.subarray(d * channels, (d + 1) * channels)), order);
      expect(top.subarray(d * t, (d + 1) * t), `top of ${d}`).toEqual(bands.top);
      expect(middle.subarray(d * t, (d + 1) * t), `middle of ${d}`).toEqual(bands.middle);
      expect(constant[d], `constant ${d}`).toBe(bands.constant ? 1 : 0);
      expect(m1[d]).toBe(naturalTwoAfc(bands, embeddings));
    }
    expect([...constant.subarray(0, channels)]).toEqual([0, 0, 1, 0, 0, 1, 0, 0, 0, 0]);
    expect(m1[2]).toBe(0.5);
    expect(new Set(m1).size).toBeGreaterThan(50);
  });

  it('gives the same bytes on one thread, two and three, one direction at a time and in any company', async () => {
    const { channels, ...request } = { ...landscape({ n: 500, channels: 203 }), seed: 'set' };
    const vectors = directions(137, channels);
    const on = (threads: number) => scoreDirections({ ...request, channels, vectors, threads });
    const one = await on(1);
    expect(await on(2)).toEqual(one);
    expect(await on(3)).toEqual(one);
    const scorer = await openImageScorer({ ...request, channels, threads: 1 });
    const order = drawOrder(request.n, 'set');
    for (const d of [0, 63, 64, 136]) {
      const bands = chooseBands(imageScores(request.means, vectors.subarray(d * channels, (d + 1) * channels)), order);
      expect(one.m1[d]).toBe(naturalTwoAfc(bands, request.embeddings));
      const alone = await scorer.score(vectors.subarray(d * channels, (d + 1) * channels));
      expect(alone.m1[0]).toBe(one.m1[d]);
      expect(alone.middle).toEqual(one.middle.subarray(d * one.t, (d + 1) * one.t));
    }
    await scorer.dispose();
  });

  it('tells its progress, stops when told to, and scores again afterwards', async () => {
    const request = { ...landscape({ n: 300, channels: 5 }), seed: 'set', threads: 2 };
    const scorer = await openImageScorer(request);
    const vectors = directions(1000, 5);
    const seen: number[] = [];
    const all = await scorer.score(vectors, { onProgress: (done) => seen.push(done) });
    expect(seen.at(-1)).toBe(1000);
    expect(seen.toSorted((a, b) => a - b)).toEqual(seen);
    const controller = new AbortController();
    const stopped = scorer.score(vectors, { signal: controller.signal, onProgress: () => controller.abort(new Error('enough')) });
    await expect(stopped).rejects.toThrow('enough');
    expect(await scorer.score(vectors)).toEqual(all);
    await scorer.dispose();
  });

  it('refuses numbers that are not finite, directions of another layer, and an observer of other images', async () => {
    const { means, embeddings } = landscape({ n: 300, channels: 5 });
    const request = { means, channels: 5, embeddings, seed: 'set', vectors: directions(2, 5), threads: 1 };
    await expect(scoreDirections({ ...request, means: means.with(7, Number.NaN) })).rejects.toThrow(/the mean activations, received "NaN"/);
    await expect(scoreDirections({ ...request, vectors: request.vectors.with(3, Infinity) })).rejects.toThrow(
      /directions, received "Infinity"/,
    );
    const fewer = { ...embeddings, rows: embeddings.rows.subarray(embeddings.dimension) };
    await expect(scoreDirections({ ...request, embeddings: fewer })).rejects.toThrow(
      /expected 300 images for what the observer sees, received 299/,
    );
    await expect(scoreDirections({ ...request, vectors: directions(2, 6) })).rejects.toThrow(
      /whole rows of 5 values for the directions, received "12 values"/,
    );
  });
});

describe('the selection from approximate scores', () => {
  it('does not depend on how they are wrong, within the error that is given', () => {
    const { n, channels, means } = landscape({ n: 900, channels: 8 });
    const order = drawOrder(n, 'set');
    const selector = new BandSelector({ rows: means, dimension: channels }, order);
    let moved = 0;
    for (const [trial, error] of [1e-6, 1e-3, 0.05, 0.5, 20].entries()) {
      const vector = directions(1, channels, `vector ${trial}`);
      const exact = imageScores(means, vector);
      const noise = normals(`noise ${trial}`, n);
      const approximate = Float32Array.from(exact, (score, i) => score + 17 + error * Math.max(-0.9, Math.min(0.9, noise[i])));
      // Behind another direction's scores, as in a block.
      const block = new Float32Array(2 * n).fill(99);
      block.set(approximate, n);
      expect(selector.select(block, n, error, Float64Array.from(vector))).toBe(false);
      const bands = chooseBands(exact, order);
      expect(selector.top).toEqual(bands.top);
      expect(selector.middle).toEqual(bands.middle);
      moved += chooseBands(Float64Array.from(approximate), order).top.some((image, k) => image !== bands.top[k]) ? 1 : 0;
    }
    expect(moved).toBeGreaterThan(2);
  });
});
