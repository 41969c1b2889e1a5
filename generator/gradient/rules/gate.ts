/** Steps and halves of the number line as one pass over the values. */
import type { GraphBuilder } from '../../graph/builder.ts';

/** So steep that a hard sigmoid is a step: a power of two, so that alpha·x + beta is exact and a value on the kink gives exactly 0. */
const STEEP = 2 ** 100;

/** 1 where x > threshold, else 0. */
export function stepAbove(builder: GraphBuilder, x: string, threshold: number): string {
  return builder.add('HardSigmoid', [x], { alpha: STEEP, beta: -STEEP * threshold });
}

/** 1 where x < threshold, else 0. */
export function stepBelow(builder: GraphBuilder, x: string, threshold: number): string {
  return builder.add('HardSigmoid', [x], { alpha: -STEEP, beta: STEEP * threshold });
}

/** min(x, 0). */
export function negativePart(builder: GraphBuilder, x: string): string {
  return builder.add('Clip', [x, '', builder.scalar(0)], {});
}
