/** How much memory rendering takes, told from the graph before anything is compiled. */
import { sizeOf } from '../graph/tensor.ts';
import { networkGraph } from './programs.ts';
import type { LayerRequest } from './renderer.ts';

/** Bytes of a number. */
const FLOAT = 4;
/** What onnxruntime held for a picture over the sum of all values of its step: at most 1.3 on the layers measured (test/bench/RESULTS.md). */
const HELD = 1.5;
/** Copies of a picture that are held besides: its state, gradients and moments, inside the runtime and out of it. */
const PICTURES = 40;

/** About how many bytes each picture of a batch takes, rather too many than too few. `layer` is a layer's name. */
export function pictureMemory({ model, layer, settings }: Pick<LayerRequest, 'model' | 'layer' | 'settings'>): number {
  const { nodes, types } = networkGraph({ model, layer, settings, batch: 1 });
  const outputs = nodes.flatMap((node) => node.outputs);
  const values = outputs.reduce((sum, name) => sum + sizeOf(types.get(name)?.shape ?? []), 0);
  return FLOAT * (HELD * values + PICTURES * 3 * settings.size ** 2);
}
