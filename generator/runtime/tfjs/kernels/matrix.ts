/** Matrix products and what is made of them. */
import type * as tf from '@tensorflow/tfjs-core';
import { indexExtents, parseEquation } from '../../../graph/einsum.ts';
import { interpolationMatrix, resizeScales } from '../../../graph/resize.ts';
import { broadcast } from '../../../graph/shapes.ts';
import { sizeOf } from '../../../graph/tensor.ts';
import { type Kernel, type KernelTable, shapeOf, type Tfjs } from '../kernel.ts';

const matMul: Kernel<'MatMul'> = (context) => {
  const { tf, outputs } = context;
  // A vector is a row before the product and a column after it.
  const a = shapeOf(context, 0).length === 1 ? [1, ...shapeOf(context, 0)] : shapeOf(context, 0);
  const b = shapeOf(context, 1).length === 1 ? [...shapeOf(context, 1), 1] : shapeOf(context, 1);
  const result = [...outputs[0].shape];
  if (b.length === 2) {
    // One large product instead of many small ones.
    const flat = [sizeOf(a.slice(0, -1)), b[0]];
    return (input) => tf.reshape(tf.matMul(tf.reshape(input(0), flat), tf.reshape(input(1), b)), result);
  }
  const outer = broadcast(a.slice(0, -2), b.slice(0, -2));
  const batch = sizeOf(outer);
  const stacked = (shape: number[]) => {
    const matrix = shape.slice(-2);
    const own = sizeOf(shape.slice(0, -2));
    // Backends repeat a single matrix over the batch; whatever else is spread out first.
    if (own === 1 || own === batch) return (x: tf.Tensor) => tf.reshape(x, [own, ...matrix]);
    return (x: tf.Tensor) => tf.reshape(tf.broadcastTo(tf.reshape(x, shape), [...outer, ...matrix]), [batch, ...matrix]);
  };
  const [left, right] = [stacked(a), stacked(b)];
  return (input) => tf.reshape(tf.matMul(left(input(0)), right(input(1))), result);
};

/** From the left, two terms at a time, each pair as a batch of matrix products; an index is summed as soon as nobody needs it any more. */
const einsum: Kernel<'Einsum'> = ({ tf, attributes, inputs }) => {
  const shapes = inputs.map((type) => type?.shape ?? []);
  const equation = parseEquation(
    attributes.equation,
    shapes.map(({ length }) => length),
  );
  const extents = indexExtents(equation, shapes);
  return (input) => {
    let term = '';
    let value: tf.Tensor = tf.scalar(1);
    equation.terms.forEach((next, i) => {
      const needed = new Set([...equation.result, ...equation.terms.slice(i + 1).join('')]);
      const product = contract(tf, { term, value }, { term: next, value: input(i) }, needed, extents);
      term = product.term;
      value = product.value;
    });
    return tf.transpose(
      value,
      [...equation.result].map((index) => term.indexOf(index)),
    );
  };
};

interface Term {
  readonly term: string;
  readonly value: tf.Tensor;
}

function contract(tf: Tfjs, a: Term, b: Term, needed: ReadonlySet<string>, extents: ReadonlyMap<string, number>): Term {
  const extent = (index: string) => extents.get(index) ?? 1;
  const size = (indices: readonly string[]) => sizeOf(indices.map(extent));
  const own = (one: Term, other: Term) => {
    // What one term alone has and nobody needs is summed first.
    const gone = [...one.term].flatMap((index, axis) => (!other.term.includes(index) && !needed.has(index) ? axis : []));
    return { term: [...one.term].filter((_, axis) => !gone.includes(axis)).join(''), value: tf.sum(one.value, gone) };
  };
  const [left, right] = [own(a, b), own(b, a)];
  const shared = [...left.term].filter((index) => right.term.includes(index));
  const batch = shared.filter((index) => needed.has(index));
  const summed = shared.filter((index) => !needed.has(index));
  const [rows, columns] = [left, right].map(({ term }) => [...term].filter((index) => !shared.includes(index)));
  const ordered = ({ term, value }: Term, order: readonly string[], shape: number[]) =>
    tf.reshape(
      tf.transpose(
        value,
        order.map((index) => term.indexOf(index)),
      ),
      shape,
    );
  const product = tf.matMul(
    ordered(left, [...batch, ...rows, ...summed], [size(batch), size(rows), size(summed)]),
    ordered(right, [...batch, ...summed, ...columns], [size(batch), size(summed), size(columns)]),
  );
  const term = [...batch, ...rows, ...columns];
  return { term: term.join(''), value: tf.reshape(product, term.map(extent)) };
}

/** Axis by axis, a product with the matrix of its weights. */
const resize: Kernel<'Resize'> = (context) => {
  const { tf, attributes, constants, outputs, hold } = context;
  const extents = shapeOf(context);
  const scales = resizeScales(extents, constants);
  const axes = extents.flatMap((from, axis) => {
    const to = outputs[0].shape[axis];
    if (from === to && scales[axis] === 1) return [];
    const weights = interpolationMatrix(from, to, scales[axis], attributes);
    return { axis, from, to, matrix: hold(() => tf.tensor2d(weights, [to, from])) };
  });
  return (input) =>
    axes.reduce<tf.Tensor>((x, { axis, from, to, matrix }) => {
      const after = sizeOf(x.shape.slice(axis + 1));
      const stacked = tf.reshape(x, [sizeOf(x.shape.slice(0, axis)), from, after]);
      return tf.reshape(tf.matMul(tf.reshape(matrix, [1, to, from]), stacked), x.shape.with(axis, to));
    }, input(0).clone());
};

export const matrix = {
  Gemm: ({ tf, attributes: { alpha, beta, transA, transB }, inputs }) => {
    return (input) => {
      const product = tf.matMul(input(0), input(1), transA === 1, transB === 1);
      const scaled = alpha === 1 ? product : tf.mul(product, alpha);
      return inputs[2] ? tf.add(scaled, beta === 1 ? input(2) : tf.mul(input(2), beta)) : scaled;
    };
  },
  MatMul: matMul,
  Einsum: einsum,
  Resize: resize,
} satisfies KernelTable<'Gemm' | 'MatMul' | 'Einsum' | 'Resize'>;
