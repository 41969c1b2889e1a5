/** Two TF.js graph models with every operator that converters write: a small MobileNet with a residual and a head, and one with reshapes. */
import type { TinyNode, TinyWeight } from '../models/tiny-model.ts';

interface GraphModel {
  readonly name: string;
  readonly json: unknown;
  readonly weights: Uint8Array;
}

const size = (name: string, values: number[], rank = 1): TinyWeight => ({
  name,
  shape: rank === 0 ? [] : [values.length],
  values,
  dtype: 'int32',
});

// Those of tiny-model.ts come with a runtime, which the process that opens hostile files does without.
const text = (value: string) => ({ s: Buffer.from(value).toString('base64') });
const ints = (...values: number[]) => ({ list: { i: values.map(String) } });
const window = (stride: number, padding: string) => ({ strides: ints(1, stride, stride, 1), padding: text(padding) });
const image = (side: number): TinyNode => ({
  name: 'image',
  op: 'Placeholder',
  attr: { dtype: { type: 'DT_FLOAT' }, shape: { shape: { dim: [-1, side, side, 3].map((extent) => ({ size: String(extent) })) } } },
});
const weight = (name: string, shape: number[], seed = 1): TinyWeight => ({
  name,
  shape,
  values: Array.from({ length: shape.reduce((count, extent) => count * extent, 1) }, (_, i) => Math.sin(seed + 1.7 * i)),
});

const NORM = ['scale', 'offset', 'mean', 'variance'];

const MOBILE: { nodes: TinyNode[]; weights: TinyWeight[] } = {
  weights: [
    weight('stem/kernel', [3, 3, 3, 8]),
    ...NORM.map((part, i) => ({ ...weight(`stem/${part}`, [8], i + 2), values: [1, 2, 3, 4, 5, 6, 7, 8].map((v) => v / 8) })),
    weight('depthwise/kernel', [3, 3, 8, 1], 7),
    weight('project/kernel', [1, 1, 8, 8], 8),
    weight('project/bias', [8], 9),
    {
      name: 'quantised/kernel',
      shape: [1, 1, 16, 4],
      values: Array.from({ length: 64 }, (_, i) => i),
      quantization: { dtype: 'uint8', scale: 0.1, min: -3 },
    },
    size('padding', [0, 0, 1, 1, 1, 1, 0, 0]),
    size('axis', [3], 0),
    size('hw', [1, 2]),
    size('target', [24, 24]),
    weight('dense/kernel', [4, 5], 11),
    weight('slope', [8], 12),
  ],
  nodes: [
    image(32),
    { name: 'padded', op: 'Pad', input: ['image', 'pads'] },
    { name: 'pads', op: 'Reshape', input: ['padding', 'pad/shape'] },
    { name: 'pad/shape', op: 'Pack', input: ['four', 'two'], attr: { axis: { i: '0' }, N: { i: '2' } } },
    ...[
      ['four', '4'],
      ['two', '2'],
    ].map(([name, value]) => ({ name, op: 'Const', attr: { value: { tensor: { dtype: 'DT_INT32', tensorShape: {}, intVal: [value] } } } })),
    { name: 'stem/conv', op: 'Conv2D', input: ['padded', 'stem/kernel'], attr: window(2, 'VALID') },
    {
      name: 'stem/norm',
      op: 'FusedBatchNormV3',
      input: ['stem/conv', ...NORM.map((part) => `stem/${part}`)],
      attr: { epsilon: { f: 0.001 } },
    },
    { name: 'stem/relu', op: 'Relu6', input: ['stem/norm'] },
    { name: 'depthwise', op: 'DepthwiseConv2dNative', input: ['stem/relu', 'depthwise/kernel'], attr: window(1, 'SAME') },
    {
      name: 'project',
      op: '_FusedConv2D',
      input: ['depthwise', 'project/kernel', 'project/bias'],
      attr: { ...window(1, 'SAME'), fused_ops: { list: { s: [text('BiasAdd').s] } }, num_args: { i: '1' } },
    },
    { name: 'sum', op: 'AddV2', input: ['project', 'stem/relu:0', '^padded'] },
    { name: 'prelu', op: 'Prelu', input: ['sum', 'slope'] },
    { name: 'pool', op: 'MaxPool', input: ['prelu'], attr: { ...window(2, 'SAME'), ksize: ints(1, 2, 2, 1) } },
    { name: 'up', op: 'ResizeBilinear', input: ['pool', 'target'], attr: { half_pixel_centers: { b: true } } },
    { name: 'up2', op: 'ResizeNearestNeighbor', input: ['pool', 'target'] },
    { name: 'both', op: 'ConcatV2', input: ['up', 'up2', 'axis'] },
    { name: 'last', op: 'Conv2D', input: ['both', 'quantised/kernel'], attr: { ...window(1, 'SAME'), dilations: ints(1, 1, 1, 1) } },
    { name: 'mean', op: 'Mean', input: ['last', 'hw'], attr: { keep_dims: { b: false } } },
    { name: 'logits', op: 'MatMul', input: ['mean', 'dense/kernel'] },
    { name: 'classes', op: 'Softmax', input: ['logits'] },
  ],
};

