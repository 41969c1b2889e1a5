/** Running a graph, for the tests of what rewrites one. */
import type { Loops } from '../../generator/compile/loops.ts';
import type { Graph } from '../../generator/graph/graph.ts';
import { float32, sizeOf, type Tensor } from '../../generator/graph/tensor.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';

/** Numbers on both sides of 0, different for different seeds. */
export function numbers(shape: readonly number[], seed = 1): Tensor<'float32'> {
  return float32(
    shape,
    new Float32Array(sizeOf(shape)).map((_, i) => Math.sin(12.9898 * (i + seed))),
  );
}

/** A graph's outputs, in order, as onnxruntime computes them; `numbers` for the inputs that are not given. `loops`: those that are set apart. */
export async function outputsOf(graph: Graph, given: Record<string, Tensor> = {}, loops: Loops = new Map()): Promise<Float32Array[]> {
  const program = await openOnnxRuntime({ threads: 1 }).compile(graph, { loops });
  const inputs = [...graph.inputs].map(([name, { shape }]) => [name, given[name] ?? numbers(shape)]);
  const outputs = await program.run(Object.fromEntries(inputs));
  await program.dispose();
  return graph.outputs.map((name) => (outputs[name] as Tensor<'float32'>).data);
}
