/** Sums over each picture of a batch, as matrix products: a reduction along a row rounds by where in memory the row begins, so by its neighbours. */
import type { GraphBuilder } from '../graph/builder.ts';
import { sizeOf } from '../graph/tensor.ts';

/** Adds Σ value over all but the first axis, `[batch]`. */
export function addImageSums(builder: GraphBuilder, value: string): string {
  const [batch, ...rest] = builder.shape(value);
  const ones = builder.add('Expand', [builder.scalar(1), builder.integers([batch, sizeOf(rest), 1])], {});
  return product(builder, value, ones);
}

/** Adds Σ a·b over all but the first axis, `[batch]`. Both have the same shape. */
export function addImageProducts(builder: GraphBuilder, a: string, b: string): string {
  const [batch, ...rest] = builder.shape(b);
  const column = builder.add('Reshape', [b, builder.integers([batch, sizeOf(rest), 1])], { allowzero: 0 });
  return product(builder, a, column);
}

function product(builder: GraphBuilder, value: string, column: string): string {
  const [batch, length] = builder.shape(column);
  const row = builder.add('Reshape', [value, builder.integers([batch, 1, length])], { allowzero: 0 });
  return builder.add('Reshape', [builder.add('MatMul', [row, column], {}), builder.integers([batch])], { allowzero: 0 });
}