const SHAPED: { nodes: TinyNode[]; weights: TinyWeight[] } = {
  weights: [
    weight('kernel', [3, 3, 3, 4]),
    weight('second', [1, 1, 4, 4], 3),
    size('shape', [-1, 8, 8, 4]),
    size('perm', [0, 2, 1, 3]),
    size('begin', [0]),
    size('end', [1]),
    size('one', [1]),
    size('depth', [3], 0),
    { name: 'half', shape: [1, 1, 1, 4], values: [0x3c00, 0x3800, 0xbc00, 0x4000], quantization: { dtype: 'float16' } },
  ],
  nodes: [
    image(16),
    { name: 'conv', op: 'Conv2D', input: ['image', 'kernel'], attr: { ...window(2, 'SAME'), data_format: text('NHWC') } },
    { name: 'bias', op: 'BiasAdd', input: ['conv', 'flat'] },
    { name: 'flat', op: 'Squeeze', input: ['half'], attr: { squeeze_dims: ints(0, 1, 2) } },
    { name: 'tanh', op: 'Tanh', input: ['bias'] },
    { name: 'shaped', op: 'Reshape', input: ['tanh', 'shape'] },
    { name: 'turned', op: 'Transpose', input: ['shaped', 'perm'] },
    { name: 'sizes', op: 'Shape', input: ['turned'] },
    { name: 'batch', op: 'StridedSlice', input: ['sizes', 'begin', 'end', 'one'], attr: { shrink_axis_mask: { i: '1' } } },
    { name: 'again', op: 'Pack', input: ['batch', 'rest', 'rest', 'four'] },
    { name: 'rest', op: 'Const', attr: { value: { tensor: { tensorShape: {}, intVal: [8] } } } },
    { name: 'four', op: 'Const', attr: { value: { tensor: { tensorShape: {}, intVal: [4] } } } },
    { name: 'back', op: 'Reshape', input: ['turned', 'again'] },
    { name: 'scaled', op: 'Mul', input: ['back', 'half'] },
    { name: 'mirror', op: 'Conv2D', input: ['scaled', 'second'], attr: window(1, 'SAME') },
    { name: 'average', op: 'AvgPool', input: ['mirror'], attr: { ...window(1, 'VALID'), ksize: ints(1, 3, 3, 1) } },
    { name: 'sigmoid', op: 'Sigmoid', input: ['average'] },
    { name: 'product', op: 'Mul', input: ['average', 'sigmoid'] },
  ],
};

/** The models as they would lie in a folder, all weights in `weights.bin`. */
export function graphModels(): readonly GraphModel[] {
  return Object.entries({ 'graph-mobile': MOBILE, 'graph-shaped': SHAPED }).map(([name, { nodes, weights }]) => {
    const constants = weights.map((entry) => ({ name: entry.name, op: 'Const' }));
    const manifest = weights.map(({ name: own, shape, dtype = 'float32', quantization }) => ({ name: own, shape, dtype, quantization }));
    const json = { modelTopology: { node: [...constants, ...nodes] }, weightsManifest: [{ paths: ['weights.bin'], weights: manifest }] };
    return { name, json, weights: Buffer.concat(weights.map(encoded)) };
  });
}

function encoded({ values, dtype = 'float32', quantization }: TinyWeight): Uint8Array {
  const stored = quantization?.dtype ?? dtype;
  const array =
    stored === 'int32'
      ? Int32Array.from(values)
      : stored === 'uint8'
        ? Uint8Array.from(values)
        : stored === 'float16'
          ? Uint16Array.from(values)
          : Float32Array.from(values);
  return new Uint8Array(array.buffer);
}
