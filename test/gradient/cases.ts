/** Small graphs with odd shapes and strides, at least one for every differentiable operator: the type sees to that. */
import type { DifferentiableOp } from '../../generator/gradient/rule.ts';
import type { GraphBuilder } from '../../generator/graph/builder.ts';
import { float32, sizeOf } from '../../generator/graph/tensor.ts';
import { RandomStream } from '../../generator/render/random.ts';

export interface Case {
  about: string;
  /** Shape of x, the value differentiated by. */
  x: readonly number[];
  /** Values of x: `apart` keeps them at least 0.08 from each other and from the kinks at 0 and ±1; `above` is that, shifted to [0.5, …). */
  values?: 'apart' | 'above';
  /** Makes y from x. */
  build: (builder: GraphBuilder, x: string) => string;
}

/** A named constant of normal draws. */
export function normals(builder: GraphBuilder, shape: readonly number[], name = 'weights'): string {
  const stream = new RandomStream('gradient-test', name, shape.join());
  return builder.constant(
    float32(
      shape,
      Float32Array.from({ length: sizeOf(shape) }, () => stream.normal()),
    ),
  );
}

/** A constant of values well away from zero. */
function divisors(builder: GraphBuilder, shape: readonly number[]): string {
  const stream = new RandomStream('gradient-test', 'divisors', shape.join());
  return builder.constant(
    float32(
      shape,
      Float32Array.from({ length: sizeOf(shape) }, () => stream.between(0.5, 2)),
    ),
  );
}

const unary = (
  op: 'Neg' | 'Sqrt' | 'Exp' | 'Sin' | 'Cos' | 'Abs' | 'Tanh' | 'Relu' | 'Sigmoid' | 'Identity',
  values: 'apart' | 'above' = 'apart',
): Case[] => [{ about: 'element by element', x: [2, 3, 5], values, build: (b, x) => b.add(op, [x], {}) }];

const binary = (op: 'Add' | 'Sub' | 'Mul' | 'Div'): Case[] => [
  { about: 'x first', x: [2, 3, 4], build: (b, x) => b.add(op, [x, divisors(b, [2, 3, 4])], {}) },
  { about: 'x second', x: [2, 3, 4], values: 'above', build: (b, x) => b.add(op, [normals(b, [2, 3, 4]), x], {}) },
  { about: 'x broadcast from a lower rank', x: [3, 1], values: 'above', build: (b, x) => b.add(op, [normals(b, [2, 3, 4]), x], {}) },
  { about: 'x on both sides', x: [2, 3], values: 'above', build: (b, x) => b.add(op, [b.add('Mul', [x, x], {}), x], {}) },
];

const conv = (about: string, x: number[], weights: number[], strides: number[], pads: number[], dilations = [1, 1], group = 1): Case => ({
  about,
  x,
  build: (b, input) => b.add('Conv', [input, normals(b, weights), normals(b, [weights[0]], 'bias')], { strides, pads, dilations, group }),
});

const transposedConv = (
  about: string,
  x: number[],
  weights: number[],
  strides: number[],
  pads: number[],
  output_padding: number[],
  group = 1,
): Case => ({
  about,
  x,
  build: (b, input) => b.add('ConvTranspose', [input, normals(b, weights)], { strides, pads, dilations: [1, 1], group, output_padding }),
});

const pool = { dilations: [1, 1], ceil_mode: 0 };

