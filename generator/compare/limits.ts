/** What the figures do not show, in words that stand beside them. */
import type { Atlas, Comparison, ComparisonResult } from '../../data/schema.ts';
import { isLinear } from '../render/objective/score.ts';

/** Where both arms' mean render identity reaches this, hardly any pair is left to tell the arms apart. */
const CEILING = 0.99;

/** The limits of a comparison of this kind, and of this one. `layers` are its layers with their rows. */
export function describeLimits(atlas: Atlas, layers: readonly Pick<Comparison['layers'][number], 'id' | 'results'>[]): string[] {
  const limits = [
    'Render identity tells whether independent renders of one direction look alike, and unlike those of others, to a hand-built observer of colour and texture. It is not a measure of whether people can say what the direction detects.',
    'Render identity is measured on a seeded subset of the directions: those that were rendered from more than one start.',
    'Attainment and robustness are gates: they show whether the two arms were optimised equally well. A difference in them is no evidence that one arm is more interpretable; it is a reason to read the other differences with care.',
    'The images that scores are measured against are generated (dead leaves and noise). They have edges, occlusion, texture and colour but no objects, so they speak for low and middle levels; attainment would differ on photographs.',
    'Robustness is that of each direction’s first render, and undefined where that render does not stand out from the images.',
    'The interval resamples the frames of random directions, then the directions, which makes it wide rather than narrow; the p-value takes directions as independent, and neighbouring channels of a trained network are not quite.',
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
