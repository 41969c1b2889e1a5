/** The measures that ask what other directions like, or what renders show: M1b, M2, M5. */
import { describe, expect, it } from 'vitest';
import { chooseBands, drawOrder } from '../../generator/measure/bands.ts';
import { imageScores } from '../../generator/measure/image-scores.ts';
import { otherTopsTwoAfc } from '../../generator/measure/other-tops-2afc.ts';
import { renderTop } from '../../generator/measure/render-top.ts';
import { syntheticTwoAfc } from '../../generator/measure/synthetic-2afc.ts';
import { countTops, type TopItem } from '../../generator/measure/top-counts.ts';
import { directions, landscape, likeness, normals, pairwise, rotate, rotation, unitRows } from './landscape.ts';

const N = 400;
const order = drawOrder(N, 'set');

/** Directions as the scorer sees them: two groups, unequal, and their scores. */
function scored(means: Float32Array, vectors: Float32Array, channels: number) {
  return Array.from({ length: vectors.length / channels }, (_, d) => {
    const scores = imageScores(means, vectors.subarray(d * channels, (d + 1) * channels));
    return { ...chooseBands(scores, order), scores, group: d % 3 === 0 ? 4 : 7 };
  });
}

/** An observer's view of every image, unit rows. */
const view = (row: (image: number) => number[]) => {
  const dimension = row(0).length;
  return { rows: unitRows(Float32Array.from(Array.from({ length: N }, (_, i) => row(i)).flat()), dimension), dimension };
};

/** The mean over groups of the AUROC of a direction's own values against all those of the group's other directions, one by one. */
function direct(
  items: readonly TopItem[],
  d: number,
  positives: number[],
  e: (image: number) => number,
  allow: (image: number) => boolean,
) {
  const areas = [...new Set(items.map(({ group }) => group))].flatMap((group) => {
    const others = items.filter((item, k) => k !== d && item.group === group && !item.constant);
    const negatives = others.flatMap(({ top }) => [...top].filter(allow)).map(e);
    return negatives.length > 0 ? [pairwise(positives.map(e), negatives)] : [];
  });
  return areas.reduce((sum, area) => sum + area, 0) / areas.length;
}

describe('M1b, M1 against other directions’ top images', () => {
  const { channels, means, embeddings } = landscape({ n: N, channels: 5 });
  const vectors = directions(14, channels);

  it('is what the formula says, direction by direction and image by image, a constant direction taking no part', () => {
    const items = scored(means, vectors, channels);
    items[5] = { ...items[5], constant: true };
    const counts = countTops(items, N);
    for (const [d, item] of items.entries()) {
      const { scores } = item;
      const rank = new Map([...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b).map((image, place) => [image, place]));
      const half = (parity: number) => [...item.top].filter((_, k) => k % 2 === parity);
      const areas = [0, 1].map((shown) =>
        direct(
          items,
          d,
          half(1 - shown),
          likeness(embeddings.rows, embeddings.dimension, half(shown)),
          (i) => (rank.get(i) ?? 0) >= 0.4 * N,
        ),
      );
      const value = otherTopsTwoAfc(item, scores, counts, embeddings);
      if (d === 5) expect(value).toBe(0.5);
      else expect(value).toBeCloseTo((areas[0] + areas[1]) / 2, 10);
    }
  });

  it('is 1 where the top looks alike and unlike other tops, 0 where its halves look more like them than like each other', () => {
    // Two directions: the first 40 images and the last 40.
    const up = Float64Array.from({ length: N }, (_, i) => N - i);
    const items = [up, up.toReversed()].map((scores, group) => ({ ...chooseBands(scores, order), scores, group }));
    const counts = countTops(items, N);
    const alike = view((i) => (i < 40 ? [1, 0] : [0, 1]));
    expect(otherTopsTwoAfc(items[0], up, counts, alike)).toBe(1);
    const apart = view((i) => (i >= 40 ? [1, 1] : i % 2 === 0 ? [1, 0] : [0, 1]));
    expect(otherTopsTwoAfc(items[0], up, counts, apart)).toBe(0);
    expect(
      otherTopsTwoAfc(
        items[0],
        up,
        counts,
        view(() => [1, 0]),
      ),
    ).toBe(0.5);
  });

  it('does not credit what all tops share: striking against bland is a half', () => {
    const items = scored(means, vectors, channels);
    const striking = new Set(items.flatMap(({ top }) => [...top]));
    const embedding = view((i) => (striking.has(i) ? [1, 0] : [0, 1]));
    const counts = countTops(items, N);
    for (const item of items) expect(otherTopsTwoAfc(item, item.scores, counts, embedding)).toBe(0.5);
  });

  it('gives each group half, however many directions it has', () => {
    const scores = Float64Array.from({ length: N }, (_, i) => N - i);
    const shifted = (by: number) => Float64Array.from({ length: N }, (_, i) => scores[(i + by) % N]);
    const item = (values: Float64Array, group: number) => ({ ...chooseBands(values, order), scores: values, group });
    const [own, near, far] = [item(scores, 0), item(shifted(200), 0), item(shifted(100), 1)];
    // Those of its own group look like it, those of the other do not.
    const look = view((i) => (i < 40 || near.top.includes(i) ? [1, 0] : [0, 1]));
    expect(otherTopsTwoAfc(own, own.scores, countTops([own, near, far], N), look)).toBe(0.75);
    expect(otherTopsTwoAfc(own, own.scores, countTops([own, near, far, far, far], N), look)).toBe(0.75);
  });

  it('is null where no other direction has a top image below the 60th percentile', () => {
    const [item] = scored(means, vectors, channels);
    expect(otherTopsTwoAfc(item, item.scores, countTops([item], N), embeddings)).toBeNull();
    expect(otherTopsTwoAfc(item, item.scores, countTops([item, item], N), embeddings)).toBeNull();
  });

  it('is a half on average for an observer that sees nothing', () => {
    const blind = landscape({ n: N, channels: 8, dimension: 30, seen: 0 });
    const items = scored(blind.means, directions(120, 8), 8);
    const counts = countTops(items, N);
    const mean = items.reduce((sum, item) => sum + (otherTopsTwoAfc(item, item.scores, counts, blind.embeddings) ?? Number.NaN) / 120, 0);
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.025);
  });
});

