/** Asking for a layer's connections in tests, and the same linear map by differences of the network itself. */
import type { AtlasLayer, Connection } from '../../data/schema.ts';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import type { Graph } from '../../generator/graph/graph.ts';
import { float32, float32Data, sizeOf, type Tensor } from '../../generator/graph/tensor.ts';
import type { Layer, Model } from '../../generator/models/model.ts';
import { connectLayer } from '../../generator/portray/connections.ts';
import { resolveSettings } from '../../generator/render/presets.ts';
import { openRuntime } from '../../generator/runtime/open.ts';

export const runtime = await openRuntime({ device: 'cpu', runtime: 'onnxruntime', threads: 1 });

/** A model's layer as an atlas has it. */
export function atlasLayerOf({ name, slug, tap, nonlinearity, operator, shape, layout, receptiveField, stride }: Layer): AtlasLayer {
  return {
    name,
    slug,
    tap,
    ...(nonlinearity ? { nonlinearity } : {}),
    operator,
    shape: [...shape],
    ...(layout ? { layout } : {}),
    receptive_field: receptiveField,
    stride,
    render: resolveSettings({ preset: 'atlas' }),
    units: {},
  };
}

/** A layer of a model by name or slug, as an atlas has it. */
export function layerOf(model: Model, name: string): AtlasLayer {
  const found = model.layers().find((layer) => layer.name === name || layer.slug === name);
  if (!found) throw new Error(`no layer "${name}" among ${model.layers().map((layer) => layer.name)}`);
  return atlasLayerOf(found);
}

/** The connections of `vectors` (every channel if left out), in their order, and what was noted. */
export async function connect(
  model: Model,
  name: string,
  { vectors, layers = [] }: { vectors?: readonly Float32Array[]; layers?: readonly string[] } = {},
) {
  const layer = layerOf(model, name);
  const rows = vectors ?? Array.from({ length: layer.shape[0] }, (_, i) => oneHot(layer.shape[0], i));
  const directions = Float32Array.from(rows.flatMap((row) => [...row]));
  const ids = rows.map((_, i) => `unit-${i}`);
  const notes: string[] = [];
  const atlas = [layer, ...layers.map((other) => layerOf(model, other))];
  const found = await connectLayer({ model, layer, layers: atlas, directions, ids, runtime, note: (sentence) => notes.push(sentence) });
  const units = ids.map((id) => found.get(id) ?? { reads: [], feeds: [] });
  return { units, notes };
}

export function oneHot(length: number, at: number): Float32Array {
  const vector = new Float32Array(length);
  vector[at] = 1;
  return vector;
}

/** The kernel of a channel of a connection, `[height·width]`; zeros where it is not among the strongest. */
export function kernelOf({ size, channels }: Connection, channel: number): readonly number[] {
  const found = channels.find((one) => one.channel === channel);
  if (!found) return Array.from({ length: size[0] * size[1] }, () => 0);
  return found.kernel ?? [found.weight];
}

/**
 * A part of a network as a function: the value `to` of whatever `from` is, both of one image, flat. What else comes in, from beside and out of
 * `cut` operators, is held at numbers of no meaning.
 */
export async function functionOf(graph: Graph, from: string, to: string, cut: readonly string[] = []) {
  const builder = new GraphBuilder();
  const after = new Set([from]);
  const type = graph.types.get(from);
  if (!type) throw new Error(`no value "${from}"`);
  const downstream = graph.nodes.filter(({ op, inputs, outputs }) => {
    const depends = !cut.includes(op) && inputs.some((name) => after.has(name)) && !outputs.includes(from);
    if (depends) for (const name of outputs) after.add(name);
    return depends;
  });
  const beside = new Map<string, number>();
  builder.input(from, type);
  for (const node of downstream) {
    for (const name of node.inputs) {
      if (name === '' || builder.has(name)) continue;
      const constant = graph.constants.get(name);
      const other = graph.types.get(name);
      if (constant) builder.constant(constant, name);
      else if (other) {
        builder.input(name, other);
        beside.set(name, sizeOf(other.shape));
      }
    }
    builder.append(node);
  }
  const program = await runtime.compile(builder.build([to]));
  const rest = Object.fromEntries(
    [...beside].map(([name, size]) => [
      name,
      float32(
        graph.types.get(name)?.shape ?? [],
        Float32Array.from({ length: size }, (_, i) => Math.sin(i)),
      ),
    ]),
  );
  return async (x: Float32Array) => {
    const { [to]: value } = await program.run({ ...rest, [from]: float32(type.shape, x) });
    return float32Data(value as Tensor, to);
  };
}
