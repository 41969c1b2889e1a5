/** Vectors of the fixture store's random directions: made up, of length one, the same each time. */
import { bell, drawFrom } from './make-picture.ts';

/** The vector of `random-<index>` of a layer as the store keeps it: float32, little-endian. */
export function makeDirection(channels: number, depth: number, index: number): Buffer {
  const draw = drawFrom(depth * 6151 + index * 37 + 11);
  const values = Array.from({ length: channels }, () => bell(draw));
  const length = Math.hypot(...values);
  const bytes = Buffer.alloc(channels * 4);
  for (const [i, value] of values.entries()) bytes.writeFloatLE(value / length, i * 4);
  return bytes;
}
