/** Pictures brought to another size by area averaging. */
import type { Picture } from './picture.ts';

/** The same picture at `size` pixels a side: every new pixel is the mean of the area it covers (when enlarging, of parts of one or two pixels). */
export function resample(picture: Picture, size: number): Picture {
  if (picture.size === size) return picture;
  const spans = areaSpans(picture.size, size);
  const from = picture.size;
  const rows = new Float32Array(from * size * 3);
  for (let y = 0; y < from; y++) {
    for (let x = 0; x < size; x++) {
      const { first, weights } = spans[x];
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += weights[k] * picture.pixels[(y * from + first + k) * 3 + c];
        rows[(y * size + x) * 3 + c] = sum;
      }
    }
  }
  const pixels = new Uint8Array(size * size * 3);
  for (let y = 0; y < size; y++) {
    const { first, weights } = spans[y];
    for (let x = 0; x < size * 3; x++) {
      let sum = 0.5;
      for (let k = 0; k < weights.length; k++) sum += weights[k] * rows[(first + k) * size * 3 + x];
      pixels[y * size * 3 + x] = sum;
    }
  }
  return { size, pixels };
}

/** For every new pixel the old ones it covers, with weights that add to 1. */
function areaSpans(from: number, to: number): { first: number; weights: number[] }[] {
  return Array.from({ length: to }, (_, i) => {
    const [start, end] = [(i * from) / to, ((i + 1) * from) / to];
    const first = Math.floor(start);
    const last = Math.min(from, Math.ceil(end - 1e-9));
    const weights = Array.from(
      { length: last - first },
      (_, k) => (Math.min(end, first + k + 1) - Math.max(start, first + k)) / (end - start),
    );
    return { first, weights };
  });
}
