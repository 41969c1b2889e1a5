/** Normalisations. */
import { type Case, divisors, normals } from '../case.ts';

const layer = (about: string, x: number[], axis: number, parameters: number[], bias = true): Case => ({
  about,
  x,
  build: (b, input) => {
    const scale = normals(b, parameters, 'scale');
    return b.add('LayerNormalization', [input, scale, ...(bias ? [normals(b, parameters, 'bias')] : [])], { axis, epsilon: 0.01 });
  },
});

const response = (about: string, x: number[], size: number): Case => ({
  about,
  x,
  build: (b, input) => b.add('LRN', [input], { alpha: 0.7, beta: 0.75, bias: 1.5, size }),
});

export const normalisations = {
  BatchNormalization: [
    {
      about: 'fixed statistics',
      x: [2, 3, 4, 5],
      build: (b, x) => {
        const [scale, bias, mean] = ['scale', 'bias', 'mean'].map((name) => normals(b, [3], name));
        return b.add('BatchNormalization', [x, scale, bias, mean, divisors(b, [3])], { epsilon: 0.01 });
      },
    },
  ],
  InstanceNormalization: [
    {
      about: 'two images',
      x: [2, 3, 4, 5],
      build: (b, x) => b.add('InstanceNormalization', [x, normals(b, [3], 'scale'), normals(b, [3], 'bias')], { epsilon: 0.01 }),
    },
    {
      about: '1-D',
      x: [2, 2, 7],
      build: (b, x) => b.add('InstanceNormalization', [x, normals(b, [2], 'scale'), normals(b, [2], 'bias')], { epsilon: 0.01 }),
    },
  ],
  LayerNormalization: [
    layer('last axis', [2, 3, 7], -1, [7]),
    layer('last two axes', [2, 3, 7], 1, [3, 7]),
    layer('every axis', [3, 4], 0, [3, 4]),
    layer('no bias', [2, 3, 7], -2, [3, 7], false),
  ],
  LRN: [
    response('odd window', [2, 7, 2, 3], 5),
    response('a narrow window', [1, 6, 3, 2], 3),
    response('a window wider than the channels', [1, 3, 2, 2], 7),
    response('a window of one', [1, 3, 2, 2], 1),
  ],
} satisfies Record<string, Case[]>;
