/** What pass one keeps of a layer, on disk: a thing of the network, the images and the layer alone, so that any direction can be drawn from it later. */

import type { Activations } from '../../measure/activations.ts';
import { ACTIVE_SHARE } from '../../measure/passes/quantiles.ts';
import { SAMPLE_POSITIONS } from '../../measure/passes/read-activations.ts';
import { FRAME_CONVENTION } from '../directions/haar-rows.ts';
import type { GatherLayer, GatherRequest } from './gather.ts';
import type { Parts } from './parts.ts';

/** The parts of a layer: Ā; mean and covariance, `[C + C²]`; positions `[k,C]`; its directions; those of a file. */
export function partNames(slug: string) {
  return {
    means: `${slug}/means`,
    moments: `${slug}/moments`,
    sample: `${slug}/sample`,
    vectors: `${slug}/vectors`,
    labels: `${slug}/directions`,
    fileVectors: `${slug}/file-vectors`,
    fileLabels: `${slug}/file-directions`,
  };
}

/** What the activations depend on. */
export function activationsKey({ atlas, model }: GatherRequest, { layer, images }: GatherLayer) {
  return {
    weights: atlas.model.weights_sha256,
    preprocess: model.preprocess,
    layer: layer.name,
    images: images.sha256,
    positions: SAMPLE_POSITIONS,
  };
}

/** What the directions of a layer's arms depend on beside the activations. */
export const DRAWN = [FRAME_CONVENTION, ACTIVE_SHARE] as const;

/** Writes them. */
export async function keepActivations(parts: Parts, slug: string, key: unknown, { mean, covariance, means, sample }: Activations) {
  const names = partNames(slug);
  const moments = new Float64Array(mean.length + covariance.length);
  moments.set(mean);
  moments.set(covariance, mean.length);
  await parts.write(names.means, 'f32', key, means);
  await parts.write(names.moments, 'f64', key, moments);
  await parts.write(names.sample, 'f32', key, sample);
}

/** Reads them, or nothing where any of them is not there as it was written. */
export async function findActivations(parts: Parts, slug: string, channels: number, key: unknown): Promise<Activations | undefined> {
  const names = partNames(slug);
  const means = await parts.find(names.means, 'f32', key);
  const moments = means && (await parts.find(names.moments, 'f64', key));
  const sample = moments && (await parts.find(names.sample, 'f32', key));
  if (!means || !moments || !sample) return undefined;
  const [mean, covariance] = [moments.slice(0, channels), moments.slice(channels)];
  return { n: means.length / channels, channels, means, mean, covariance, sample };
}
