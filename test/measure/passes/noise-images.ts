/** Images of noise, and what a layer makes of one by the plainest way there is. */
import { float32Data, type Tensor } from '../../../generator/graph/tensor.ts';
import type { ImageSet } from '../../../generator/measure/images/image-set.ts';
import { emptyInput, writeInput } from '../../../generator/measure/passes/network-input.ts';
import { INPUT, type Model } from '../../../generator/models/model.ts';
import { RandomStream } from '../../../generator/render/random.ts';
import { openOnnxRuntime } from '../../../generator/runtime/onnxruntime.ts';

const runtime = openOnnxRuntime({ threads: 1 });

/** A layer's activations of one image, `[C,positions]`, by a program of its own. */
export async function activationsOf(network: Model, layer: string, images: ImageSet, index: number): Promise<Float32Array> {
  const { size } = images;
  const program = await runtime.compile(network.graph({ layers: [layer], batch: 1, height: size, width: size }));
  const input = emptyInput(network.preprocess, 1, size);
  writeInput([await images.picture(index)], size, network.preprocess, input.data);
  const values = float32Data((await program.run({ [INPUT]: input }))[layer] as Tensor, layer).slice();
  await program.dispose();
  return values;
}

/** Noise of a colour and contrast of its own for every image; the first `black` of them are black. */
export function noiseImages(n: number, size: number, { black = 0 } = {}): ImageSet {
  return {
    id: 'noise',
    kind: 'generated',
    n,
    size,
    sha256: '0'.repeat(64),
    picture: async (index) => {
      const stream = new RandomStream('noise-images', index);
      const [middle, contrast] = [stream.between(60, 180), stream.between(5, 60)];
      const value = () => (index < black ? 0 : middle + contrast * stream.between(-1, 1));
      return { size, pixels: Uint8Array.from({ length: 3 * size * size }, value) };
    },
  };
}
