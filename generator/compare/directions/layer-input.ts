/** What the arms draw a layer's directions from, and what they share. */
import { fault } from '../../graph/errors.ts';
import type { Activations } from '../../measure/activations.ts';
import type { Tap } from '../../models/model.ts';
import { RandomStream } from '../../render/random.ts';

/** A layer as the arms see it. What is worked out from it once (frames, spectra) is kept as long as this object is. */
export interface LayerInput {
  readonly weightsSha256: string;
  readonly layerName: string;
  readonly channels: number;
  readonly tap: Tap;
  /** Needed by the arms whose `needs` say so. */
  readonly activations?: Activations;
  /** The `.npy` file of the arm `file`. */
  readonly file?: string;
  /** How many directions of an arm, by its id: `{ basis: 256, 'rotated-0-4': 96 }`; of any other as many as its `usual`. */
  readonly counts: Readonly<Record<string, number>>;
  /** Chooses the subset of channels, and where NMF and k-means start; no other arm depends on it. */
  readonly seed: number;
}

/** The draws of one direction. */
export function streamOf(
  { weightsSha256, layerName }: Pick<LayerInput, 'weightsSha256' | 'layerName'>,
  ...name: readonly (string | number)[]
): RandomStream {
  return new RandomStream(weightsSha256, layerName, ...name);
}

/** g, `[C]`: independent standard normal draws. */
export function gaussian(stream: RandomStream, channels: number): Float64Array {
  const values = new Float64Array(channels);
  for (let i = 0; i < channels; i++) values[i] = stream.normal();
  return values;
}

/** The activations. Throws if there are none, of another number of channels, or not finite. */
export function activationsOf({ activations, channels, layerName }: LayerInput, arm: string): Activations {
  const wrong = (expected: string, received: unknown) =>
    fault({
      where: layerName,
      expected,
      name: `the arm ${arm}`,
      received,
      remedy: 'This arm is made from what the layer does on the images: run them through it first, or leave the arm out.',
    });
  if (activations?.channels !== channels)
    throw wrong(`activations of ${channels} channels`, activations && `${activations.channels} channels`);
  const { means, covariance, sample } = activations;
  for (const values of [means, covariance, sample]) {
    if (values.length === 0) throw wrong('activations', 'none');
    if (!values.every(Number.isFinite)) throw wrong('finite activations', 'values that are infinite or not numbers');
  }
  return activations;
}

/** `make`, called once for each input: the arms of a layer share its frames and spectra. */
export function once<T>(make: (layer: LayerInput) => T): (layer: LayerInput) => T {
  const made = new WeakMap<LayerInput, { readonly value: T }>();
  return (layer) => {
    const known = made.get(layer) ?? { value: make(layer) };
    made.set(layer, known);
    return known.value;
  };
}
