/** M3: scores with known answers, and thresholds that hold what they promise. */
import { describe, expect, test } from 'vitest';
import { float32 } from '../../../generator/graph/tensor.ts';
import { alphaCurve } from '../../../generator/measure/dissection/alpha-curve.ts';
import { countConcepts } from '../../../generator/measure/dissection/count-concepts.ts';
import { type DissectionCounts, noImageCounts, noLayerCounts } from '../../../generator/measure/dissection/counts.ts';
import { conceptTable } from '../../../generator/measure/dissection/image-labels.ts';
import { calibrate, countDetectors, DETECTOR_IOU, iou, largestIou, scoreDissection } from '../../../generator/measure/dissection/score.ts';
import type { ImageSet } from '../../../generator/measure/images/image-set.ts';
import { quantiles } from '../../../generator/measure/passes/quantiles.ts';
import { readActivations } from '../../../generator/measure/passes/read-activations.ts';
import { INPUT } from '../../../generator/models/model.ts';
import { RandomStream } from '../../../generator/render/random.ts';
import { openOnnxRuntime } from '../../../generator/runtime/onnxruntime.ts';
import { draws, handMadeModel, PLAIN_CONV, weights } from '../../render/tiny-model.ts';
import { PLANTED, pixels, plantedImages } from './planted-images.ts';

const runtime = openOnnxRuntime({ threads: 1 });

