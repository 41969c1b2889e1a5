/** Pictures as files: WebP out, and back to the numbers a network reads. */
import sharp from 'sharp';

/** How pictures are compressed; part of every key. Smart subsampling keeps the edges of saturated colours; quality by test/bench/RESULTS.md. */
export const ENCODING = { format: 'webp', quality: 75, effort: 6, smartSubsample: true } as const;

const GREY = { r: 128, g: 128, b: 128 };

/** A WebP file of RGB or RGBA pixels, `[size,size,3]` or `[size,size,4]`. Equal pixels give equal bytes. */
export async function encodePicture(pixels: Uint8Array, size: number): Promise<Buffer> {
  const { quality, effort, smartSubsample } = ENCODING;
  return sharp(pixels, { raw: { width: size, height: size, channels: pixels.length === 4 * size * size ? 4 : 3 } })
    .webp({ quality, effort, smartSubsample })
    .toBuffer();
}

/** The picture as published, over grey where it is transparent, with values in [0,1], channel by channel: `[3,size,size]`. Takes a file's bytes or its path. */
export async function decodePicture(file: Uint8Array | string): Promise<Float32Array> {
  const { data, info } = await sharp(file)
    .flatten({ background: GREY })
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const area = info.width * info.height;
  return Float32Array.from({ length: 3 * area }, (_, i) => data[(i % area) * 3 + Math.floor(i / area)] / 255);
}
