/** What a case of the gradient tests is, and the constants that cases are made of. */
import type { GraphBuilder } from '../../generator/graph/builder.ts';
import { float32, sizeOf } from '../../generator/graph/tensor.ts';
import { RandomStream } from '../../generator/render/random.ts';

export interface Case {
  about: string;
  /** Shape of x, the value differentiated by. */
  x: readonly number[];
  /** Values of x: `apart` keeps them at least 0.08 from each other and from the kinks at 0 and ±1; `above` is that, shifted to [0.5, …). */
  values?: 'apart' | 'above';
  /** Makes y from x. */
  build: (builder: GraphBuilder, x: string) => string;
}

/** A named constant of normal draws. */
export function normals(builder: GraphBuilder, shape: readonly number[], name = 'weights'): string {
  const stream = new RandomStream('gradient-test', name, shape.join());
  return builder.constant(
    float32(
      shape,
      Float32Array.from({ length: sizeOf(shape) }, () => stream.normal()),
    ),
  );
}

/** A constant of values well away from zero. */
export function divisors(builder: GraphBuilder, shape: readonly number[]): string {
  const stream = new RandomStream('gradient-test', 'divisors', shape.join());
  return builder.constant(
    float32(
      shape,
      Float32Array.from({ length: sizeOf(shape) }, () => stream.between(0.5, 2)),
    ),
  );
}
