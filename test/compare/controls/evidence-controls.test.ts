/** The controls that need nothing but evidence: each passes where all is well and fails where it is not. */
import { expect, it } from 'vitest';
import { explanationAsQuery } from '../../../generator/compare/controls/explanation-as-query.ts';
import { hashObserver, hashRows, natural } from '../../../generator/compare/controls/hash-observer.ts';
import { secondObserver } from '../../../generator/compare/controls/second-observer.ts';
import { shuffledLabels } from '../../../generator/compare/controls/shuffled-labels.ts';
import type { Study, StudyDirection, StudyLayer } from '../../../generator/compare/controls/study.ts';
import { chooseBands, drawOrder } from '../../../generator/measure/bands.ts';
import { normalise } from '../../../generator/measure/observers/image-observer.ts';
import type { Rows } from '../../../generator/measure/rows.ts';
import { RandomStream } from '../../../generator/render/random.ts';

const IMAGES = 300;

/** Directions that are random projections of what the observer sees, so that it can tell; every image has three numbers. */
function layerOf(
  slug: string,
  see: (stream: RandomStream) => number[] = (stream) => [stream.normal(), stream.normal(), stream.normal()],
): StudyLayer {
  const rows = new Float32Array(IMAGES * 3);
  for (let i = 0; i < IMAGES; i++) rows.set(normalise(Float32Array.from(see(new RandomStream('image', i)))), 3 * i);
  const order = drawOrder(IMAGES, 'seed');
  const directions = Array.from({ length: 60 }, (_, d): StudyDirection => {
    const stream = new RandomStream('direction', d);
    const weights = [stream.normal(), stream.normal(), stream.normal()];
    const scores = Float64Array.from({ length: IMAGES }, (_, i) =>
      weights.reduce((sum, w, k) => sum + w * rows[3 * i + k], stream.normal() / 4),
    );
    const { top, middle } = chooseBands(scores, order);
    return { arm: d % 2 === 0 ? 'basis' : 'random', m1: stream.uniform() ** 2, top, middle };
  });
  return {
    layer: { slug } as StudyLayer['layer'],
    means: new Float32Array(0),
    embeddings: { rows, dimension: 3 },
    images: { n: IMAGES, size: 32, sha256: 'ab'.repeat(32) },
    directions,
  };
}

const studyOf = (...layers: StudyLayer[]) => ({ layers, stages: { begin: () => undefined, done: () => undefined } }) as unknown as Study;

it('C0: shuffled labels show no difference, and a test of level .05 says so 181 to 197 times of 200', async () => {
  const { pass, values } = await shuffledLabels.run(studyOf(layerOf('one')));
  expect(values.layers).toMatchObject([{ layer: 'one', basis: 30, random: 30 }]);
  const [{ mean_delta, significant }] = values.layers as { mean_delta: number; significant: number }[];
  expect(pass).toBe(Math.abs(mean_delta) <= 0.02 && significant >= 3 && significant <= 19);
  expect(pass).toBe(true);
});

it('C0 fails where p is never below .05: values that are all equal have no test', async () => {
  const { directions, ...rest } = layerOf('one');
  const { pass, values } = await shuffledLabels.run(studyOf({ ...rest, directions: directions.map((one) => ({ ...one, m1: 0.5 })) }));
  expect(pass).toBe(false);
  expect(values.layers).toMatchObject([{ mean_delta: 0, significant: 0 }]);
});

it('C4: an observer that is shown the query takes it; one that is blind is at chance, and fails', async () => {
  const seeing = await explanationAsQuery.run(studyOf(layerOf('one')));
  expect(seeing.pass).toBe(true);
  expect(seeing.values.layers).toMatchObject([{ basis: { n: 30, one_image: 1 }, random: { n: 30, one_image: 1 } }]);
  const blind = await explanationAsQuery.run(studyOf(layerOf('one', () => [1, 0, 0])));
  expect(blind.pass).toBe(false);
  expect(blind.values.layers).toMatchObject([{ basis: { one_image: 0.5, half_of_the_top: 0.5 } }]);
});

it('C5: what a hash sees tells nothing, where what the observer sees tells a good deal', async () => {
  const layer = layerOf('one');
  expect(natural(layer, 'basis', layer.embeddings).every((m1) => m1 > 0.8)).toBe(true);
  const { pass, values } = await hashObserver.run(studyOf(layer));
  const [{ basis, random }] = values.layers as { basis: number; random: number }[];
  for (const mean of [basis, random]) expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
  expect(pass).toBe(true);
});

it('C5: the hash is of the image: the same for it always, another for another image, set or observer', () => {
  const row = ({ rows, dimension }: Rows, image: number) => [...rows.subarray(image * dimension, (image + 1) * dimension)];
  const once = hashRows('ab', 3, 0);
  expect(hashRows('ab', 2, 0).rows).toEqual(once.rows.subarray(0, 64));
  for (const other of [row(once, 1), row(hashRows('ac', 1, 0), 0), row(hashRows('ab', 1, 1), 0)]) expect(other).not.toEqual(row(once, 0));
});

it('C6: agrees, is inconclusive, or has no second observer', async () => {
  const rows = (first: number, second: number) => [
    { metric: 'natural-2afc', role: 'headline', observer: 'a', armA: 'basis', armB: 'random', cliff: first },
    { metric: 'natural-2afc', role: 'secondary', observer: 'b', armA: 'basis', armB: 'random', cliff: second },
  ];
  const run = (observers: string[], ...layers: [number, number][]) => {
    const comparison = {
      observers: observers.map((id) => ({ id })),
      layers: layers.map(([first, second], i) => ({ id: `layer-${i}`, results: rows(first, second) })),
    };
    return secondObserver.run({ comparison } as unknown as Study);
  };
  expect(await run(['a', 'b'], [0.2, 0.4], [-0.1, -0.3])).toMatchObject({ pass: true });
  expect(await run(['a', 'b'], [0.2, 0.4], [-0.1, 0.3])).toMatchObject({ pass: null, values: { inconclusive: ['layer-1'] } });
  expect((await run(['a'], [0.2, 0.4])).values.reason).toContain('The comparison has one observer');
});
