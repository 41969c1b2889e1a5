/** The arm `kmeans`: from the mean of the layer's activations to the centre of each of their clusters, the largest cluster first. */
import { type LayerInput, streamOf } from './layer-input.ts';
import { clusterPositions } from './lloyd.ts';
import { euclidean, type NamedDirection, nameDirection } from './named-direction.ts';
import { columnMeans } from './products.ts';
import { positionsOf } from './sample.ts';

/**
 * A clustering into `count` is one fit: every centre depends on how many there are, and on the seed. Centres are taken from the mean, since a
 * direction's scores are compared image with image, and what all images share says nothing; a cluster at the mean itself has no direction
 * and is left out.
 */
export function kmeans(layer: LayerInput, count: number): NamedDirection[] {
  const { channels } = layer;
  const sample = positionsOf(layer, 'kmeans');
  const mean = columnMeans(sample, channels);
  const { centres, sizes } = clusterPositions(sample, channels, count, streamOf(layer, 'kmeans', count, layer.seed));
  return Array.from(sizes.keys())
    .sort((a, b) => sizes[b] - sizes[a] || a - b)
    .map((cluster) => mean.map((value, c) => centres[cluster * channels + c] - value))
    .filter((direction) => euclidean(direction) > 1e-12 * euclidean(mean))
    .map((direction, index) => nameDirection(`kmeans-${index}`, 'kmeans', index, direction));
}
