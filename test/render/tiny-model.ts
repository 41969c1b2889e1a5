/** A network made by hand, small enough for every machine: three convolutions with their non-linearities, and layers to tap, logits at the end. */
import { GraphBuilder } from '../../generator/graph/builder.ts';
import type { Operators, OpName } from '../../generator/graph/graph.ts';
import { float32, sizeOf } from '../../generator/graph/tensor.ts';
import { describeLayers } from '../../generator/models/layers.ts';
import { type GraphRequest, INPUT, type Model } from '../../generator/models/model.ts';
import { RandomStream } from '../../generator/render/random.ts';

/** The side of the tiny network's pictures. */
export const TINY_SIZE = 16;

/** The tiny network: names are slugs. `first` 3 (or so many `colours`) → 6 at stride 1, `second` 6 → 8 depthwise and pointwise at stride 2, `third` 8 → 5, pooled. */
export function tinyModel(colours = 3): Model {
  const add = (builder: GraphBuilder) => {
    const conv = (x: string, name: string, shape: number[], stride: number, group = 1) =>
      builder.add(
        'Conv',
        [x, weights(builder, name, shape, 1.4 / Math.sqrt(sizeOf(shape.slice(1)))), weights(builder, `${name}-bias`, [shape[0]], 0.05)],
        { strides: [stride, stride], pads: [1, 1, 1, 1], dilations: [1, 1], group },
        { outputs: [name] },
      );
    const first = builder.add('Relu', [conv(INPUT, 'first', [6, colours, 3, 3], 1)], {}, { outputs: ['first-relu'] });
    const depthwise = conv(first, 'second', [6, 1, 3, 3], 2, 6);
    const second = builder.add('Clip', [depthwise, builder.scalar(0), builder.scalar(6)], {}, { outputs: ['second-clip'] });
    const pool = { kernel_shape: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0] };
    const pooled = builder.add('MaxPool', [second], { ...pool, dilations: [1, 1], ceil_mode: 0 }, { outputs: ['pool'] });
    const third = conv(pooled, 'third', [5, 6, 3, 3], 1);
    const last = builder.add('Relu', [third], {}, { outputs: ['third-relu'] });
    builder.add('GlobalAveragePool', [last], {}, { outputs: ['logits'] });
  };
  return handMadeModel(add, { scale: Array.from({ length: colours }, () => 2), offset: Array.from({ length: colours }, () => -1) });
}

/** Makes a model of whatever `add` adds to a builder that holds the input; every four-dimensional value is a layer under its own name. */
export function handMadeModel(add: (builder: GraphBuilder) => void, preprocess = { scale: [2, 2, 2], offset: [-1, -1, -1] }): Model {
  const build = ({ layers, batch, height, width }: GraphRequest) => {
    const builder = new GraphBuilder();
    builder.input(INPUT, { dtype: 'float32', shape: [batch, preprocess.scale.length, height, width] });
    add(builder);
    return builder.build(layers.length > 0 ? layers : [builder.nodes.at(-1)?.outputs[0] ?? INPUT]);
  };
  return {
    id: 'tiny',
    title: 'Tiny',
    format: 'hand-made',
    source: 'test/render/tiny-model.ts',
    licence: 'unknown',
    weightsSha256: '0'.repeat(64),
    preprocess,
    size: TINY_SIZE,
    assumptions: [],
    graph: build,
    layers: (size = TINY_SIZE) => {
      const graph = build({ layers: [], batch: 1, height: size, width: size });
      const names = graph.nodes.flatMap((node) => node.outputs);
      return describeLayers(graph, { slugs: new Map(names.map((name) => [name, name])), fileOperators: new Map<string, OpName>() });
    },
  };
}

/** A named constant of normal draws of a deviation. */
export function weights(builder: GraphBuilder, name: string, shape: readonly number[], deviation: number): string {
  return builder.constant(float32(shape, draws(name, sizeOf(shape), deviation)));
}

/** Named normal draws. */
export function draws(name: string, count: number, deviation = 1): Float32Array {
  const stream = new RandomStream('render-test', name);
  return Float32Array.from({ length: count }, () => deviation * stream.normal());
}

/** The attributes of a plain convolution, stride 1, unpadded. */
export const PLAIN_CONV: Operators['Conv'] = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 };
