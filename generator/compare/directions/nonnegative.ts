/** The arm `nonnegative`: |g|/‖g‖, random directions of the orthant that a layer after its ReLU lives in. */
import { gaussian, type LayerInput, streamOf } from './layer-input.ts';
import { type NamedDirection, nameDirection } from './named-direction.ts';

export function nonnegative(layer: LayerInput, count: number): NamedDirection[] {
  return Array.from({ length: count }, (_, index) => {
    const g = gaussian(streamOf(layer, 'nonnegative', index), layer.channels);
    return nameDirection(`nonnegative-${index}`, 'nonnegative', index, g.map(Math.abs));
  });
}
