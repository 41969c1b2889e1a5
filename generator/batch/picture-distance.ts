/** How far two renders look apart, and how far a change of rounding alone was seen to move one. */
import sharp from 'sharp';
import { fault } from '../graph/errors.ts';

/** Deviation of the blur, in pixels: what is finer moves with every change of rounding, and nobody sees it. */
const BLUR = 2;

/** The bounds for the same picture by another machine or runtime, in the units of {@link pictureDistance}; measured in test/bench/RESULTS.md. */
export const SAME_PICTURE = {
  /** Half of a layer's pictures are nearer than this. */
  median: 20,
  /** None is further. */
  largest: 45,
} as const;

/** What lies between pictures that are not the same, there: medians over the committed atlas. */
export const APART = { starts: 41, units: 58 } as const;

/** A picture as it is compared: the 8-bit values of its colours, over grey where transparent, after a Gaussian blur of two pixels. */
export type SeenPicture = Uint8Array;

/**
 * Mean absolute difference of the 8-bit values of two pictures of one size, as they are compared: 0 to 255. Takes a file's bytes or its path.
 */
export async function pictureDistance(a: Uint8Array | string, b: Uint8Array | string): Promise<number> {
  return seenDistance(await seePicture(a), await seePicture(b));
}

/** The same of pictures that are compared more than once. */
export function seenDistance(a: SeenPicture, b: SeenPicture): number {
  if (a.length !== b.length)
    throw fault({
      where: 'the pictures',
      expected: `as many values as the first has, ${a.length}`,
      name: 'the second',
      received: b.length,
      remedy: 'Only pictures of one size can be compared.',
    });
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i] - b[i]);
  return sum / a.length;
}

/** Takes a file's bytes or its path. */
export function seePicture(file: Uint8Array | string): Promise<SeenPicture> {
  return sharp(file)
    .flatten({ background: { r: 128, g: 128, b: 128 } })
    .removeAlpha()
    .toColourspace('srgb')
    .blur(BLUR)
    .raw()
    .toBuffer();
}
