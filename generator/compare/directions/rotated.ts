/** The arms `rotated-0` to `rotated-1`: rows of Q^α, the basis turned part of the way to a random frame. */
import { channelSubset } from './basis.ts';
import { haarRows } from './haar-rows.ts';
import { type LayerInput, once, streamOf } from './layer-input.ts';
import { type NamedDirection, nameDirection } from './named-direction.ts';
import { RotationPowers } from './rotation-power.ts';

/** α of the arms. */
export const ALPHAS = [0, 0.2, 0.4, 0.6, 0.8, 1] as const;

/** `rotated-0-4` for α = 0.4. */
export function rotatedArm(alpha: number): string {
  return `rotated-${String(alpha).replace('.', '-')}`;
}

/** Q: one Haar-random rotation for all α of a layer, so that a row is followed along its way. It is no frame of the arm `random`. */
const rotation = once((layer) => haarRows(streamOf(layer, 'rotated', 0), layer.channels, layer.channels));

const powers = once((layer) => new RotationPowers(rotation(layer), layer.channels));

/**
 * `rotated-0-4-7` is row 7 of Q^0.4: where channel 7 has come to. The rows are those of the channels that `basis` has, so that the curve begins
 * there. At α = 0 and 1 they are the basis and Q themselves, not their roundings.
 */
export function rotated(alpha: number, layer: LayerInput, count: number): NamedDirection[] {
  const { channels } = layer;
  const matrix = alpha === 0 ? identity(channels) : alpha === 1 ? rotation(layer) : powers(layer).power(alpha);
  const arm = rotatedArm(alpha);
  return channelSubset(layer, count).map((index) =>
    nameDirection(`${arm}-${index}`, arm, index, matrix.subarray(index * channels, (index + 1) * channels), 0),
  );
}

function identity(channels: number): Float64Array {
  const matrix = new Float64Array(channels * channels);
  for (let i = 0; i < channels; i++) matrix[i * channels + i] = 1;
  return matrix;
}
