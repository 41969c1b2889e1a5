/** What an accepted file does when it is run: one pass forward and back on onnxruntime, or one clear error. */
import { splitPhases } from '../../generator/compile/phase-split.ts';
import { differentiate } from '../../generator/gradient/differentiate.ts';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import { float32, float32Data, sizeOf, type Tensor } from '../../generator/graph/tensor.ts';
import { INPUT, type Model } from '../../generator/models/model.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import { type Verdict, wrongWith } from './judge.ts';

const runtime = openOnnxRuntime({ threads: 1 });

/** Runs a network from an image of its own size to its last layer and back. */
export async function runOnce(model: Model): Promise<Verdict> {
  const layer = model.layers().at(-1)?.name ?? '';
  try {
    const graph = model.graph({ layers: [layer], batch: 1, height: model.size, width: model.size });
    const builder = GraphBuilder.from(splitPhases(graph));
    const gradient = differentiate(builder, layer, INPUT);
    const program = await runtime.compile(builder.build([layer, gradient]));
    const shape = graph.types.get(INPUT)?.shape ?? [];
    const image = Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i));
    const value = (await program.run({ [INPUT]: float32(shape, image) }))[layer] as Tensor;
    const [made, said] = [value.shape, graph.types.get(layer)?.shape ?? []];
    await program.dispose();
    if (made.join() !== said.join() || float32Data(value, layer).length !== sizeOf(said))
      return { kind: 'wrong', says: `it gave [${made}], not [${said}]` };
    return { kind: 'ran', says: `[${made}] at ${model.size}` };
  } catch (error) {
    const wrong = wrongWith(error);
    return wrong === undefined ? { kind: 'failed', says: (error as Error).message } : { kind: 'wrong', says: wrong };
  }
}