describe('a direction', () => {
  test('that is a concept’s mask has an IoU of one, and the concept’s name, through all passes', async () => {
    // Rectangles of about 1/500 of the pixels each, so that each colour is rarer than the share of active positions.
    const images = plantedImages(60, 40, { share: 0.055 });
    const layers = ['layer'];
    const activations = (await readActivations({ model: pixels(), runtime, layers, images, batch: 8 })).get('layer');
    if (!activations) throw new Error('nothing was read');
    // Red without green and blue, then green and blue so; and a sum of both that has neither.
    const directions = Float32Array.of(1, -1, -1, -1, 1, -1, -1, -1, 1, 0, 0, 0);
    const levels = await quantiles({ runtime, activations, directions });
    expect(levels.slice(0, 3)).toEqual(Float64Array.of(0, 0, 0));
    const [counts] = await countConcepts({ model: pixels(), layers: [{ layer: 'layer', directions, levels }], images, runtime });
    const { directions: scores, tau } = scoreDissection(counts);
    expect(scores.map(({ concept }) => counts.concepts[concept]?.id)).toEqual(['red', 'green', 'blue', undefined]);
    for (const { iou: score, chosen, relative } of scores.slice(0, 3)) {
      expect(score).toBe(1);
      expect(chosen).toBe(1);
      // Rarer than .005: the direction is active at fewer than it may be.
      expect(relative).toBe(1);
    }
    expect(scores[3]).toEqual({ concept: -1, chosen: 0, iou: 0, relative: 0 });
    expect(tau).toBeLessThan(0.5);
    expect(countDetectors(scores, DETECTOR_IOU)).toEqual({ units: 4, detectors: 3, concepts: 3, alone: 3 });
  });

  test('of noise, whose masks have nothing to do with it, is no more often a detector than with other images’ masks', async () => {
    const images = noiseWithMasks(200, 24);
    const model = handMadeModel((builder) => {
      const attributes = { ...PLAIN_CONV, pads: [1, 1, 1, 1], strides: [2, 2] };
      builder.add('Conv', [INPUT, weights(builder, 'noise', [24, 3, 3, 3], 1)], attributes, { outputs: ['layer'] });
    });
    const activations = (await readActivations({ model, runtime, layers: ['layer'], images, batch: 8 })).get('layer');
    if (!activations) throw new Error('nothing was read');
    const directions = draws('noise-directions', 600 * 24);
    const levels = await quantiles({ runtime, activations, directions });
    const [counts] = await countConcepts({ model, layers: [{ layer: 'layer', directions, levels }], images, threads: 2 });
    // The sample was every position: exactly the share is above, but for a score that two programs round apart.
    for (const above of counts.above) expect(Math.abs(above - 0.005 * counts.positions)).toBeLessThanOrEqual(1);
    const { directions: scores, permuted, tau } = scoreDissection(counts);
    expect(tau).toBeGreaterThan(0);
    const above = (all: typeof scores) => all.filter(({ iou: score }) => score > tau).length;
    expect(above(permuted)).toBeLessThanOrEqual(6);
    // 6 expected of 600; directions share 24 channels, so that they are far from independent.
    expect(above(scores)).toBeLessThanOrEqual(30);
    const mean = (all: typeof scores) => all.reduce((sum, { iou: score }) => sum + score, 0) / all.length;
    expect(mean(scores) / mean(permuted)).toBeGreaterThan(0.8);
    expect(mean(scores) / mean(permuted)).toBeLessThan(1.25);
    // What was chosen on the even images looks better on them than it is.
    expect(scores.reduce((sum, { chosen }) => sum + chosen, 0) / scores.length).toBeGreaterThan(mean(scores));
  });

  test('that is active everywhere has the concept’s share, of the images that carry the category alone', async () => {
    const images = plantedImages(30, 16);
    const model = handMadeModel((builder) => {
      builder.add('Conv', [INPUT, builder.constant(float32([1, 3, 1, 1], [0, 0, 0])), builder.constant(float32([1], [1]))], PLAIN_CONV, {
        outputs: ['layer'],
      });
    });
    const directions = Float32Array.of(1, -1);
    const levels = Float64Array.of(0, 0);
    const [counts] = await countConcepts({ model, layers: [{ layer: 'layer', directions, levels }], images, runtime });
    for (const [k, concept] of counts.concepts.entries()) {
      const carrying = counts.carrying[counts.categories.indexOf(concept.category)];
      expect(iou(counts, 'even', 0, k)).toBeCloseTo(counts.present[k] / carrying, 12);
      expect(iou(counts, 'even', 1, k)).toBe(0);
    }
    // Every fifth image has no colour, so that being active there is no mistake.
    expect(counts.carrying[0]).toBeLessThan(counts.pixels[0]);
    expect(counts.carrying[1]).toBe(counts.pixels[0]);
    expect(scoreDissection(counts).directions.map(({ concept }) => concept)).toEqual([4, -1]);
  });

  test('has the first of equals, chosen on even images and scored on odd ones, where it may fail', () => {
    const counts = handCounts();
    // On even images equal for red and green; on odd ones nothing for red.
    set(counts, 0, 0, { red: 10, green: 10 }, 20);
    set(counts, 1, 0, { green: 20 }, 20);
    const { directions } = scoreDissection(counts);
    expect(directions[0]).toEqual({ concept: 0, chosen: 10 / (20 + 40 - 10), iou: 0, relative: 0 });
  });
});

describe('the largest IoU', () => {
  test('is the best of all ways to place the active pixels', () => {
    const sizes = [
      [100, 100, 30],
      [100, 40, 8],
      [100, 100, 8],
      [100, 96, 8],
      [100, 20, 20],
      [100, 60, 0],
    ];
    for (const [pixels, carrying, present] of sizes) {
      const counts = handCounts();
      counts.pixels[0] = pixels;
      counts.carrying[0] = carrying;
      counts.present[0] = present;
      for (const active of [1, 5, 8, 9, 12, 30, 95]) {
        let best = 0;
        for (let on = 0; on <= Math.min(active, present); on++)
          for (let off = 0; off <= Math.min(active - on, carrying - present); off++)
            if (active - on - off <= pixels - carrying) best = Math.max(best, on / Math.max(1, present + off));
        expect(largestIou(counts, 'even', 0, active / pixels)).toBeCloseTo(best, 12);
      }
    }
  });
});

