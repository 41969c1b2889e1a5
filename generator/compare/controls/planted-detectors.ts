/** C3: a network whose channels are detectors must be found to have them, and its rotated copy must not. */
import { countConcepts } from '../../measure/dissection/count-concepts.ts';
import { DETECTOR_IOU, scoreDissection } from '../../measure/dissection/score.ts';
import type { DirectionScores } from '../../measure/image-scores-engine.ts';
import type { ImageSet } from '../../measure/images/image-set.ts';
import { normalise } from '../../measure/observers/image-observer.ts';
import { quantiles } from '../../measure/passes/quantiles.ts';
import type { Rows } from '../../measure/rows.ts';
import { againstFrames, NULL_P, report } from './against-frames.ts';
import { BANK, PLANTED } from './planted-bank.ts';
import type { Planting } from './planting.ts';
import { average, type ControlDefinition, rounded, rowsOf, type Study, scoreVectors } from './study.ts';

const LEAST_DELTA = 0.6;
const LEAST_LABELS = 0.8;

export const plantedDetectors: ControlDefinition = {
  id: 'C3',
  title: 'A planted bank: 48 detectors of gratings and 16 of colours',
  passes_if: `δ of the bank's channels against Haar frames, by M1, is at least ${LEAST_DELTA}; Network Dissection gives at least ${LEAST_LABELS * 100}% of the 64 channels their right concept, with an IoU above ${DETECTOR_IOU}; and the channels of the rotated copy are not told from frames (frame test, p ≥ ${NULL_P}).`,
  run: async (study) => {
    const planting = await study.planting();
    const { images, bank, scored, stands } = planting;
    const { before: own, basis: copied } = stands;
    study.stages.begin('C3: the planted bank by an observer that sees concepts', 1);
    const axes = rowsOf(undefined, PLANTED.length);
    const concepts = await conceptAreas(images);
    const m1 = await scoreVectors(scored, axes, study);
    const [perfect] = await againstFrames({ ...scored, embeddings: concepts }, [axes], [bank.weightsSha256, BANK], study);
    const held = holdConcepts(images, concepts, m1);
    study.stages.done(1);
    const labels = await labelChannels(study, planting);
    return {
      pass: own.delta >= LEAST_DELTA && labels.right >= LEAST_LABELS && copied.p >= NULL_P,
      values: {
        images: images.n,
        size: images.size,
        bank: report(own),
        gratings_mean: rounded(average(own.values.slice(0, 48))),
        colours_mean: rounded(average(own.values.slice(48))),
        rotated_copy: report(copied),
        labels_right: labels.right,
        labels_wrong: labels.wrong,
        tops_with_the_concept: held,
        an_observer_that_sees_the_concepts: report(perfect),
        about:
          'Labels and top images say whether the bank is what it was made to be and the images show it. The last figures are M1 by an observer that is given the area of every concept in an image, from its masks: the best that any eyes could do. Where it too tells the frames’ top images well, M1 has little left for the bank to win by: a mixture of detectors has top images with a look in common.',
      },
    };
  },
};

/** How many channels Network Dissection gives their concept; which not, and what instead. */
export async function labelChannels(study: Study, { images, bank, read }: Pick<Planting, 'images' | 'bank' | 'read'>) {
  const { runtime, stages, signal } = study;
  const directions = rowsOf(undefined, PLANTED.length);
  const levels = await quantiles({ runtime, activations: read, directions, ...(signal ? { signal } : {}) });
  stages.begin('C3: concepts of the planted bank', images.n);
  const [counts] = await countConcepts({
    model: bank,
    images,
    ...(runtime.device === 'cpu' ? { threads: runtime.threads } : { runtime }),
    layers: [{ layer: BANK, directions, levels }],
    onProgress: stages.done,
    ...(signal ? { signal } : {}),
  });
  const names = counts.concepts.map(({ id }) => id);
  const wrong = scoreDissection(counts).directions.flatMap(({ concept, iou }, channel) =>
    names[concept] === PLANTED[channel].concept && iou > DETECTOR_IOU
      ? []
      : [{ channel, planted: PLANTED[channel].concept, found: names[concept] ?? null, iou: rounded(iou) }],
  );
  return { right: 1 - wrong.length / PLANTED.length, wrong };
}

/** The mean share of the channels' top images that show the concept that was planted. */
function holdConcepts(images: ImageSet, { rows, dimension }: Rows, { top, t }: DirectionScores): number {
  const place = new Map((images.concepts ?? []).map(({ id }, index) => [id, index]));
  const shares = PLANTED.map(({ concept }, channel) => {
    const index = place.get(concept) ?? 0;
    return average(Array.from(top.subarray(channel * t, (channel + 1) * t), (image) => Number(rows[image * dimension + index] > 0)));
  });
  return rounded(average(shares));
}

/** The share of the pixels that each concept has, its root, as unit rows `[n,concepts]`: what an observer with perfect eyes would see. */
async function conceptAreas(images: ImageSet): Promise<Rows> {
  const dimension = images.concepts?.length ?? 0;
  const rows = new Float32Array(images.n * dimension);
  for (let image = 0; image < images.n; image++) {
    const row = rows.subarray(image * dimension, (image + 1) * dimension);
    const labels = await images.labels?.(image);
    if (!labels) continue;
    const pixels = new Float64Array(labels.concepts.length);
    for (const cell of labels.cell) pixels[cell]++;
    for (const [cell, concepts] of labels.concepts.entries()) for (const concept of concepts) row[concept] += pixels[cell];
    for (let i = 0; i < dimension; i++) row[i] = Math.sqrt(row[i]);
    normalise(row);
  }
  return { rows, dimension };
}
