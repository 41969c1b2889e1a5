/** Non-negative matrix factorisation X ≈ W·H by hierarchical alternating least squares. */
import type { RandomStream } from '../../render/random.ts';
import { dot, timesTransposed, transposedTimes } from './products.ts';

/** A round that lowers the residual by less than this part of it is the last. */
const TOLERANCE = 1e-4;

const MOST_ROUNDS = 200;

export interface Factorisation {
  /** W, `[n,r]`, ≥ 0. */
  readonly weights: Float64Array;
  /** H, `[r,C]`, ≥ 0. */
  readonly factors: Float64Array;
  /** ‖X − W·H‖² after each round; it never rises. */
  readonly residuals: readonly number[];
}

/**
 * Factors X `[n,C]` ≥ 0 into r parts (Cichocki, Zdunek and Amari, "Hierarchical ALS algorithms for nonnegative matrix and 3D tensor factorization",
 * 2007; Gillis and Glineur 2012): each column of W, then each row of H, is set to its exact minimum with all others held. Starts from draws of
 * `random`, and stops when a round gains less than 1e-4 of the residual, or after 200.
 */
export function factorise(x: Float32Array, channels: number, r: number, random: RandomStream): Factorisation {
  const n = x.length / channels;
  const squares = dot(x, x);
  const scale = Math.sqrt(x.reduce((sum, value) => sum + value, 0) / Math.max(1, x.length) / r);
  const draw = (length: number) => Float64Array.from({ length }, () => 2 * scale * random.uniform());
  const factors = draw(r * channels);
  const weights = draw(n * r);
  const residuals: number[] = [];
  for (let round = 0; round < MOST_ROUNDS; round++) {
    updateWeights(weights, timesTransposed(x, factors, channels), timesTransposed(factors, factors, channels), r);
    const projected = transposedTimes(weights, x, channels);
    const gram = gramOf(weights, r);
    updateFactors(factors, projected, gram, r, channels);
    // ‖X − WH‖² = ‖X‖² − 2⟨WᵀX, H⟩ + ⟨WᵀW, HHᵀ⟩.
    const residual = squares - 2 * dot(projected, factors) + dot(gram, timesTransposed(factors, factors, channels));
    const before = residuals.at(-1);
    residuals.push(residual);
    if (before !== undefined && before - residual <= TOLERANCE * before) break;
  }
  return { weights, factors, residuals };
}

/** W ← argmin over its columns in turn; `projected` is XHᵀ `[n,r]`, `gram` HHᵀ. Rows of W do not depend on each other. */
function updateWeights(weights: Float64Array, projected: Float64Array, gram: Float64Array, r: number): void {
  for (let start = 0; start < weights.length; start += r)
    for (let j = 0; j < r; j++) {
      if (gram[j * r + j] === 0) continue;
      let gradient = projected[start + j];
      for (let l = 0; l < r; l++) gradient -= weights[start + l] * gram[l * r + j];
      weights[start + j] = Math.max(0, weights[start + j] + gradient / gram[j * r + j]);
    }
}

/** H ← argmin over its rows in turn; `projected` is WᵀX `[r,C]`, `gram` WᵀW. */
function updateFactors(factors: Float64Array, projected: Float64Array, gram: Float64Array, r: number, channels: number): void {
  for (let j = 0; j < r; j++) {
    if (gram[j * r + j] === 0) continue;
    for (let c = 0; c < channels; c++) {
      let gradient = projected[j * channels + c];
      for (let l = 0; l < r; l++) gradient -= gram[j * r + l] * factors[l * channels + c];
      factors[j * channels + c] = Math.max(0, factors[j * channels + c] + gradient / gram[j * r + j]);
    }
  }
}

/** WᵀW of W `[n,r]`, `[r,r]`. */
function gramOf(weights: Float64Array, r: number): Float64Array {
  const out = new Float64Array(r * r);
  for (let start = 0; start < weights.length; start += r)
    for (let j = 0; j < r; j++) for (let l = 0; l < r; l++) out[j * r + l] += weights[start + j] * weights[start + l];
  return out;
}
