/** Images, activations and an observer made up, related or not, and the rotation of a layer: what the measures on images are tested on. */
import { RandomStream } from '../../generator/render/random.ts';

/** Standard normal numbers with a name. */
export function normals(name: string, length: number): Float32Array {
  const stream = new RandomStream('landscape', name);
  return Float32Array.from({ length }, () => stream.normal());
}

/** Every row brought to length 1. */
export function unitRows(rows: Float32Array, dimension: number): Float32Array {
  const out = rows.slice();
  for (let start = 0; start < out.length; start += dimension) {
    const length = Math.hypot(...out.subarray(start, start + dimension));
    for (let i = 0; i < dimension; i++) out[start + i] /= length;
  }
  return out;
}

/** Activations `[n,channels]`, and an observer of `dimension` values that sees something of them: rows of length 1. */
export function landscape({ n = 400, channels = 6, dimension = 9, name = 'a', seen = 1 } = {}) {
  const means = normals(`${name} means`, n * channels);
  const [mix, noise] = [normals(`${name} mix`, channels * dimension), normals(`${name} noise`, n * dimension)];
  const rows = noise.map((value, i) => {
    const [image, k] = [Math.floor(i / dimension), i % dimension];
    for (let c = 0; c < channels; c++) value += seen * means[image * channels + c] * mix[c * dimension + k];
    return value;
  });
  return { n, channels, means, embeddings: { rows: unitRows(rows, dimension), dimension } };
}

/** Random unit vectors `[count,channels]`. */
export function directions(count: number, channels: number, name = 'directions'): Float32Array {
  return unitRows(normals(name, count * channels), channels);
}

/** An orthogonal matrix `[size,size]`, from normal rows by Gram and Schmidt. */
export function rotation(size: number): Float64Array {
  const q = Float64Array.from(normals('rotation', size * size));
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let product = 0;
      for (let k = 0; k < size; k++) product += q[i * size + k] * q[j * size + k];
      for (let k = 0; k < size; k++)
        q[i * size + k] = j < i ? q[i * size + k] - product * q[j * size + k] : q[i * size + k] / Math.sqrt(product);
    }
  }
  return q;
}

/** Every row `[size]` of `rows` turned by the matrix. */
export function rotate(rows: Float32Array, matrix: Float64Array): Float32Array {
  const size = Math.sqrt(matrix.length);
  return rows.map((_, i) => {
    const [row, k] = [Math.floor(i / size), i % size];
    let sum = 0;
    for (let c = 0; c < size; c++) sum += matrix[k * size + c] * rows[row * size + c];
    return sum;
  });
}

/** P(a > b) + ½ P(a = b), pair by pair. */
export function pairwise(a: readonly number[], b: readonly number[]): number {
  let wins = 0;
  for (const x of a) for (const y of b) wins += x > y ? 1 : x === y ? 0.5 : 0;
  return wins / (a.length * b.length);
}

/** φ(image)·mean φ(shown), number by number. */
export function likeness(rows: Float32Array, dimension: number, shown: readonly number[]) {
  return (image: number): number => {
    let sum = 0;
    for (let k = 0; k < dimension; k++) {
      let mean = 0;
      for (const other of shown) mean += rows[other * dimension + k] / shown.length;
      sum += rows[image * dimension + k] * mean;
    }
    return sum;
  };
}
