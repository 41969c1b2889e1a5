/**
 * TF.js layers models (`model.save`, or `tensorflowjs_converter --input_format=keras`): from `model.json` and its shards to a {@link Model}.
 *
 * A layer means what TF.js makes of it, which is Keras's own meaning but for bilinear up-sampling (whose samples lie at the corners of pixels).
 */
import type { Model } from '../../model.ts';
import { type Knowledge, Network } from '../network.ts';
import { readWeights } from '../weights.ts';
import { parseLayersJson } from './config.ts';
import { expand } from './expand.ts';

export { match } from './config.ts';

/** As {@link Model.format} has it. */
export const FORMAT = 'tfjs-layers-model';

/** Reads the model whose parsed `model.json`, at the path `file`, is `json`. Throws where it or a shard is not what it should be. */
export async function open(json: unknown, file: string, knowledge: Knowledge): Promise<Model> {
  const { manifest, network } = parseLayersJson(json, file);
  const { nodes, weights } = expand(network, await readWeights(manifest, file), file);
  return new Network(FORMAT, file, nodes, weights, knowledge);
}
