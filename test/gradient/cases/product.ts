/** Matrix products. */
import { type Case, normals } from '../case.ts';

const einsum = (about: string, x: number[], equation: string, others: number[][], place = 0): Case => ({
  about: `${about}: ${equation}`,
  x,
  build: (b, input) => {
    const names = others.map((shape, i) => normals(b, shape, `operand ${i}`));
    return b.add('Einsum', [...names.slice(0, place), input, ...names.slice(place)], { equation });
  },
});

const gemm = (about: string, x: number[], build: Case['build']): Case => ({ about, x, build });

export const products = {
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
    gemm('the first turned', [3, 2], (b, x) => b.add('Gemm', [x, normals(b, [3, 4])], { alpha: 1, beta: 1, transA: 1, transB: 0 })),
    gemm('the second turned', [2, 3], (b, x) => b.add('Gemm', [x, normals(b, [4, 3])], { alpha: 1, beta: 1, transA: 0, transB: 1 })),
    gemm('by the second, the first turned', [3, 4], (b, x) =>
      b.add('Gemm', [normals(b, [3, 2]), x], { alpha: 1, beta: 1, transA: 1, transB: 0 }),
    ),
    gemm('by the second, itself turned', [4, 3], (b, x) =>
      b.add('Gemm', [normals(b, [2, 3]), x], { alpha: 1, beta: 1, transA: 0, transB: 1 }),
    ),
    gemm('by the third, a column', [2, 1], (b, x) =>
      b.add('Gemm', [normals(b, [2, 3]), normals(b, [3, 4]), x], { alpha: 1, beta: 0.5, transA: 0, transB: 0 }),
    ),
    gemm('by the third, a scalar', [], (b, x) =>
      b.add('Gemm', [normals(b, [2, 3]), normals(b, [3, 4]), x], { alpha: 1, beta: 2, transA: 0, transB: 0 }),
    ),
  ],
  MatMul: [
    { about: 'by the first, broadcast', x: [2, 3, 4, 5], build: (b, x) => b.add('MatMul', [x, normals(b, [5, 3])], {}) },
    { about: 'by the second, broadcast', x: [2, 3, 4, 5], build: (b, x) => b.add('MatMul', [normals(b, [3, 4]), x], {}) },
    { about: 'both computed', x: [2, 3, 3], build: (b, x) => b.add('MatMul', [x, x], {}) },
    { about: 'a shared second', x: [5, 3], build: (b, x) => b.add('MatMul', [normals(b, [2, 4, 5]), x], {}) },
    { about: 'a vector first', x: [3], build: (b, x) => b.add('MatMul', [x, normals(b, [2, 3, 4])], {}) },
    { about: 'a vector second', x: [4], build: (b, x) => b.add('MatMul', [normals(b, [2, 3, 4]), x], {}) },
    { about: 'by the first, a vector second', x: [2, 3, 4], build: (b, x) => b.add('MatMul', [x, normals(b, [4])], {}) },
    { about: 'by the second, a vector first', x: [2, 3, 4], build: (b, x) => b.add('MatMul', [normals(b, [3]), x], {}) },
    { about: 'two vectors', x: [5], build: (b, x) => b.add('MatMul', [x, normals(b, [5])], {}) },
    { about: 'batches that broadcast both ways', x: [2, 1, 3, 4], build: (b, x) => b.add('MatMul', [x, normals(b, [5, 4, 2])], {}) },
  ],
  Einsum: [
    einsum('attention', [2, 3, 4, 5], 'bhid,bhjd->bhij', [[2, 3, 6, 5]]),
    einsum('attention, by the second', [2, 3, 6, 5], 'bhid,bhjd->bhij', [[2, 3, 4, 5]], 1),
    einsum('values', [2, 4, 6], 'b i j, b j d -> b i d', [[2, 6, 5]]),
    einsum('order alone', [2, 3, 4], 'abc->cab', []),
    einsum('a sum over an index of one operand', [3, 4], 'ij,ik->k', [[3, 2]]),
    einsum('a sum of everything', [3, 4], 'ij->', []),
    einsum('no arrow', [3, 4], 'ij,jk', [[4, 2]]),
    einsum('three operands', [3, 4], 'ij,jk,kl->il', [
      [4, 2],
      [2, 5],
    ]),
    einsum(
      'three operands, by the middle one',
      [4, 2],
      'ij,jk,kl->il',
      [
        [3, 4],
        [2, 5],
      ],
      1,
    ),
    einsum('an ellipsis', [2, 3, 4, 5], '...ij,...jk->...ik', [[2, 3, 5, 2]]),
    einsum('an ellipsis in one operand', [2, 3, 4], '...j,jk->...k', [[4, 5]]),
    {
      about: 'x twice',
      x: [3, 4],
      build: (b, x) => b.add('Einsum', [x, x], { equation: 'ij,kj->ik' }),
    },
  ],
} satisfies Record<string, Case[]>;
