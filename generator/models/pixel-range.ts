/** What users say of a network's input: the range of its pixels, and the mean and deviation that they were normalised by. */
import { fault } from '../graph/errors.ts';
import type { Preprocess } from './model.ts';

/** A range of pixel values, and what is subtracted from and divided by after: `(low + (high − low)·x − mean) / std`. */
export interface PixelRange {
  readonly range?: readonly number[] | undefined;
  readonly mean?: readonly number[] | undefined;
  readonly std?: readonly number[] | undefined;
}

/** The scale and offset of each channel that a pixel range comes to; single values count for every channel. Throws for any other number of them. */
export function toPreprocess({ range: [low, high] = [0, 1], mean = [0], std = [1] }: PixelRange, channels: number): Preprocess {
  for (const [name, values] of Object.entries({ mean, std })) {
    if (values.length === 1 || values.length === channels) continue;
    throw fault({
      where: 'the pixels',
      expected: channels === 1 ? 'one number' : `one number, or one for each of ${channels} channels,`,
      name,
      received: values.join(','),
      remedy: `The network takes images of ${channels} ${channels === 1 ? 'channel' : 'channels'}; "atlas init --help" says how to write them.`,
      exitCode: 2,
    });
  }
  const at = (values: readonly number[], c: number) => values[values.length === 1 ? 0 : c];
  const each = <T>(make: (c: number) => T) => Array.from({ length: channels }, (_, c) => make(c));
  return { scale: each((c) => (high - low) / at(std, c)), offset: each((c) => (low - at(mean, c)) / at(std, c)) };
}
