/** A square picture as the measures see it: what was published, decoded, eight bits a channel. */
import sharp from 'sharp';
import { fault } from '../graph/errors.ts';

/** RGB, row-major, `pixels` is `[size,size,3]`, 0 to 255. */
export interface Picture {
  readonly size: number;
  readonly pixels: Uint8Array;
}

/** Decodes an image file. Throws for a file that sharp cannot read or that is not square. */
export async function readPicture(file: string): Promise<Picture> {
  const { data, info } = await sharp(file)
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch((cause: unknown) => {
      throw fault({
        where: file,
        expected: 'an image that can be decoded',
        name: 'picture',
        received: cause instanceof Error ? cause.message : cause,
        remedy: 'Delete the file and render again: the store makes what is missing.',
        cause,
      });
    });
  if (info.width !== info.height || info.channels !== 3) {
    throw fault({
      where: file,
      expected: 'a square picture with three channels',
      name: 'picture',
      received: `${info.width}×${info.height}×${info.channels}`,
      remedy: 'Delete the file and render again: the store makes what is missing.',
    });
  }
  return { size: info.width, pixels: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

/**
 * Writes a picture as `[colours,size,size]` with values in [0,1] into `out` at `offset` (in elements), as a network of so many channels sees it:
 * one is the mean of red, green and blue, two are red and green. Throws for more than three, which no picture holds.
 */
export function writePlanar(picture: Picture, out: Float32Array, offset = 0, colours = 3): void {
  const area = picture.size * picture.size;
  const { pixels } = picture;
  if (colours > 3)
    throw fault({
      where: 'the comparison',
      expected: 'a network of images of up to three channels',
      name: 'the pictures, which show three,',
      received: `${colours} channels`,
      remedy: 'The pictures are rendered and kept, and the site shows them ("npm run build"); such a network has no comparison.',
    });
  for (let p = 0, i = 0; p < area; p++, i += 3) {
    if (colours === 1) out[offset + p] = (pixels[i] + pixels[i + 1] + pixels[i + 2]) / (3 * 255);
    else for (let c = 0; c < colours; c++) out[offset + c * area + p] = pixels[i + c] / 255;
  }
}
