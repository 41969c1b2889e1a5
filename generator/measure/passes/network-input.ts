/** Images of a set in the network's own range, ready to be its input. */
import { fault } from '../../graph/errors.ts';
import { float32, type Tensor } from '../../graph/tensor.ts';
import type { Preprocess } from '../../models/model.ts';
import { type Picture, writePlanar } from '../picture.ts';

/** Writes `pictures` into the front of `input`, `[batch,colours,size,size]`; what is left of it stays as it was. Rejects a picture of another size. */
export function writeInput(pictures: readonly Picture[], size: number, { scale, offset }: Preprocess, input: Float32Array): void {
  const area = size * size;
  const colours = scale.length;
  for (const [i, picture] of pictures.entries()) {
    if (picture.size !== size)
      throw fault({
        where: 'the images',
        expected: `pictures of ${size} pixels a side, as the set says`,
        name: 'a picture',
        received: picture.size,
        remedy: 'Images of one set have one size.',
      });
    writePlanar(picture, input, i * colours * area, colours);
    for (let c = 0; c < colours; c++) {
      const start = (i * colours + c) * area;
      for (let p = start; p < start + area; p++) input[p] = scale[c] * input[p] + offset[c];
    }
  }
}

/** An input of zeros for so many images of a network. */
export function emptyInput({ scale }: Preprocess, batch: number, size: number): Tensor<'float32'> {
  return float32([batch, scale.length, size, size], new Float32Array(batch * scale.length * size * size));
}
