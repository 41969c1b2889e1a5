/** Operators that move values about. */

import { ELEMENT_TYPES } from '../../../generator/graph/shapes.ts';
import { int64 } from '../../../generator/graph/tensor.ts';
import { type Case, normals } from '../case.ts';

const slice = (about: string, x: number[], ...[starts, ends, axes, steps]: number[][]): Case => ({
  about,
  x,
  build: (b, input) => b.add('Slice', [input, ...[starts, ends, axes, steps].map((values) => b.integers(values))], {}),
});

export const movings = {
  Concat: [
    {
      about: 'x twice, around a constant',
      x: [2, 3, 2],
      build: (b, x) => b.add('Concat', [x, normals(b, [2, 1, 2]), b.add('Mul', [x, x], {})], { axis: -2 }),
    },
  ],
  Split: [
    {
      about: 'every part used, one twice',
      x: [2, 7],
      build: (b, x) => {
        b.add('Split', [x, b.integers([2, 2, 3])], { axis: -1 }, { outputs: ['one', 'two', 'three'] });
        return b.add('Concat', ['three', b.add('Mul', ['one', 'two'], {}), 'one'], { axis: 1 });
      },
    },
    {
      about: 'the last part alone',
      x: [5, 2],
      build: (b, x) => {
        b.add('Split', [x, b.integers([2, 3])], { axis: 0 }, { outputs: ['one', 'two'] });
        return b.add('Exp', ['two'], {});
      },
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
    slice('backwards', [3, 5], [-1], [-100], [1], [-1]),
    slice('backwards with steps, from the middle', [3, 8], [2, 6], [-100, 1], [0, 1], [-1, -2]),
    slice('one axis forwards, the other backwards', [7, 6], [1, 4], [7, 0], [0, 1], [3, -3]),
  ],
  Squeeze: [{ about: 'two axes', x: [1, 3, 1, 2], build: (b, x) => b.add('Squeeze', [x, b.integers([0, -2])], {}) }],
  Unsqueeze: [{ about: 'two axes', x: [3, 2], build: (b, x) => b.add('Unsqueeze', [x, b.integers([0, 2])], {}) }],
  Expand: [{ about: 'two ways', x: [3, 1], build: (b, x) => b.add('Expand', [x, b.integers([2, 3, 4])], {}) }],
  Tile: [
    { about: 'two axes of three', x: [2, 3, 1], build: (b, x) => b.add('Tile', [x, b.integers([2, 1, 3])], {}) },
    { about: 'once', x: [2, 3], build: (b, x) => b.add('Tile', [x, b.integers([1, 1])], {}) },
  ],
  Gather: [
    { about: 'a row twice, one from the end', x: [4, 3], build: (b, x) => b.add('Gather', [x, b.integers([2, 0, 2, -1])], { axis: 0 }) },
    { about: 'one index', x: [2, 4, 3], build: (b, x) => b.add('Gather', [x, b.constant(int64([], [2]))], { axis: 1 }) },
    { about: 'neighbours', x: [2, 5], build: (b, x) => b.add('Gather', [x, b.integers([1, 2, 3])], { axis: -1 }) },
    {
      about: 'a table of indices',
      x: [3, 4, 2],
      build: (b, x) => b.add('Gather', [x, b.constant(int64([2, 3], [3, 0, 1, -1, 0, 3]))], { axis: 1 }),
    },
  ],
  GatherElements: [
    {
      about: 'some twice, some from the end',
      x: [3, 4],
      build: (b, x) => b.add('GatherElements', [x, b.constant(int64([3, 3], [0, 0, -1, 1, 3, 2, 2, 2, 2]))], { axis: 1 }),
    },
  ],
  ScatterElements: [
    {
      about: 'into x',
      x: [3, 4],
      build: (b, x) => {
        const indices = b.constant(int64([2, 4], [0, 2, 1, 1, 1, 0, 2, 0]));
        return b.add('ScatterElements', [x, indices, normals(b, [2, 4])], { axis: 0, reduction: 'none' });
      },
    },
    {
      about: 'added, of x and into it',
      x: [3, 4],
      build: (b, x) => {
        const indices = b.constant(int64([3, 4], [0, 2, 1, 1, 1, 0, 1, 0, 0, 2, 2, 2]));
        return b.add('ScatterElements', [x, indices, b.add('Mul', [x, x], {})], { axis: 0, reduction: 'add' });
      },
    },
  ],
  Where: [
    {
      about: 'by both branches',
      x: [2, 6],
      values: 'apart',
      build: (b, x) => b.add('Where', [b.add('Greater', [normals(b, [2, 6]), b.scalar(0)], {}), x, b.add('Mul', [x, x], {})], {}),
    },
    {
      about: 'with all three broadcast',
      x: [3, 1],
      build: (b, x) => b.add('Where', [b.add('Greater', [normals(b, [2, 1, 4]), b.scalar(0)], {}), x, normals(b, [4])], {}),
    },
  ],
  DepthToSpace: [
    { about: 'CRD', x: [1, 8, 2, 3], build: (b, x) => b.add('DepthToSpace', [x], { blocksize: 2, mode: 'CRD' }) },
    { about: 'DCR', x: [2, 4, 3, 2], build: (b, x) => b.add('DepthToSpace', [x], { blocksize: 2, mode: 'DCR' }) },
  ],
  SpaceToDepth: [{ about: 'blocks of two', x: [1, 3, 4, 6], build: (b, x) => b.add('SpaceToDepth', [x], { blocksize: 2 }) }],
  Cast: [
    {
      about: 'between floats; of a truth value nothing comes through',
      x: [3, 4],
      values: 'apart',
      build: (b, x) => {
        const open = b.add('Cast', [b.add('Greater', [x, b.scalar(0)], {})], { to: ELEMENT_TYPES.float32 });
        return b.add('Mul', [open, b.add('Cast', [x], { to: ELEMENT_TYPES.float32 })], {});
      },
    },
  ],
} satisfies Record<string, Case[]>;
