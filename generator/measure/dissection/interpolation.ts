/** Bilinear upsampling, axis by axis: which pixels lie between which two positions, and how far along. */
import type { Axis } from './grid.ts';

/**
 * The pixels of an axis by interval: interval i lies between positions i and i + 1 (or is all there is, where there is one position), and holds
 * the pixels `first[i]` to `first[i+1]` − 1. Pixels before the first centre and after the last take its value, as the splines of Network
 * Dissection do.
 */
export interface Intervals {
  readonly count: number;
  /** `[count + 1]`. */
  readonly first: Int32Array;
  /** How far a pixel is from the lower position to the upper, 0 to 1, `[size]`. */
  readonly fraction: Float64Array;
}

/** The intervals of an axis over `size` pixels. */
export function intervals({ count, start, step }: Axis, size: number): Intervals {
  const number = Math.max(1, count - 1);
  const first = new Int32Array(number + 1).fill(size);
  first[0] = 0;
  const fraction = new Float64Array(size);
  for (let pixel = size - 1; pixel >= 0; pixel--) {
    if (count === 1) continue;
    const along = (pixel - start) / step;
    const lower = Math.min(number - 1, Math.max(0, Math.floor(along)));
    fraction[pixel] = Math.min(1, Math.max(0, along - lower));
    for (let i = lower; i > 0 && first[i] > pixel; i--) first[i] = pixel;
  }
  return { count: number, first, fraction };
}
