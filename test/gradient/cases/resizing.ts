/** Operators that resize and pad. */
import type { ResizeAttributes } from '../../../generator/graph/resize.ts';
import { float32 } from '../../../generator/graph/tensor.ts';
import type { Case } from '../case.ts';

const padding = (about: string, mode: 'constant' | 'reflect' | 'edge', x: number[], pads: number[]): Case => ({
  about,
  x,
  build: (b, input) => b.add('Pad', [input, b.integers(pads), ...(mode === 'constant' ? [b.scalar(7)] : [])], { mode }),
});

const resize = (about: string, x: number[], by: { scales: number[] } | { sizes: number[] }, changes: Partial<ResizeAttributes>): Case => ({
  about,
  x,
  build: (b, input) => {
    const sized = 'sizes' in by;
    const inputs = sized ? [input, '', '', b.integers(by.sizes)] : [input, '', b.constant(float32([by.scales.length], by.scales))];
    return b.add('Resize', inputs, {
      mode: 'linear',
      coordinate_transformation_mode: 'half_pixel',
      nearest_mode: 'round_prefer_floor',
      cubic_coeff_a: -0.75,
      exclude_outside: 0,
      ...changes,
    });
  },
});

const COORDINATES = ['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric'] as const;
const NEAREST = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'] as const;

export const resizings = {
  Pad: [
    {
      about: 'uneven, by a constant',
      x: [2, 3, 2],
      build: (b, x) => b.add('Pad', [x, b.integers([0, 1, 2, 1, 0, 3]), b.scalar(7)], { mode: 'constant' }),
    },
    padding('that cuts and adds', 'constant', [4, 5], [-1, 2, 1, -2]),
    padding('reflected', 'reflect', [1, 2, 5, 4], [0, 0, 2, 1, 0, 0, 1, 3]),
    padding('reflected, the same value on both sides', 'reflect', [2, 3], [0, 2, 0, 2]),
    padding('edges', 'edge', [1, 2, 3, 2], [0, 0, 3, 1, 0, 1, 0, 4]),
  ],
  Resize: [
    ...COORDINATES.flatMap((coordinate_transformation_mode) => [
      resize(`linear, up, ${coordinate_transformation_mode}`, [1, 2, 3, 4], { scales: [1, 1, 2, 1.6] }, { coordinate_transformation_mode }),
      resize(`linear, down, ${coordinate_transformation_mode}`, [1, 1, 7, 6], { sizes: [1, 1, 3, 4] }, { coordinate_transformation_mode }),
      resize(
        `nearest, ${coordinate_transformation_mode}`,
        [1, 2, 3, 5],
        { sizes: [1, 2, 7, 3] },
        { mode: 'nearest', coordinate_transformation_mode },
      ),
      resize(
        `cubic, ${coordinate_transformation_mode}`,
        [1, 1, 5, 4],
        { sizes: [1, 1, 8, 3] },
        { mode: 'cubic', coordinate_transformation_mode },
      ),
    ]),
    ...NEAREST.map((nearest_mode) =>
      resize(
        `nearest, ${nearest_mode}`,
        [1, 1, 4, 6],
        { scales: [1, 1, 1.75, 0.5] },
        { mode: 'nearest', nearest_mode, coordinate_transformation_mode: 'half_pixel' },
      ),
    ),
    resize('cubic, outside excluded', [1, 1, 4, 4], { sizes: [1, 1, 9, 3] }, { mode: 'cubic', cubic_coeff_a: -0.5, exclude_outside: 1 }),
    resize(
      'nearest, twice as large',
      [2, 3, 3, 2],
      { scales: [1, 1, 2, 3] },
      { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
    ),
    resize(
      'nearest, of rank 3',
      [1, 2, 5],
      { sizes: [1, 2, 9] },
      { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
    ),
    resize('linear, of rank 3', [2, 3, 5], { sizes: [2, 3, 8] }, {}),
    resize('linear, of rank 5', [1, 2, 2, 3, 3], { sizes: [1, 2, 3, 5, 2] }, {}),
    resize('to one pixel', [1, 1, 4, 3], { sizes: [1, 1, 1, 1] }, { coordinate_transformation_mode: 'align_corners' }),
  ],
} satisfies Record<string, Case[]>;
