/** Steps and halves of the number line as one pass over the values. */
import type { GraphBuilder } from '../../graph/builder.ts';

/**
 * So steep that a hard sigmoid is a step: a power of two, so that alpha·x + beta is exact and a value on the kink gives exactly 0; less steep by as
 * much as the threshold is large, so that beta stays a float32.
 */
function steepness(threshold: number): number {
  return 2 ** (100 - Math.max(0, Math.ceil(Math.log2(Math.max(1, Math.abs(threshold))))));
}

/** 1 where x > threshold, else 0. */
export function stepAbove(builder: GraphBuilder, x: string, threshold: number): string {
  const alpha = steepness(threshold);
  return builder.add('HardSigmoid', [x], { alpha, beta: -alpha * threshold });
}

/** 1 where x < threshold, else 0. */
export function stepBelow(builder: GraphBuilder, x: string, threshold: number): string {
  const alpha = steepness(threshold);
  return builder.add('HardSigmoid', [x], { alpha: -alpha, beta: alpha * threshold });
}

/** min(x, 0). */
export function negativePart(builder: GraphBuilder, x: string): string {
  return builder.add('Clip', [x, '', builder.scalar(0)], {});
}
