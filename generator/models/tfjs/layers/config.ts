/** A TF.js layers model's `model.json`: Keras's description of a network, in any of the forms that its versions have written. */
import { z } from 'zod';
import { fault } from '../../../graph/errors.ts';
import { weightsManifest } from '../topology.ts';

const config = z.record(z.string(), z.unknown());
const layer = z.looseObject({
  class_name: z.string(),
  name: z.string().optional(),
  config: z.unknown(),
  inbound_nodes: z.array(z.unknown()).default([]),
});
const network = z.looseObject({ class_name: z.string(), config: z.unknown() });
const modelJson = z.looseObject({ modelTopology: z.union([z.looseObject({ model_config: network }), network]), weightsManifest });

/** One layer as it stands in the file. */
export interface LayerConfig {
  /** `DepthwiseConv2D`. */
  readonly className: string;
  /** Unique in its network: `block_1_expand`. */
  readonly name: string;
  /** The networks that it is in, each with a slash after it; nothing for the outermost. */
  readonly scope?: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** For every time it is applied, what it is applied to; nothing in a sequence, where that is the layer before. */
  readonly calls: readonly (readonly Reference[])[] | undefined;
}

/** An output of a layer: that of its `call`-th application, its `index`-th where there are several. */
export interface Reference {
  readonly layer: string;
  readonly call: number;
  readonly index: number;
}

/** A network, which may be a layer of another. */
export interface NetworkConfig {
  readonly layers: readonly LayerConfig[];
  /** In order; nothing for a sequence, whose first layer takes the input and whose last makes the output. */
  readonly ends: { readonly inputs: readonly Reference[]; readonly outputs: readonly Reference[] } | undefined;
}

/** The file, checked for form. */
export type LayersJson = z.infer<typeof modelJson>;

/** Whether parsed JSON is a TF.js layers model, judged by its content. */
export function match(json: unknown): boolean {
  const parsed = z.looseObject({ modelTopology: z.looseObject({ model_config: network.optional() }) }).safeParse(json);
  return parsed.success && network.safeParse(parsed.data.modelTopology.model_config ?? parsed.data.modelTopology).success;
}

/** Checks parsed JSON against the format; `where` is the file, for messages. */
export function parseLayersJson(json: unknown, where: string): { manifest: Pick<LayersJson, 'weightsManifest'>; network: NetworkConfig } {
  const parsed = modelJson.safeParse(json);
  if (!parsed.success) throw malformed(where, parsed.error.issues[0].path.join('.') || 'the file', parsed.error.issues[0].message);
  const { modelTopology } = parsed.data;
  const top = network.parse('model_config' in modelTopology ? modelTopology.model_config : modelTopology);
  return { manifest: parsed.data, network: parseNetwork(top.class_name, top.config, where) };
}

/** Whether a class is a network of layers. */
export function isNetwork(className: string): boolean {
  return className === 'Sequential' || className === 'Model' || className === 'Functional';
}

/** Reads the configuration of a network of class `className`. */
export function parseNetwork(className: string, given: unknown, where: string): NetworkConfig {
  if (!isNetwork(className)) throw malformed(where, 'class_name', className);
  // Sequences were once written as a bare list.
  const parsed = config.safeParse(Array.isArray(given) ? { layers: given } : given);
  const layers = z.array(layer).min(1).safeParse(parsed.data?.layers);
  if (!layers.success) throw malformed(where, `the layers of ${className}`, layers.error.issues[0].message);
  const sequential = className === 'Sequential';
  return {
    layers: layers.data.map((item, i) => parseLayer(item, sequential, i, where)),
    ends: sequential ? undefined : { inputs: references(parsed.data?.input_layers), outputs: references(parsed.data?.output_layers) },
  };
}

function parseLayer(item: z.infer<typeof layer>, sequential: boolean, index: number, where: string): LayerConfig {
  const own = isNetwork(item.class_name) && Array.isArray(item.config) ? { layers: item.config } : item.config;
  const parsed = config.safeParse(own);
  if (!parsed.success) throw malformed(where, `the layer "${item.name ?? index}" (${item.class_name})`, parsed.error.issues[0].message);
  const name = item.name ?? (typeof parsed.data.name === 'string' ? parsed.data.name : `${item.class_name}_${index}`);
  return { className: item.class_name, name, config: parsed.data, calls: sequential ? undefined : item.inbound_nodes.map(references) };
}

/** Every `[layer, call, index]` in what Keras wrote: bare, in lists, or (Keras 3) as the history of a tensor. */
function references(value: unknown): Reference[] {
  if (Array.isArray(value)) {
    const [name, call, index] = value;
    if (typeof name === 'string' && typeof call === 'number' && typeof index === 'number') return [{ layer: name, call, index }];
    return value.flatMap(references);
  }
  const tensor = config.safeParse(value).data;
  if (!tensor) return [];
  const history = config.safeParse(tensor.config).data?.keras_history;
  return history === undefined ? references(tensor.args) : references(history);
}

function malformed(where: string, name: string, received: string) {
  return fault({
    where,
    expected: 'a TF.js layers model (Sequential, Model or Functional)',
    name,
    received,
    remedy: 'The file was altered or cut short, or is another format. Export it again with tensorflowjs_converter or model.save.',
  });
}
