/** The arm `random`: rows of Haar-random rotations, those that the atlas renders; and the frames of the frame test. */
import { float32Bytes, sha256 } from '../../batch/canonical.ts';
import { HaarFrames, placeOf } from '../../batch/haar.ts';
import { haarRows } from './haar-rows.ts';
import { type LayerInput, once, streamOf } from './layer-input.ts';
import type { NamedDirection } from './named-direction.ts';

const haarFrames = once(({ weightsSha256, layerName, channels }) => new HaarFrames(weightsSha256, layerName, channels));

/** `random-k` is the atlas's own, bit for bit: what was rendered under that name is what is scored under it. */
export function random(layer: LayerInput, count: number): NamedDirection[] {
  return Array.from({ length: count }, (_, index) => {
    const place = placeOf(index, layer.channels);
    const vector = haarFrames(layer).row(place);
    return { id: `random-${index}`, arm: 'random', index, frame: place.frame, vector, sha256: sha256(float32Bytes(vector)) };
  });
}

/** Part of a random frame, to stand against as many channels. */
export interface Frame {
  /** Its number; with the weights and the layer it names the draws. */
  readonly index: number;
  /** Orthonormal rows, row-major `[rows,C]`, float64. */
  readonly rows: Float64Array;
  /** SHA-256 of the rows as float32, little-endian. */
  readonly sha256: string;
}

/**
 * Frames 0 to `count`−1 of the frame test, each of its first `rows` rows, 1 to C; one at a time, since hundreds of them fill a memory. They are not
 * the frames of the arm `random`: those are what is rendered and judged, these say what chance does. None depends on how many are asked for.
 */
export function* frames(
  layer: Pick<LayerInput, 'weightsSha256' | 'layerName' | 'channels'>,
  count: number,
  rows: number,
): Generator<Frame, void, void> {
  for (let index = 0; index < count; index++) {
    const drawn = haarRows(streamOf(layer, 'frame', index), layer.channels, rows);
    yield { index, rows: drawn, sha256: sha256(float32Bytes(Float32Array.from(drawn))) };
  }
}
