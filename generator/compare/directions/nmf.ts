/** The arm `nmf`: non-negative factors of the layer's activations, the one that explains most first. */
import { factorise } from './hals.ts';
import { type LayerInput, streamOf } from './layer-input.ts';
import { euclidean, type NamedDirection, nameDirection } from './named-direction.ts';
import { positionsOf } from './sample.ts';

/**
 * A factorisation into `count` factors is one fit: every factor depends on how many there are, and on the seed. Values below zero, which some
 * non-linearities leave, count as zero. A factor that ends without weight is left out: the layer has no more to give.
 */
export function nmf(layer: LayerInput, count: number): NamedDirection[] {
  const { channels } = layer;
  const sample = positionsOf(layer, 'nmf').map((value) => Math.max(0, value));
  const { weights, factors } = factorise(sample, channels, count, streamOf(layer, 'nmf', count, layer.seed));
  const n = sample.length / channels;
  return Array.from({ length: count }, (_, j) => {
    const factor = factors.subarray(j * channels, (j + 1) * channels);
    const weight = euclidean(Float64Array.from({ length: n }, (_, i) => weights[i * count + j]));
    return { factor, strength: weight * euclidean(factor) };
  })
    .filter(({ strength }) => strength > 0)
    .sort((a, b) => b.strength - a.strength)
    .map(({ factor }, index) => nameDirection(`nmf-${index}`, 'nmf', index, factor));
}
