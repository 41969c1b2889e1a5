/** Nothing that a score needs is lost on the way through the manifest. */
import { expect, test } from 'vitest';
import { countConcepts } from '../../../generator/measure/dissection/count-concepts.ts';
import {
  countsOfRecords,
  type ImagesRecord,
  imagesOfRecord,
  recordDirection,
  recordImages,
} from '../../../generator/measure/dissection/records.ts';
import { DETECTOR_IOU, scoreDissection } from '../../../generator/measure/dissection/score.ts';
import { openOnnxRuntime } from '../../../generator/runtime/onnxruntime.ts';
import { draws } from '../../render/tiny-model.ts';
import { PLANTED, pixels, plantedImages } from './planted-images.ts';

const runtime = openOnnxRuntime({ threads: 1 });

test('the manifest’s records give every score and threshold again', async () => {
  const images = plantedImages(40, 24);
  const directions = draws('record-directions', 50 * 3);
  const [counts] = await countConcepts({
    model: pixels(),
    layers: [{ layer: 'layer', directions, levels: new Float64Array(50).fill(0.3) }],
    images,
    runtime,
  });
  const records = Array.from({ length: 50 }, (_, d) => recordDirection(counts, d));
  const written = JSON.parse(JSON.stringify({ records, images: recordImages(counts) })) as {
    records: typeof records;
    images: ImagesRecord;
  };
  const { directions: _, intersection: __, active: ___, above: ____, positions: _____, ...imageCounts } = counts;
  expect(imagesOfRecord(written.images)).toEqual(imageCounts);
  const scores = scoreDissection(counts);
  expect(scoreDissection(countsOfRecords(imagesOfRecord(written.images), written.records))).toEqual(scores);
  expect(scores.directions.filter(({ iou: score }) => score > DETECTOR_IOU).length).toBeGreaterThan(10);
  const best = records.find((list) => list.length > 0)?.[0];
  const concept = PLANTED.findIndex(({ id }) => id === best?.concept);
  expect(best).toEqual({
    concept: PLANTED[concept].id,
    fold: 'even',
    intersection: expect.any(Number),
    active: expect.any(Number),
    present: counts.present[concept],
  });
});