describe('thresholds and numbers', () => {
  test('the calibrated threshold is the least that the share may exceed', () => {
    const scores = Array.from({ length: 250 }, (_, i) => i / 1000);
    // Two of 250 may: 0.249 and 0.248 exceed 0.247.
    expect(calibrate(scores)).toBe(0.247);
    expect(scores.filter((score) => score > 0.247).length).toBe(2);
    expect(calibrate([0.3, 0.3, 0.1])).toBe(0.3);
    expect(calibrate([])).toBe(0);
  });

  test('detectors are those above the threshold; a concept counts once, and alone where one unit has it', () => {
    const unit = (concept: number, score: number) => ({ concept, chosen: 1, iou: score, relative: 1 });
    const units = [unit(0, 0.2), unit(0, 0.1), unit(1, 0.05), unit(2, 0.04), unit(2, 0.9), unit(-1, 0)];
    expect(countDetectors(units, DETECTOR_IOU)).toEqual({ units: 6, detectors: 4, concepts: 3, alone: 2 });
    expect(countDetectors([], DETECTOR_IOU)).toEqual({ units: 0, detectors: 0, concepts: 0, alone: 0 });
  });

  test('the curve has a point for each α, of its own directions', () => {
    const unit = (concept: number, score: number) => ({ concept, chosen: 1, iou: score, relative: 1 });
    const scores = [unit(0, 0.5), unit(1, 0.5), unit(3, 0.5), unit(0, 0.5), unit(0, 0.5), unit(1, 0.01)];
    expect(alphaCurve(scores, [0, 0, undefined, 0.6, 0.6, 1], DETECTOR_IOU)).toEqual([
      { alpha: 0, units: 2, detectors: 2, concepts: 2, alone: 2 },
      { alpha: 0.6, units: 2, detectors: 2, concepts: 1, alone: 0 },
      { alpha: 1, units: 1, detectors: 0, concepts: 0, alone: 0 },
    ]);
    expect(alphaCurve(scores, [1, 0.2, 0, undefined, undefined, undefined], DETECTOR_IOU).map(({ alpha }) => alpha)).toEqual([0, 0.2, 1]);
  });
});

/** Noise, with rectangles of a concept of 20 in each of five categories, drawn without looking. */
function noiseWithMasks(n: number, size: number): ImageSet {
  const concepts = Array.from({ length: 20 }, (_, k) => ({ id: `concept-${k}`, category: `category-${k % 5}` }));
  return {
    id: 'noise',
    kind: 'generated',
    n,
    size,
    sha256: '0'.repeat(64),
    concepts,
    picture: async (index) => {
      const stream = new RandomStream('noise-picture', index);
      return { size, pixels: Uint8Array.from({ length: 3 * size * size }, () => stream.below(256)) };
    },
    labels: async (index) => {
      const stream = new RandomStream('noise-masks', index);
      const cell = new Uint8Array(size * size);
      const lists: number[][] = [[]];
      for (let r = 1; r <= 6; r++) {
        lists.push([stream.below(20)]);
        const [top, left] = [stream.below(size - 6), stream.below(size - 6)];
        for (let p = 0; p < 36; p++) cell[(top + Math.floor(p / 6)) * size + left + (p % 6)] = r;
      }
      return { cell, concepts: lists };
    },
  };
}

/** Counts of one direction on the planted concepts, each of 40 pixels on each half, all empty. */
function handCounts(): DissectionCounts {
  const table = conceptTable(PLANTED);
  const counts = { ...noImageCounts(table), ...noLayerCounts(1, table.concepts.length, table.categories.length) };
  counts.present.fill(40);
  counts.pixels.fill(1000);
  counts.carrying.fill(800);
  return counts;
}

function set(counts: DissectionCounts, fold: number, category: number, intersections: Record<string, number>, active: number): void {
  for (const [id, pixels] of Object.entries(intersections))
    counts.intersection[fold * counts.concepts.length + counts.concepts.findIndex((concept) => concept.id === id)] = pixels;
  counts.active[fold * counts.categories.length + category] = active;
}
