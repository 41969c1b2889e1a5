/** Photographs as a network is shown them. */
import sharp from 'sharp';

/** Seen through transparent parts. */
const GREY = { r: 128, g: 128, b: 128 };
/** Pixels in all above which a file is refused rather than decoded: 256 megapixels. */
const LARGEST = 2 ** 28;

/** Names what {@link decodeSquare} does and with what; part of the cache's key, since another library may give other pixels. */
export const DECODER = `square-1 sharp ${sharp.versions.sharp ?? ''} vips ${sharp.versions.vips ?? ''}`;

/**
 * Upright (after EXIF), the largest square from the centre, brought to `size` by Lanczos (enlarged where it is smaller), in sRGB, transparent
 * parts over grey; of an animation the first frame. Returns `[size,size,3]`. Throws what sharp says for what it cannot read, files cut short included.
 */
export async function decodeSquare(file: Uint8Array, size: number): Promise<Uint8Array> {
  const { data, info } = await sharp(file, { failOn: 'truncated', limitInputPixels: LARGEST })
    .autoOrient()
    .resize(size, size, { fit: 'cover', position: 'centre' })
    .flatten({ background: GREY })
    .toColourspace('srgb')
    .removeAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  if (info.width === size && info.height === size && info.channels === 3) return new Uint8Array(data.buffer, data.byteOffset, data.length);
  throw new Error(`decoded to ${info.width}×${info.height}×${info.channels}`);
}
