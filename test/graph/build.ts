/** Building one operator on one input, and attributes that many of them share. */
import { GraphBuilder } from '../../generator/graph/builder.ts';
import { float32 } from '../../generator/graph/tensor.ts';

/** Adds an operator that reads `x`, and names its result. */
export type Build = (builder: GraphBuilder, x: string) => string;

export const window = { kernel_shape: [3], strides: [2], pads: [1, 1], ceil_mode: 0 };
export const conv = { strides: [2], pads: [1, 1], dilations: [1], group: 1 };
export const weights = (b: GraphBuilder, ...shape: number[]) =>
  b.constant(float32(shape, new Float32Array(shape.reduce((product, extent) => product * extent, 1))));
export const resize = {
  mode: 'nearest',
  coordinate_transformation_mode: 'asymmetric',
  nearest_mode: 'floor',
  cubic_coeff_a: -0.75,
  exclude_outside: 0,
} as const;

/** The shape of what is made of an input of a shape. */
export function build(shape: readonly number[], make: Build): readonly number[] {
  const builder = new GraphBuilder();
  return builder.shape(make(builder, builder.input('x', { dtype: 'float32', shape })));
}
