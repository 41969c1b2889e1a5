/** The score of an image by a direction, s̄_v(x) = v·ā(x): what every measure on images begins with. */
import { dotRow } from './rows.ts';

/** Scores of all images, `[n]`, in float64; `means` is Ā `[n,C]`. The ranking that they give is the ranking everywhere, also where it was found faster. */
export function imageScores(means: Float32Array, vector: Float32Array): Float64Array {
  const table = { rows: means, dimension: vector.length };
  const weights = Float64Array.from(vector);
  return Float64Array.from({ length: means.length / vector.length }, (_, image) => dotRow(table, image, weights));
}
