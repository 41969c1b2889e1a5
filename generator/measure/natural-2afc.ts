/** M1 `natural-2afc`: shown half of the images that a direction likes best, can an observer tell the other half from middling ones? */
import type { Bands } from './bands.ts';
import { dotRow, meanRow } from './rows.ts';
import type { Embeddings } from './two-afc.ts';

/**
 * With T the top t images and M t images of the 40–60% band (bands.ts), each split by the parity of its ranks, and e_i(q) = φ(q)·mean φ(T_i):
 * M1 = ½ [AUROC(e₁(T₂), e₁(M₂)) + AUROC(e₂(T₁), e₂(M₁))]. 0 to 1, chance ½; a constant direction scores ½.
 *
 * The task is that of Borowski et al. ("Exemplary natural images explain CNN activations better than state-of-the-art feature visualization",
 * ICLR 2021) with a machine observer, as Zimmermann et al. (2024) put one in people's place, and one-sided: their negatives are the images of
 * the lowest scores, which a dense direction gives a meaning and a rectified channel does not; middling ones have none for either.
 *
 * It sees the network through scores alone: rotating activations and direction together changes nothing.
 * Pitfalls: it measures what the observer can see, and no more; images that are unlike all others and near one another (blank ones) lift every
 * direction that they top (M1b compares with other directions' tops); values of different image sets do not compare; where scores tie in
 * great number, as after a rectification, T and M are cut among equals, by index.
 */
export function naturalTwoAfc(bands: Bands, embeddings: Embeddings): number {
  return new NaturalTask(embeddings, bands.top.length).score(bands);
}

/** M1 of one direction after another, each judged on `t` images of either kind, with nothing allocated for any. */
export class NaturalTask {
  readonly #embeddings: Embeddings;
  readonly #shown: Uint32Array;
  readonly #explanation: Float64Array;
  readonly #positives: Float64Array;
  readonly #negatives: Float64Array;

  constructor(embeddings: Embeddings, t: number) {
    this.#embeddings = embeddings;
    this.#shown = new Uint32Array(t / 2);
    this.#explanation = new Float64Array(embeddings.dimension);
    [this.#positives, this.#negatives] = [new Float64Array(t / 2), new Float64Array(t / 2)];
  }

  score({ top, middle, constant }: Bands): number {
    return constant ? 0.5 : (this.#half(top, middle, 0) + this.#half(top, middle, 1)) / 2;
  }

  /** AUROC of the ranks of one parity, with those of the other as the explanation. */
  #half(top: Uint32Array, middle: Uint32Array, shown: 0 | 1): number {
    const half = this.#shown.length;
    for (let k = 0; k < half; k++) this.#shown[k] = top[2 * k + shown];
    meanRow(this.#embeddings, this.#shown, this.#explanation);
    for (let k = 0; k < half; k++) {
      this.#positives[k] = dotRow(this.#embeddings, top[2 * k + 1 - shown], this.#explanation);
      this.#negatives[k] = dotRow(this.#embeddings, middle[2 * k + 1 - shown], this.#explanation);
    }
    let wins = 0;
    for (const a of this.#positives) for (const b of this.#negatives) wins += a > b ? 1 : a === b ? 0.5 : 0;
    return wins / half ** 2;
  }
}
