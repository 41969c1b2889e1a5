/** What the figures do not show, in words that stand beside them. */
import type { Atlas, ComparisonResult } from '../../data/schema.ts';

/** The limits of a comparison of this kind, and of this one. */
export function describeLimits(atlas: Atlas, results: readonly ComparisonResult[]): string[] {
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
  const excluded = results.reduce((sum, { excluded }) => sum + excluded, 0);
  if (excluded > 0) limits.push(`Values that are undefined were excluded: ${excluded} over all rows, counted in each.`);
  return limits;
}
