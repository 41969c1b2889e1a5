/** The program of pass one: the network once, and for each of several layers its means, its products and some of its positions. */
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Graph } from '../../graph/graph.ts';
import type { Layer, Model } from '../../models/model.ts';
import { beginNetwork } from '../../render/programs.ts';

/** What the program calls a layer's values, by the layer's place in the list. */
export const valueNames = (index: number) => ({
  /** Input: the provisional mean s, `[C]`. */
  shift: `pooled-shift-${index}`,
  /** Input: which positions to return, `[batch·most]`, image·H·W + position. */
  rows: `pooled-rows-${index}`,
  /** Output: mean of a − s over an image's positions, `[batch,C]`. */
  mean: `pooled-mean-${index}`,
  /** Output: (a − s)(a − s)ᵀ summed over an image's positions, `[batch,C,C]`. */
  product: `pooled-product-${index}`,
  /** Output: the positions asked for, `[batch·most,C]`, as they are. */
  sample: `pooled-sample-${index}`,
});

/** A layer to read, and the most positions to return of one image. */
export interface ReadLayer {
  readonly layer: Layer;
  readonly most: number;
}

/** The program for `batch` images of `size` pixels a side. */
export function activationGraph(model: Model, layers: readonly ReadLayer[], batch: number, size: number): Graph {
  const network = model.graph({ layers: layers.map(({ layer }) => layer.name), batch, height: size, width: size });
  const { builder, names } = beginNetwork(network);
  const outputs = layers.flatMap((read, i) => addLayer(builder, names.get(read.layer.name) ?? read.layer.name, read, batch, i));
  return builder.build(outputs);
}

function addLayer(builder: GraphBuilder, value: string, { layer, most }: ReadLayer, batch: number, index: number): string[] {
  const [channels, height, width] = layer.shape;
  const area = height * width;
  const { shift, rows, mean, product, sample } = valueNames(index);
  builder.input(shift, { dtype: 'float32', shape: [channels] });
  builder.input(rows, { dtype: 'int64', shape: [batch * most] });
  const flat = builder.add('Reshape', [value, builder.integers([batch, channels, area])], { allowzero: 0 });
  const positions = builder.add('Transpose', [flat], { perm: [0, 2, 1] });
  const column = builder.add('Reshape', [shift, builder.integers([channels, 1])], { allowzero: 0 });
  const centred = builder.add('Sub', [flat, column], {});
  // An image's product is its own, so that no sum in float32 runs over images: the numbers do not depend on the batch.
  builder.add('MatMul', [centred, builder.add('Sub', [positions, shift], {})], {}, { outputs: [product] });
  builder.add('ReduceMean', [centred], { axes: [2], keepdims: 0 }, { outputs: [mean] });
  const all = builder.add('Reshape', [positions, builder.integers([batch * area, channels])], { allowzero: 0 });
  builder.add('Gather', [all, rows], { axis: 0 }, { outputs: [sample] });
  return [mean, product, sample];
}
