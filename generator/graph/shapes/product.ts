/** Types of matrix products. */
import { indexExtents, parseEquation } from '../einsum.ts';
import type { OpName } from '../graph.ts';
import { at, broadcast, checkFlag, checkSpreads, type InferTable } from './inference.ts';

export const product = {
  Gemm: ({ types }, { transA, transB }) => {
    checkFlag(transA, 'transA');
    checkFlag(transB, 'transB');
    const a = at(types, 0);
    const b = at(types, 1);
    if (a.shape.length !== 2 || b.shape.length !== 2) throw new Error('matrices of rank 2 are needed');
    const [m, k] = transA ? [a.shape[1], a.shape[0]] : a.shape;
    const [l, n] = transB ? [b.shape[1], b.shape[0]] : b.shape;
    if (k !== l) throw new Error(`inner extents ${k} and ${l} differ`);
    if (types[2]) checkSpreads(types[2].shape, [m, n]);
    return [{ dtype: a.dtype, shape: [m, n] }];
  },
  MatMul: ({ types }) => {
    const { dtype, shape: left } = at(types, 0);
    const { shape: right } = at(types, 1);
    if (left.length === 0 || right.length === 0) throw new Error('a scalar is not a matrix');
    const a = left.length === 1 ? [1, ...left] : left;
    const b = right.length === 1 ? [...right, 1] : right;
    const [m, k] = a.slice(-2);
    const [l, n] = b.slice(-2);
    if (k !== l) throw new Error(`inner extents ${k} and ${l} differ`);
    const rows = left.length === 1 ? [] : [m];
    const columns = right.length === 1 ? [] : [n];
    return [{ dtype, shape: [...broadcast(a.slice(0, -2), b.slice(0, -2)), ...rows, ...columns] }];
  },
  Einsum: ({ types }, { equation }) => {
    const shapes = types.map((_, i) => at(types, i).shape);
    const parsed = parseEquation(
      equation,
      shapes.map((shape) => shape.length),
    );
    const extents = indexExtents(parsed, shapes);
    return [{ dtype: at(types, 0).dtype, shape: [...parsed.result].map((index) => extents.get(index) ?? 0) }];
  },
} satisfies Partial<InferTable<OpName>>;
