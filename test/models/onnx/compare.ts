/** Running what was imported beside what onnxruntime makes of the original file. */
import '../../../generator/runtime/telemetry-off.ts';
import * as ort from 'onnxruntime-node';
import { float32, float32Data, type Tensor } from '../../../generator/graph/tensor.ts';
import { INPUT, type Model } from '../../../generator/models/model.ts';
import { openModel } from '../../../generator/models/open.ts';
import { openOnnxRuntime } from '../../../generator/runtime/onnxruntime.ts';
import { noise } from './write-model.ts';

const runtime = openOnnxRuntime({ threads: 1 });

/** A layer's values `[N,C,H,W]` for an input, by the imported graph. */
export async function runLayer(model: Model, layer: string, shape: readonly number[], data: Float32Array): Promise<Tensor> {
  const [batch, , height, width] = shape;
  const program = await runtime.compile(model.graph({ layers: [layer], batch, height, width }));
  const { [layer]: made } = await program.run({ [INPUT]: float32(shape, data) });
  await program.dispose();
  return made as Tensor;
}

/** An output of the file, by onnxruntime. `input` is given as the file wants it. */
export async function runFile(file: string, input: ort.Tensor, output?: string): Promise<{ shape: readonly number[]; data: Float32Array }> {
  const session = await ort.InferenceSession.create(file, { logSeverityLevel: 3, intraOpNumThreads: 1 });
  const results = await session.run({ [session.inputNames[0]]: input });
  const { dims, data } = results[output ?? session.outputNames[0]];
  await session.release();
  return { shape: dims, data: data as Float32Array };
}

/** A picture for a model, in the network's own range. */
export function picture(shape: readonly number[]): Float32Array {
  return Float32Array.from(
    noise(
      shape.reduce((product, extent) => product * extent, 1),
      3,
    ),
  );
}

/**
 * The largest difference between the file's first output, image by image, and the imported model's last layer for all images at once. The
 * output must be `[1,C,H,W]` or `[1,C]`.
 */
export async function difference(file: string, shape: readonly number[], fileShape = [1, ...shape.slice(1)]): Promise<number> {
  const model = await openModel(file);
  const layer = model.layers().at(-1);
  if (!layer) throw new Error('no layers');
  const data = picture(shape);
  const mine = await runLayer(model, layer.name, shape, data);
  const each = mine.data.length / shape[0];
  const own = data.length / shape[0];
  let worst = 0;
  for (let image = 0; image < shape[0]; image++) {
    const input = new ort.Tensor('float32', data.slice(image * own, (image + 1) * own), fileShape);
    const theirs = await runFile(file, input);
    if (theirs.data.length !== each) throw new Error(`the file makes [${theirs.shape}], the layer ${layer.name} [${mine.shape}]`);
    const values = float32Data(mine, 'the layer').subarray(image * each, (image + 1) * each);
    for (let i = 0; i < each; i++) worst = Math.max(worst, Math.abs(values[i] - theirs.data[i]));
  }
  return worst;
}
