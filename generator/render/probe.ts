/** Opening a layer to read it. */
import { AtlasError } from '../graph/errors.ts';
import { float32, float32Data, type Tensor } from '../graph/tensor.ts';
import { findLayer } from '../models/layers.ts';
import { INPUT, type Preprocess } from '../models/model.ts';
import { MASK, objectiveMask } from './objective.ts';
import { probeGraph } from './programs.ts';
import type { LayerRequest, Probe } from './renderer.ts';

/** Compiles a layer's network for reading. */
export async function openProbe(request: LayerRequest): Promise<Probe> {
  const { model, runtime, settings, batch } = request;
  const layer = findLayer(model, request.layer, settings.size);
  const program = await runtime.compile(probeGraph({ ...request, layer: layer.name }));
  const [channels, height, width] = layer.shape;
  const mask = objectiveMask(settings.objective, height, width);
  const shape = [batch, 3, settings.size, settings.size];
  const item = 3 * settings.size ** 2;
  const input = float32(shape, new Float32Array(batch * item));
  return {
    layer,
    batch,
    pooled: async (images, count) => {
      if (images.length !== count * item)
        throw new AtlasError(
          `probe: expected ${count} pictures of [3,${settings.size},${settings.size}], received ${images.length} values`,
        );
      const result = new Float32Array(count * channels);
      for (let from = 0; from < count; from += batch) {
        const until = Math.min(count, from + batch);
        preprocess(images.subarray(from * item, until * item), settings.size ** 2, model.preprocess, input.data);
        const { pooled } = await program.run({ [INPUT]: input, [MASK]: mask });
        result.set(float32Data(pooled as Tensor, 'pooled').subarray(0, (until - from) * channels), from * channels);
      }
      return result;
    },
    dispose: () => program.dispose(),
  };
}

/** Writes pictures into the network's range, plane by plane. */
function preprocess(pictures: Float32Array, area: number, { scale, offset }: Preprocess, input: Float32Array): void {
  for (let start = 0; start < pictures.length; start += area) {
    const colour = (start / area) % scale.length;
    const [a, b] = [scale[colour], offset[colour]];
    for (let i = start; i < start + area; i++) input[i] = a * pictures[i] + b;
  }
}
