/** Powers, extrema, and non-linearities other than the clipped ones. */
import { type Case, divisors, normals } from '../case.ts';

const unary = (op: 'Log' | 'Reciprocal' | 'Erf' | 'Softplus' | 'Softsign', values: 'apart' | 'above' = 'apart'): Case[] => [
  { about: 'element by element', x: [2, 3, 5], values, build: (b, x) => b.add(op, [x], {}) },
];

const sloped = (op: 'LeakyRelu' | 'Elu' | 'Celu' | 'ThresholdedRelu', alphas: number[]): Case[] =>
  alphas.map((alpha) => ({ about: `alpha ${alpha}`, x: [3, 9], values: 'apart', build: (b, x) => b.add(op, [x], { alpha }) }));

const extremum = (op: 'Max' | 'Min'): Case[] => [
  { about: 'of two', x: [3, 5], values: 'apart', build: (b, x) => b.add(op, [x, normals(b, [3, 5])], {}) },
  {
    about: 'of three, one broadcast',
    x: [3, 1],
    values: 'apart',
    build: (b, x) => b.add(op, [normals(b, [2, 3, 4]), x, b.scalar(0.3)], {}),
  },
  { about: 'of x and its half', x: [3, 5], values: 'apart', build: (b, x) => b.add(op, [x, b.add('Mul', [x, b.scalar(0.5)], {})], {}) },
  { about: 'of one', x: [2, 3], build: (b, x) => b.add(op, [x], {}) },
];

export const curves = {
  Log: unary('Log', 'above'),
  Reciprocal: unary('Reciprocal', 'above'),
  Erf: unary('Erf'),
  Softplus: unary('Softplus'),
  Softsign: unary('Softsign'),
  Pow: [
    { about: 'a square, of either sign', x: [3, 4], values: 'apart', build: (b, x) => b.add('Pow', [x, b.scalar(2)], {}) },
    { about: 'a cube, of either sign', x: [3, 4], values: 'apart', build: (b, x) => b.add('Pow', [x, b.scalar(3)], {}) },
    {
      about: 'an exponent for each column, broadcast to x',
      x: [2, 4],
      values: 'above',
      build: (b, x) => b.add('Pow', [x, normals(b, [4])], {}),
    },
    {
      about: 'integer exponents that broadcast x',
      x: [3, 1],
      values: 'above',
      build: (b, x) => b.add('Pow', [x, b.integers([0, 1, 2, -2])], {}),
    },
    { about: 'by the exponent', x: [3, 1], values: 'apart', build: (b, x) => b.add('Pow', [divisors(b, [2, 3, 4]), x], {}) },
    { about: 'x to the x', x: [2, 3], values: 'above', build: (b, x) => b.add('Pow', [x, x], {}) },
  ],
  Max: extremum('Max'),
  Min: extremum('Min'),
  LeakyRelu: sloped('LeakyRelu', [0.1, 1.5, -0.3]),
  PRelu: [
    {
      about: 'a slope for each channel',
      x: [2, 3, 2, 2],
      values: 'apart',
      build: (b, x) => b.add('PRelu', [x, normals(b, [3, 1, 1])], {}),
    },
    { about: 'by the slope', x: [3, 1], values: 'apart', build: (b, x) => b.add('PRelu', [normals(b, [2, 3, 4]), x], {}) },
  ],
  Elu: sloped('Elu', [1, 0.6]),
  Selu: [{ about: 'as published', x: [3, 9], values: 'apart', build: (b, x) => b.add('Selu', [x], { alpha: 1.6732632, gamma: 1.050701 }) }],
  Celu: sloped('Celu', [1, 0.7]),
  ThresholdedRelu: sloped('ThresholdedRelu', [1, 0]),
  HardSwish: [
    {
      about: 'either side of ±3',
      x: [8, 8],
      values: 'apart',
      build: (b, x) => b.add('HardSwish', [b.add('Mul', [x, b.scalar(0.99)], {})], {}),
    },
  ],
} satisfies Record<string, Case[]>;
