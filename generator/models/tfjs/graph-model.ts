/** TF.js graph models (`tensorflowjs_converter --output_format=tfjs_graph_model`): from `model.json` and its shards to a {@link Model}. */
import type { Model } from '../model.ts';
import { type Knowledge, Network } from './network.ts';
import { nodesOf, parseModelJson } from './topology.ts';
import { readWeights } from './weights.ts';

export type { Knowledge } from './network.ts';
export { match } from './topology.ts';

/** As {@link Model.format} has it. */
export const FORMAT = 'tfjs-graph-model';

/** Reads the model whose parsed `model.json`, at the path `file`, is `json`. Throws where it or a shard is not what it should be. */
export async function open(json: unknown, file: string, knowledge: Knowledge): Promise<Model> {
  const parsed = parseModelJson(json, file);
  return new Network(FORMAT, file, nodesOf(parsed, file), await readWeights(parsed, file), knowledge);
}
