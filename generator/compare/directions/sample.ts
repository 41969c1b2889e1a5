/** The positions that NMF and k-means are fitted to. */
import { activationsOf, type LayerInput } from './layer-input.ts';

/** Most positions that are used: more take longer than they tell of a few dozen components. */
const POSITIONS = 8192;

/** At most 8,192 of the sampled positions, evenly spaced, `[k,C]`. */
export function positionsOf(layer: LayerInput, arm: string): Float32Array {
  const { sample } = activationsOf(layer, arm);
  const { channels } = layer;
  const total = sample.length / channels;
  if (total <= POSITIONS) return sample;
  const out = new Float32Array(POSITIONS * channels);
  for (let i = 0; i < POSITIONS; i++) {
    const from = Math.floor((i * total) / POSITIONS) * channels;
    out.set(sample.subarray(from, from + channels), i * channels);
  }
  return out;
}
