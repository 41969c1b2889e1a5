/** What the figures do not show, in words that stand beside them. */
import type { Atlas, Comparison, ComparisonResult } from '../../data/schema.ts';
import { isLinear } from '../render/objective/score.ts';

import type { ImageEvidence } from './evidence/evidence.ts';

/** Where both arms' mean render identity reaches this, hardly any pair is left to tell the arms apart. */
const CEILING = 0.99;

/** The limits of a comparison of this kind, and of this one. `layers` are its layers with their rows, `images` the sets that were looked at. */
export function describeLimits(
  atlas: Atlas,
  layers: readonly Pick<Comparison['layers'][number], 'id' | 'results'>[],
  images: readonly Pick<ImageEvidence, 'kind' | 'n'>[],
): string[] {
  const limits = [
    'The headline asks whether an observer that never saw the network, shown half of the images that a direction responds to most, can tell the other half from middling ones. Such an observer tracks which directions are easy to tell, not what a person would say of them.',
    'The hand-built observer sees colour and texture without positions: a direction that stands for a shape or an object it cannot tell from one that stands for nothing.',
    'Render identity is measured on a seeded subset of the directions: those that were rendered from more than one start.',
    'Attainment and robustness are gates: they show whether the two arms were optimised equally well. A difference in them is no evidence that one arm is more interpretable; it is a reason to read the other differences with care.',
    ...(images.some(({ kind }) => kind === 'procset')
      ? [
          'The images are generated. They hold colours, gratings, lines, shapes and textures but no objects, so they speak for low and middle levels only; deep layers need photographs (`compare.images.folder` of the plan).',
        ]
      : []),
    'Robustness is that of each direction’s first render, and undefined where that render does not stand out from the images.',
    'The headline’s p is exact whatever the channels’ dependence. Its interval, and all other rows, take directions as independent within their frames, and neighbouring channels of a trained network are not quite: the intervals with near-duplicates drawn together show how much that matters.',
    'The figures compare these arms in these layers of this network. One network is a claim about one network.',
  ];
  if (!atlas.complete) limits.push('Renders are missing from this atlas: the figures speak of those that are there.');
  limits.push(...atlas.layers.filter(({ render }) => !isLinear(render)).map(({ slug }) => describeOtherScore(slug)));
  limits.push(...layers.flatMap(({ id, results }) => results.filter(atCeiling).map((row) => describeCeiling(id, row))));
  const excluded = layers.flatMap(({ results }) => results).reduce((sum, { excluded }) => sum + excluded, 0);
  if (excluded > 0) limits.push(`Values that are undefined were excluded: ${excluded} over all rows, counted in each.`);
  return limits;
}

function describeOtherScore(layer: string): string {
  return `${layer}: its pictures were made for another score than the mean of the direction’s activation, which attainment and robustness measure; they do not say how well that other score was reached.`;
}

function atCeiling({ metric, meanA, meanB }: ComparisonResult): boolean {
  return metric === 'render-identity' && Math.min(meanA ?? 0, meanB ?? 0) >= CEILING;
}

function describeCeiling(layer: string, { armA, armB, meanA, meanB }: ComparisonResult): string {
  const [a, b] = [meanA, meanB].map((mean) => (mean ?? 0).toFixed(3));
  return `${layer}: render identity is at its ceiling in both arms (${armA} ${a}, ${armB} ${b}), so it cannot tell them apart there: no difference is not evidence of equality.`;
}
