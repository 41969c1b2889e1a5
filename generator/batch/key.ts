/** The key of a render: the hash of everything its pixels depend on. */
import type { RenderSettings } from '../../data/schema.ts';
import { RENDERER_VERSION } from '../render/renderer.ts';
import { canonicalJson, float32Bytes, sha256 } from './canonical.ts';
import { ENCODING } from './picture.ts';

/** What is fixed for every render of one layer. */
export interface LayerKey {
  /** SHA-256 of the network's weights. */
  readonly weights: string;
  /** The layer's name. */
  readonly layer: string;
  readonly settings: RenderSettings;
}

/** SHA-256 in hex. `unit` names the random start together with `seed`. */
export function renderKey(layer: LayerKey, unit: string, vector: Float32Array, seed: number): string {
  return sha256(
    canonicalJson({
      renderer: RENDERER_VERSION,
      encoding: ENCODING,
      weights: layer.weights,
      layer: layer.layer,
      settings: withoutPaths(layer.settings),
      direction: sha256(float32Bytes(vector)),
      unit,
      seed,
    }),
  );
}

/** The settings with every array known by what it holds, wherever it lies. */
function withoutPaths(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPaths);
  if (value === null || typeof value !== 'object') return value;
  const isArrayFile = 'file' in value && 'sha256' in value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, part]) => (isArrayFile && name === 'file' ? [] : [[name, withoutPaths(part)]])),
  );
}
