/** Products of row-major matrices in float64: the inner loops of the arms that are fitted to activations. */

/** A·Bᵀ, `[n,m]`, of A `[n,C]` and B `[m,C]`. Four rows of B at a time, so that a row of A is read once for the four and sums do not wait. */
export function timesTransposed(a: Float32Array | Float64Array, b: Float64Array, channels: number): Float64Array {
  const [n, m] = [a.length / channels, b.length / channels];
  const out = new Float64Array(n * m);
  const fours = m - (m % 4);
  for (let j = 0; j < fours; j += 4) timesFour(a, b.subarray(j * channels, (j + 4) * channels), channels, out.subarray(j), m);
  for (let i = 0; i < n; i++) {
    const row = a.subarray(i * channels, (i + 1) * channels);
    for (let j = fours; j < m; j++) out[i * m + j] = dot(row, b.subarray(j * channels, (j + 1) * channels));
  }
  return out;
}

function timesFour(a: Float32Array | Float64Array, four: Float64Array, channels: number, out: Float64Array, stride: number): void {
  const [b0, b1, b2, b3] = [0, 1, 2, 3].map((k) => four.subarray(k * channels, (k + 1) * channels));
  for (let start = 0, at = 0; start < a.length; start += channels, at += stride) {
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    for (let k = 0; k < channels; k++) {
      const value = a[start + k];
      s0 += value * b0[k];
      s1 += value * b1[k];
      s2 += value * b2[k];
      s3 += value * b3[k];
    }
    out[at] = s0;
    out[at + 1] = s1;
    out[at + 2] = s2;
    out[at + 3] = s3;
  }
}

/** Wᵀ·X, `[r,C]`, of W `[n,r]` and X `[n,C]`; zeros of W, many in a factorisation without negatives, cost nothing. */
export function transposedTimes(w: Float64Array, x: Float32Array, channels: number): Float64Array {
  const n = x.length / channels;
  const r = w.length / n;
  const out = new Float64Array(r * channels);
  for (let i = 0; i < n; i++) {
    const row = x.subarray(i * channels, (i + 1) * channels);
    for (let j = 0; j < r; j++) {
      const weight = w[i * r + j];
      if (weight === 0) continue;
      const target = out.subarray(j * channels, (j + 1) * channels);
      for (let k = 0; k < channels; k++) target[k] += weight * row[k];
    }
  }
  return out;
}

export function dot(a: Float32Array | Float64Array, b: Float32Array | Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Rows whose covariance is summed at once: what a processor's cache holds. */
const CHUNK = 512;

/** The covariance of the columns of X `[n,C]`, over its n rows (divided by n), `[C,C]`. */
export function columnCovariance(x: Float32Array, channels: number): Float64Array {
  const n = x.length / channels;
  const mean = columnMeans(x, channels);
  const out = new Float64Array(channels * channels);
  for (let from = 0; from < n; from += CHUNK) {
    const size = Math.min(CHUNK, n - from);
    const centred = new Float64Array(channels * size);
    for (let i = 0; i < size; i++) for (let c = 0; c < channels; c++) centred[c * size + i] = x[(from + i) * channels + c] - mean[c];
    addGram(centred, size, out, channels);
  }
  for (let i = 0; i < channels; i++)
    for (let j = 0; j <= i; j++) {
      out[i * channels + j] /= n;
      out[j * channels + i] = out[i * channels + j];
    }
  return out;
}

/** Adds B·Bᵀ to the lower triangle of `out`, `[m,m]`; above it, it leaves something. */
function addGram(b: Float64Array, columns: number, out: Float64Array, m: number): void {
  for (let i = 0; i < m; i += 4) {
    const rows = b.subarray(i * columns, Math.min(i + 4, m) * columns);
    const width = Math.min(i + 4, m);
    const products = timesTransposed(rows, b.subarray(0, width * columns), columns);
    for (let k = 0; k < products.length; k++) out[(i + Math.floor(k / width)) * m + (k % width)] += products[k];
  }
}

/** The mean of every column of X `[n,C]`, `[C]`. */
export function columnMeans(x: Float32Array, channels: number): Float64Array {
  const mean = new Float64Array(channels);
  for (let i = 0; i < x.length; i += channels) for (let c = 0; c < channels; c++) mean[c] += x[i + c];
  return mean.map((sum) => sum / (x.length / channels));
}
