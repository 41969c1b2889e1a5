/** Small graphs with odd shapes and strides, at least one for every differentiable operator: the type sees to that. */
import type { DifferentiableOp } from '../../generator/gradient/rule.ts';
import { type Case, divisors, normals } from './case.ts';
import { curves } from './cases/curves.ts';
import { movings } from './cases/moving.ts';
import { normalisations } from './cases/normalisation.ts';
import { products } from './cases/product.ts';
import { reductions } from './cases/reduction.ts';
import { resizings } from './cases/resizing.ts';
import { windows } from './cases/window.ts';

const unary = (
  op: 'Neg' | 'Sqrt' | 'Exp' | 'Sin' | 'Cos' | 'Atan' | 'Abs' | 'Tanh' | 'Relu' | 'Sigmoid' | 'Identity',
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
    conv('1-D, stride 2, grouped', [2, 4, 9], [6, 2, 3], [2], [1, 0], [1], 2),
    conv('3-D, uneven strides and padding', [1, 2, 4, 5, 6], [3, 2, 2, 3, 2], [1, 2, 3], [0, 1, 0, 1, 0, 1], [2, 1, 1]),
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
  Atan: unary('Atan'),
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
  ...curves,
  ...products,
  ...windows,
  ...normalisations,
  ...reductions,
  ...movings,
  ...resizings,
} satisfies { [O in DifferentiableOp]: Case[] } as Record<DifferentiableOp, Case[]>;
