/** Rendering one layer: directions in, pictures out. */
import type { RenderSettings } from '../../data/schema.ts';
import type { Layer, Model } from '../models/model.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** Goes into every unit's key: raise it when the same settings would give other pixels. */
export const RENDERER_VERSION = 4;

/** One picture to make. */
export interface RenderJob {
  /** The unit's id, which names its random start together with `seed`: `channel-42`. */
  readonly unit: string;
  /** Unit vector over the layer's channels, `[C]`. */
  readonly direction: Float32Array;
  /** Directions of the request's further layers, in their order; one that is left out counts for nothing. */
  readonly others?: readonly Float32Array[];
  readonly seed: number;
}

/** One picture made. */
export interface Rendered {
  readonly state: 'ok' | 'flat' | 'diverged';
  /** RGB, 8 bits, row-major, `[size,size,3]`; RGBA, `[size,size,4]`, where the settings ask for transparency. */
  readonly pixels: Uint8Array;
  /** The picture itself, `[channels,size,size]`, where its channels are neither one nor three, so that the pixels show a part of it. */
  readonly values?: Float32Array;
  /** The objective at every step, `[steps]`, on the transformed picture, in the layer's own units. */
  readonly curve: Float32Array;
  /** The pixels of the picture after each of the steps asked for, in their order. */
  readonly frames?: readonly Uint8Array[];
}

export interface RenderOptions {
  /** Stops between steps, rejecting with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called after every step. */
  readonly onStep?: (step: number) => void;
  /** After how many steps the pictures are kept too, ascending: 0 is the start, `steps` the end. It changes nothing else. */
  readonly frames?: readonly number[];
}

/** A layer's compiled programs. One render runs at a time. */
export interface Renderer {
  readonly layer: Layer;
  readonly settings: RenderSettings;
  /** Most jobs that one call takes. */
  readonly batch: number;
  /**
   * A job's picture depends on the job and the settings alone, not on its neighbours or their number. With `settings.group` that holds for
   * groups: so many jobs after each other are one unit's, and all groups have the same seeds.
   */
  render(jobs: readonly RenderJob[], options?: RenderOptions): Promise<Rendered[]>;
  dispose(): Promise<void>;
}

/** Reads a layer: what the measures see of the network. */
export interface Probe {
  readonly layer: Layer;
  readonly batch: number;
  /** The channels of the pictures that it reads; three if left out. */
  readonly colours?: number;
  /**
   * The layer's activations pooled by the objective's mask (mean over positions for `channel`, the centre for `neuron`), of `count` pictures
   * `[count,channels,size,size]` with values in [0,1]. Returns `[count,C]`, so that a direction's score is a dot product with a row.
   */
  pooled(images: Float32Array, count: number): Promise<Float32Array>;
  /** The scores of pictures `[jobs,channels,size,size]`, `[jobs]`, where they are not such products; a picture is scored without its group. */
  scores?(images: Float32Array, jobs: readonly RenderJob[]): Promise<Float32Array>;
  dispose(): Promise<void>;
}

export interface LayerRequest {
  readonly model: Model;
  readonly runtime: Runtime;
  /** Layer name or slug. */
  readonly layer: string;
  /** Further layers that the jobs have directions of, by name or slug. */
  readonly others?: readonly string[];
  readonly settings: RenderSettings;
  readonly batch: number;
}
