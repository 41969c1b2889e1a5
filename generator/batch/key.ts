/** The key of a render: the hash of everything its pixels depend on. */
import type { Direction, Plan, RenderSettings } from '../../data/schema.ts';
import { RENDERER_VERSION } from '../render/renderer.ts';
import { canonicalJson, float32Bytes, sha256 } from './canonical.ts';
import { ENCODING } from './picture.ts';
import { mapArrays } from './pinned-arrays.ts';

/** What is fixed for every render of one layer. */
export interface LayerKey {
  /** SHA-256 of the network's weights. */
  readonly weights: string;
  /** The layer's name. */
  readonly layer: string;
  readonly settings: RenderSettings;
  /** What the plan says of the network's pixels, where it says anything. */
  readonly preprocess?: Plan['preprocess'];
}

/** SHA-256 in hex. `unit` names the random start together with `seed`; a chosen one is known by what the plan says of it. */
export function renderKey(layer: LayerKey, unit: string, vector: Float32Array, seed: number, direction?: Direction): string {
  return sha256(
    canonicalJson({
      renderer: RENDERER_VERSION,
      encoding: ENCODING,
      weights: layer.weights,
      layer: layer.layer,
      settings: withoutPaths(layer.settings),
      ...(layer.preprocess ? { preprocess: layer.preprocess } : {}),
      direction: sha256(float32Bytes(vector)),
      unit,
      seed,
      ...(direction?.kind === 'chosen' ? { chosen: withoutPaths(direction.unit) } : {}),
    }),
  );
}

/** The settings with every array known by what it holds, wherever it lies. */
function withoutPaths(value: unknown): unknown {
  return mapArrays(value, ({ file: _, ...held }) => held);
}