describe('M2, the task with renders as the explanation', () => {
  const bands = chooseBands(
    Float64Array.from({ length: N }, (_, i) => N - i),
    order,
  );
  const look = view((i) => (i < 40 ? [1, 0] : [0, 1]));

  it('is 1, 0 and a half where renders look like the top, like the middle, and like neither', () => {
    expect(syntheticTwoAfc(bands, look, [Float32Array.of(1, 0)])).toBe(1);
    expect(syntheticTwoAfc(bands, look, [Float32Array.of(0, 1)])).toBe(0);
    expect(syntheticTwoAfc(bands, look, [Float32Array.of(1, 0), Float32Array.of(0, 1)])).toBe(0.5);
  });

  it('is null without a render, a half for a constant direction', () => {
    expect(syntheticTwoAfc(bands, look, [])).toBeNull();
    expect(syntheticTwoAfc({ ...bands, constant: true }, look, [Float32Array.of(1, 0)])).toBe(0.5);
  });

  it('is what the formula says, written out, and a half on average for renders that have nothing of the direction', () => {
    const { channels, means, embeddings } = landscape({ n: N, channels: 5, seen: 0.3 });
    const { rows, dimension } = embeddings;
    const items = scored(means, directions(200, channels), channels);
    let mean = 0;
    for (const [d, item] of items.entries()) {
      const renders = [0, 1].map((seed) => unitRows(normals(`render ${d} ${seed}`, dimension), dimension));
      const all = Float32Array.from([...rows, ...renders[0], ...renders[1]]);
      const e = likeness(all, dimension, [N, N + 1]);
      const value = syntheticTwoAfc(item, embeddings, renders);
      expect(value).toBeCloseTo(pairwise([...item.top].map(e), [...item.middle].map(e)), 10);
      mean += (value ?? Number.NaN) / items.length;
    }
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.05);
  });
});

describe('M5, renders against tops', () => {
  it('is 1, 0 and a half where renders look like their own top, like others’ and like both', () => {
    const up = Float64Array.from({ length: N }, (_, i) => N - i);
    const items = [up, up.toReversed()].map((scores, group) => ({ ...chooseBands(scores, order), group }));
    const counts = countTops(items, N);
    const look = view((i) => (i < 40 ? [1, 0] : [0, 1]));
    expect(renderTop(items[0], [Float32Array.of(1, 0)], counts, look)).toBe(1);
    expect(renderTop(items[0], [Float32Array.of(0, 1)], counts, look)).toBe(0);
    expect(renderTop(items[0], [Float32Array.of(0.6, 0.6)], counts, look)).toBe(0.5);
    expect(renderTop(items[0], [], counts, look)).toBeNull();
    expect(renderTop(items[0], [Float32Array.of(1, 0)], countTops([items[0]], N), look)).toBeNull();
    expect(renderTop({ ...items[0], constant: true }, [Float32Array.of(1, 0)], counts, look)).toBe(0.5);
  });

  it('is what the formula says, direction by direction, images that both like counting as ties', () => {
    const { channels, means, embeddings } = landscape({ n: N, channels: 4 });
    const items = scored(means, directions(12, channels), channels);
    const counts = countTops(items, N);
    const shared = new Set<number>();
    for (const [d, item] of items.entries()) {
      const render = unitRows(normals(`render ${d}`, embeddings.dimension), embeddings.dimension);
      const e = likeness(Float32Array.from([...embeddings.rows, ...render]), embeddings.dimension, [N]);
      expect(renderTop(item, [render], counts, embeddings)).toBeCloseTo(
        direct(items, d, [...item.top], e, () => true),
        10,
      );
      for (const image of item.top) if (items.some((other) => other !== item && other.top.includes(image))) shared.add(image);
    }
    expect(shared.size).toBeGreaterThan(10);
  });
});

it('M1b, M2 and M5 are the same when activations and directions are rotated together', () => {
  const { channels, means, embeddings } = landscape({ n: N, channels: 8 });
  const q = rotation(channels);
  const vectors = directions(20, channels);
  const [before, after] = [scored(means, vectors, channels), scored(rotate(means, q), rotate(vectors, q), channels)].map((items) => {
    const counts = countTops(items, N);
    return items.flatMap((item, d) => {
      const renders = [unitRows(normals(`render ${d}`, embeddings.dimension), embeddings.dimension)];
      return [
        otherTopsTwoAfc(item, item.scores, counts, embeddings),
        syntheticTwoAfc(item, embeddings, renders),
        renderTop(item, renders, counts, embeddings),
      ];
    });
  });
  for (const [k, value] of before.entries()) expect(after[k]).toBeCloseTo(value ?? Number.NaN, 6);
  expect(new Set(before).size).toBeGreaterThan(50);
});
