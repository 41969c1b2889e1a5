/** What users say of a network's input: the range of its pixels, and the mean and deviation that they were normalised by. */
import type { Preprocess } from './model.ts';

/** A range of pixel values, and what is subtracted from and divided by after: `(low + (high − low)·x − mean) / std`. */
export interface PixelRange {
  readonly range?: readonly number[] | undefined;
  readonly mean?: readonly number[] | undefined;
  readonly std?: readonly number[] | undefined;
}

/** The scale and offset of each channel that a pixel range comes to; single values count for every channel. */
export function toPreprocess({ range: [low, high] = [0, 1], mean = [0], std = [1] }: PixelRange, channels: number): Preprocess {
  const at = (values: readonly number[], c: number) => values[values.length === 1 ? 0 : c] ?? values.at(-1) ?? 0;
  const each = <T>(make: (c: number) => T) => Array.from({ length: channels }, (_, c) => make(c));
  return { scale: each((c) => (high - low) / at(std, c)), offset: each((c) => (low - at(mean, c)) / at(std, c)) };
}
