/** The arms `sparse-2`, `sparse-4`, `sparse-8`: so many random channels, equally strong, with random signs; the way from one channel to all. */
import { type LayerInput, streamOf } from './layer-input.ts';
import { type NamedDirection, nameDirection } from './named-direction.ts';

export function sparse(size: number, layer: LayerInput, count: number): NamedDirection[] {
  const arm = `sparse-${size}`;
  return Array.from({ length: count }, (_, index) => {
    const stream = streamOf(layer, arm, index);
    const values = new Float64Array(layer.channels);
    for (const channel of stream.permutation(layer.channels).subarray(0, size)) values[channel] = stream.below(2) === 0 ? 1 : -1;
    return nameDirection(`${arm}-${index}`, arm, index, values);
  });
}