export const CASES = {
  Conv: [
    conv('1×1', [2, 3, 4, 5], [4, 3, 1, 1], [1, 1], [0, 0, 0, 0]),
    conv('3×3, stride 1, padded', [1, 2, 5, 7], [3, 2, 3, 3], [1, 1], [1, 1, 1, 1]),
    conv('3×2, stride 1, uneven padding', [1, 2, 5, 7], [3, 2, 3, 2], [1, 1], [2, 0, 1, 1]),
    conv('padding wider than the kernel', [1, 2, 4, 3], [2, 2, 2, 2], [1, 1], [3, 2, 3, 2]),
    conv('3×3, stride 2, SAME on even sizes', [2, 3, 6, 8], [4, 3, 3, 3], [2, 2], [0, 0, 1, 1]),
    conv('3×3, stride 2, SAME on odd sizes', [1, 3, 7, 9], [4, 3, 3, 3], [2, 2], [1, 1, 1, 1]),
    conv('stride that leaves a remainder', [1, 2, 8, 9], [3, 2, 3, 3], [3, 2], [0, 0, 0, 0]),
    conv('stride longer than the kernel', [1, 2, 7, 7], [3, 2, 2, 2], [3, 3], [0, 0, 0, 0]),
    conv('depthwise', [2, 4, 5, 5], [4, 1, 3, 3], [1, 1], [1, 1, 1, 1], [1, 1], 4),
    conv('depthwise, stride 2, SAME', [1, 4, 6, 7], [4, 1, 3, 3], [2, 2], [0, 1, 1, 1], [1, 1], 4),
    conv('grouped, dilated', [1, 4, 7, 8], [6, 2, 3, 3], [1, 1], [2, 2, 2, 2], [2, 2], 2),
    conv('grouped, dilated, strided', [1, 4, 9, 8], [6, 2, 3, 3], [2, 2], [1, 2, 2, 1], [2, 2], 2),
    conv('5×5, stride 2', [1, 2, 9, 11], [2, 2, 5, 5], [2, 2], [2, 2, 2, 2]),
  ],
  ConvTranspose: [
    transposedConv('stride 1', [1, 3, 4, 5], [3, 2, 3, 3], [1, 1], [1, 1, 1, 1], [0, 0]),
    transposedConv('stride 2, output padding', [1, 2, 4, 3], [2, 3, 3, 3], [2, 2], [1, 0, 1, 1], [1, 1]),
    transposedConv('output padding that makes room for another window', [1, 2, 3, 3], [2, 2, 1, 1], [2, 2], [0, 0, 0, 0], [1, 1]),
    transposedConv('grouped', [1, 4, 3, 3], [4, 1, 3, 3], [2, 2], [0, 0, 0, 0], [0, 0], 4),
  ],
  Gemm: [
    {
      about: 'plain',
      x: [2, 3],
      build: (b, x) => b.add('Gemm', [x, normals(b, [3, 4]), normals(b, [4])], { alpha: 0.5, beta: 2, transA: 0, transB: 0 }),
    },
    {
      about: 'both turned',
      x: [3, 2],
      build: (b, x) => b.add('Gemm', [x, normals(b, [4, 3])], { alpha: 1.5, beta: 1, transA: 1, transB: 1 }),
    },
    {
      about: 'by the second',
      x: [3, 4],
      build: (b, x) => b.add('Gemm', [normals(b, [2, 3]), x], { alpha: 0.5, beta: 1, transA: 0, transB: 0 }),
    },
    {
      about: 'by the second, turned',
      x: [4, 3],
      build: (b, x) => b.add('Gemm', [normals(b, [3, 2]), x], { alpha: 0.5, beta: 1, transA: 1, transB: 1 }),
    },
    {
      about: 'by the third',
      x: [4],
      build: (b, x) => b.add('Gemm', [normals(b, [2, 3]), normals(b, [3, 4]), x], { alpha: 1, beta: 0.5, transA: 0, transB: 0 }),
    },
  ],
  MatMul: [
    { about: 'by the first, broadcast', x: [2, 3, 4, 5], build: (b, x) => b.add('MatMul', [x, normals(b, [5, 3])], {}) },
    { about: 'by the second, broadcast', x: [2, 3, 4, 5], build: (b, x) => b.add('MatMul', [normals(b, [3, 4]), x], {}) },
    { about: 'both computed', x: [2, 3, 3], build: (b, x) => b.add('MatMul', [x, x], {}) },
    { about: 'a shared second', x: [5, 3], build: (b, x) => b.add('MatMul', [normals(b, [2, 4, 5]), x], {}) },
  ],
  Add: binary('Add'),
  Sub: binary('Sub'),
  Mul: binary('Mul'),
  Div: binary('Div'),
  Sum: [{ about: 'three terms, one broadcast, one twice', x: [3, 1], build: (b, x) => b.add('Sum', [x, normals(b, [2, 3, 4]), x], {}) }],
  Neg: unary('Neg'),
  Sqrt: unary('Sqrt', 'above'),
  Exp: unary('Exp'),
  Sin: unary('Sin'),
  Cos: unary('Cos'),
  Abs: unary('Abs'),
  Tanh: unary('Tanh'),
  Relu: unary('Relu'),
  Sigmoid: unary('Sigmoid'),
  Identity: unary('Identity'),
  HardSigmoid: [
    { about: 'a slope and two ends', x: [3, 9], values: 'apart', build: (b, x) => b.add('HardSigmoid', [x], { alpha: 0.5, beta: 0.5 }) },
  ],
  Clip: [
    { about: 'both bounds', x: [3, 9], values: 'apart', build: (b, x) => b.add('Clip', [x, b.scalar(-1), b.scalar(1)], {}) },
    { about: 'lower bound alone', x: [3, 9], values: 'apart', build: (b, x) => b.add('Clip', [x, b.scalar(0)], {}) },
    { about: 'upper bound alone', x: [3, 9], values: 'apart', build: (b, x) => b.add('Clip', [x, '', b.scalar(1)], {}) },
    { about: 'no bound', x: [3, 2], build: (b, x) => b.add('Clip', [x], {}) },
  ],
  Softmax: [
    { about: 'last axis', x: [2, 5], build: (b, x) => b.add('Softmax', [x], { axis: -1 }) },
    { about: 'first axis', x: [3, 2, 2], build: (b, x) => b.add('Softmax', [x], { axis: 0 }) },
  ],
  MaxPool: [
    {
      about: '3×3, stride 2',
      x: [1, 2, 7, 9],
      values: 'apart',
      build: (b, x) => b.add('MaxPool', [x], { ...pool, kernel_shape: [3, 3], strides: [2, 2], pads: [0, 1, 1, 0] }),
    },
    {
      about: 'windows that overlap',
      x: [2, 2, 5, 5],
      values: 'apart',
      build: (b, x) => b.add('MaxPool', [x], { ...pool, kernel_shape: [3, 2], strides: [1, 1], pads: [0, 0, 0, 0] }),
    },
    {
      about: 'ceil mode',
      x: [1, 1, 6, 5],
      values: 'apart',
      build: (b, x) => b.add('MaxPool', [x], { ...pool, kernel_shape: [3, 3], strides: [2, 2], pads: [0, 0, 0, 0], ceil_mode: 1 }),
    },
  ],
  AveragePool: [
    {
      about: '3×3, stride 2, padding counted',
      x: [1, 2, 7, 6],
      build: (b, x) =>
        b.add('AveragePool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 0, count_include_pad: 1 }),
    },
    {
      about: 'padding not counted',
      x: [2, 2, 5, 7],
      build: (b, x) =>
        b.add('AveragePool', [x], { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 1, 0, 0], ceil_mode: 0, count_include_pad: 0 }),
    },
    {
      about: 'windows that leave a remainder',
      x: [1, 1, 8, 9],
      build: (b, x) =>
        b.add('AveragePool', [x], { kernel_shape: [3, 3], strides: [3, 4], pads: [0, 0, 0, 0], ceil_mode: 0, count_include_pad: 0 }),
    },
  ],
  GlobalAveragePool: [{ about: 'odd size', x: [2, 3, 5, 3], build: (b, x) => b.add('GlobalAveragePool', [x], {}) }],
  Concat: [
    {
      about: 'x twice, around a constant',
      x: [2, 3, 2],
      build: (b, x) => b.add('Concat', [x, normals(b, [2, 1, 2]), b.add('Mul', [x, x], {})], { axis: -2 }),
    },
  ],
  Pad: [
    {
      about: 'uneven, by a constant',
      x: [2, 3, 2],
      build: (b, x) => b.add('Pad', [x, b.integers([0, 1, 2, 1, 0, 3]), b.scalar(7)], { mode: 'constant' }),
    },
  ],
  Reshape: [{ about: 'with 0 and −1', x: [2, 3, 4], build: (b, x) => b.add('Reshape', [x, b.integers([0, -1])], { allowzero: 0 }) }],
  Transpose: [{ about: 'three axes turned', x: [2, 3, 4], build: (b, x) => b.add('Transpose', [x], { perm: [2, 0, 1] }) }],
  Slice: [
    {
      about: 'from the middle, negative end',
      x: [4, 7],
      build: (b, x) =>
        b.add(
          'Slice',
          [
            x,
            ...[
              [1, 2],
              [4, -1],
              [0, 1],
            ].map((v) => b.integers(v)),
          ],
          {},
        ),
    },
    { about: 'with steps', x: [3, 8], build: (b, x) => b.add('Slice', [x, ...[[1], [100], [1], [3]].map((v) => b.integers(v))], {}) },
    {
      about: 'with steps on two axes',
      x: [7, 6],
      build: (b, x) =>
        b.add(
          'Slice',
          [
            x,
            ...[
              [0, 1],
              [7, 6],
              [0, 1],
              [2, 2],
            ].map((v) => b.integers(v)),
          ],
          {},
        ),
    },
  ],
  Squeeze: [{ about: 'two axes', x: [1, 3, 1, 2], build: (b, x) => b.add('Squeeze', [x, b.integers([0, -2])], {}) }],
  Unsqueeze: [{ about: 'two axes', x: [3, 2], build: (b, x) => b.add('Unsqueeze', [x, b.integers([0, 2])], {}) }],
  Expand: [{ about: 'two ways', x: [3, 1], build: (b, x) => b.add('Expand', [x, b.integers([2, 3, 4])], {}) }],
  ReduceSum: [
    { about: 'kept', x: [2, 3, 4], build: (b, x) => b.add('ReduceSum', [x, b.integers([1])], { keepdims: 1 }) },
    { about: 'dropped', x: [2, 3, 4], build: (b, x) => b.add('ReduceSum', [x, b.integers([0, -1])], { keepdims: 0 }) },
  ],
  ReduceMean: [{ about: 'height and width', x: [2, 3, 4, 5], build: (b, x) => b.add('ReduceMean', [x], { axes: [2, 3], keepdims: 0 }) }],
  Gather: [
    { about: 'a row twice, one from the end', x: [4, 3], build: (b, x) => b.add('Gather', [x, b.integers([2, 0, 2, -1])], { axis: 0 }) },
  ],
  Where: [
    {
      about: 'by both branches',
      x: [2, 6],
      values: 'apart',
      build: (b, x) => b.add('Where', [b.add('Greater', [normals(b, [2, 6]), b.scalar(0)], {}), x, b.add('Mul', [x, x], {})], {}),
    },
  ],
  DepthToSpace: [
    { about: 'CRD', x: [1, 8, 2, 3], build: (b, x) => b.add('DepthToSpace', [x], { blocksize: 2, mode: 'CRD' }) },
    { about: 'DCR', x: [2, 4, 3, 2], build: (b, x) => b.add('DepthToSpace', [x], { blocksize: 2, mode: 'DCR' }) },
  ],
} satisfies { [O in DifferentiableOp]: Case[] } as Record<DifferentiableOp, Case[]>;
