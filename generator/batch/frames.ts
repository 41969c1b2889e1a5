/** The filmstrip of a render: how its picture came to be, as small tiles side by side in one file. */
import sharp from 'sharp';

/** Frames of a filmstrip where a plan does not say. */
export const DEFAULT_FRAMES = 6;

/** Side of a tile in pixels; of a smaller picture its own. */
export const FRAME_SIZE = 64;

/**
 * After how many steps a strip shows the picture: the start, the end, and between them steps that grow by one factor, since most happens early.
 * `count` at most, fewer where there are not as many; 0 for no strip, 1 for the end alone. `frameSteps(128, 6)` is 0, 3, 7, 18, 49, 128.
 */
export function frameSteps(steps: number, count: number): number[] {
  if (count === 0) return [];
  if (count === 1) return [steps];
  const grown = Array.from({ length: count - 1 }, (_, i) => Math.round(steps ** ((i + 1) / (count - 1))));
  return [...new Set([0, ...grown])];
}

/** Whether two filmstrips show the same moments. */
export function sameSteps(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((step, i) => step === b[i]);
}

/** Small tiles to glance at: coarser than {@link ENCODING}. */
export const STRIP_ENCODING = { quality: 40, effort: 6, smartSubsample: true };

/** A WebP file of pictures, `[size,size,3]` or `[size,size,4]` each, from left to right. Equal pixels give equal bytes. */
export async function makeStrip(pictures: readonly Uint8Array[], size: number, encoding = STRIP_ENCODING): Promise<Buffer> {
  const side = Math.min(FRAME_SIZE, size);
  const channels = pictures[0].length === 4 * size * size ? 4 : 3;
  const width = side * pictures.length;
  const pixels = new Uint8Array(width * side * channels);
  for (const [k, picture] of pictures.entries()) {
    // Each by itself, so that no tile's edge shows its neighbour.
    const tile = await sharp(picture, { raw: { width: size, height: size, channels } })
      .resize(side, side)
      .raw()
      .toBuffer();
    for (let y = 0; y < side; y++)
      pixels.set(tile.subarray(y * side * channels, (y + 1) * side * channels), (y * width + k * side) * channels);
  }
  return sharp(pixels, { raw: { width, height: side, channels } })
    .webp(encoding)
    .toBuffer();
}
