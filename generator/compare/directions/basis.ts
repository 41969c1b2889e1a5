/** The arms `basis` and `basis-negative`: e_i and −e_i, over every channel or a seeded subset. */
import { RandomStream } from '../../render/random.ts';
import type { LayerInput } from './layer-input.ts';
import { type NamedDirection, nameDirection } from './named-direction.ts';

/** The channels, ascending, of a subset of `count`: drawn by the plan's seed, the same in every arm; a smaller one is part of a larger. */
export function channelSubset({ seed, weightsSha256, layerName, channels }: LayerInput, count: number): number[] {
  const order = new RandomStream(seed, weightsSha256, layerName, 'channels').permutation(channels);
  return Array.from(order.subarray(0, count)).sort((a, b) => a - b);
}

export function basis(layer: LayerInput, count: number): NamedDirection[] {
  return channelSubset(layer, count).map((channel) => nameDirection(`channel-${channel}`, 'basis', channel, signed(layer, channel, 1)));
}

export function basisNegative(layer: LayerInput, count: number): NamedDirection[] {
  return channelSubset(layer, count).map((channel) =>
    nameDirection(`channel-${channel}-negative`, 'basis-negative', channel, signed(layer, channel, -1)),
  );
}

function signed({ channels }: LayerInput, channel: number, sign: number): Float64Array {
  const values = new Float64Array(channels);
  values[channel] = sign;
  return values;
}
