/** M2 `synthetic-2afc`: shown a direction's renders, can an observer tell the images it likes best from middling ones? */
import type { Bands } from './bands.ts';
import { meanRow } from './rows.ts';
import { type Embeddings, twoAfc } from './two-afc.ts';

/**
 * With e(q) = φ(q)·mean of φ over the direction's renders, and T and M as in M1 (bands.ts): M2 = AUROC(e(T), e(M)). 0 to 1, chance ½; a constant
 * direction scores ½; null without a render. `renders` are the descriptions, unit vectors.
 *
 * After Borowski et al. (ICLR 2021), whose people were shown synthetic images, with the one-sided negatives of M1. Nothing is split, since the
 * explanation holds none of the queries. Rotating activations and direction together changes nothing.
 * Pitfalls: renders lie outside the images' distribution, and an observer that is thrown by their look alone falls below ½ as easily as it rises
 * above; a unit made to render something else (Geirhos et al. 2023) fails here and not in M1, which is what the pair is for.
 */
export function syntheticTwoAfc({ top, middle, constant }: Bands, embeddings: Embeddings, renders: readonly Float32Array[]): number | null {
  if (renders.length === 0) return null;
  if (constant) return 0.5;
  return twoAfc(embeddings, meanRender(renders), top, middle);
}

/** The mean of the renders' descriptions. */
export function meanRender(renders: readonly Float32Array[]): Float64Array {
  const dimension = renders[0].length;
  const rows = new Float32Array(renders.length * dimension);
  for (const [i, render] of renders.entries()) rows.set(render, i * dimension);
  return meanRow({ rows, dimension }, [...renders.keys()]);
}
