/** Nearest rows and responses, against slow computations of the same. */
import { beforeAll, describe, expect, it } from 'vitest';
import { findNearest, groupPairs } from '../../generator/portray/nearest.ts';
import { unitResponses } from '../../generator/portray/responses.ts';
import { BLOCK } from '../../generator/portray/row-products.ts';
import { RandomStream } from '../../generator/render/random.ts';
import { openRuntime } from '../../generator/runtime/open.ts';
import type { Runtime } from '../../generator/runtime/runtime.ts';

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ device: 'cpu', threads: 1 });
});

const normal = (count: number, name: string) => {
  const stream = new RandomStream('nearest-test', name);
  return Float32Array.from({ length: count }, () => stream.normal());
};

function unitRows(count: number, dimension: number, name: string): Float32Array {
  const rows = normal(count * dimension, name);
  for (let r = 0; r < count; r++) {
    const row = rows.subarray(r * dimension, (r + 1) * dimension);
    const length = Math.hypot(...row);
    for (let i = 0; i < dimension; i++) row[i] /= length;
  }
  return rows;
}

const split = (rows: Float32Array, dimension: number, counts: readonly number[]) => {
  let at = 0;
  return counts.map((count) => {
    const own = rows.subarray(at * dimension, (at + count) * dimension);
    at += count;
    return { count, rows: async () => own };
  });
};

describe('the nearest rows', () => {
  const dimension = 11;
  // More than a block, in groups that end within one.
  const counts = [BLOCK + 7, 30, 1, BLOCK - 20];
  const total = counts.reduce((sum, count) => sum + count, 0);
  const rows = unitRows(total, dimension, 'rows');
  rows.copyWithin(40 * dimension, 600 * dimension, 601 * dimension);
  rows.fill(0, 5 * dimension, 6 * dimension);
  const family = Array.from({ length: total }, (_, i) => (i === 3 || i === 550 ? 'pair' : i));
  for (let i = 0; i < dimension; i++) rows[550 * dimension + i] = rows[3 * dimension + i];

  it('are those that a loop over all pairs finds, over blocks and groups', async () => {
    let told = 0;
    const onProgress = (done: number) => {
      told = done;
    };
    const found = await findNearest({ runtime, groups: split(rows, dimension, counts), dimension, count: 8, family, onProgress });
    const product = (a: number, b: number) => {
      let sum = 0;
      for (let i = 0; i < dimension; i++) sum += rows[a * dimension + i] * rows[b * dimension + i];
      return sum;
    };
    for (let a = 0; a < total; a += 13) {
      const all = Array.from({ length: total }, (_, b) => b).filter((b) => b !== a && b !== 5 && family[a] !== family[b]);
      const slow = a === 5 ? [] : all.map((b) => product(a, b)).sort((x, y) => y - x);
      expect(found[a].map(({ similarity }) => similarity)).toEqual(slow.slice(0, 8).map((value) => expect.closeTo(value, 2)));
      for (const { index, similarity } of found[a]) expect(product(a, index)).toBeCloseTo(similarity, 2);
    }
    expect(told).toBe(groupPairs(counts.length));
  });

  it('of a copy are the original, of a family none of it, of a row of zeros none', async () => {
    const found = await findNearest({ runtime, groups: split(rows, dimension, counts), dimension, count: 3, family });
    expect(found[40][0]).toEqual({ index: 600, similarity: 1 });
    expect(found[600][0]).toEqual({ index: 40, similarity: 1 });
    expect(found[3].map(({ index }) => index)).not.toContain(550);
    expect(found[5]).toEqual([]);
    expect(found.flat().some(({ index }) => index === 5)).toBe(false);
  });

  it('are fewer where there are no more', async () => {
    const found = await findNearest({ runtime, groups: split(rows, dimension, [3]), dimension, count: 8, family: [0, 1, 2] });
    expect(found.map((list) => list.length)).toEqual([2, 2, 2]);
  });
});

describe('responses', () => {
  const [channels, n, count] = [5, BLOCK + 3, 4];
  const means = normal(n * channels, 'means').map((value, i) => (i % channels === 4 ? 0.25 : 1000 + value));
  const directions = unitRows(count, channels, 'directions');
  // The last one's channel never varies.
  directions.set([0, 0, 0, 0, 1], (count - 1) * channels);

  it('are centred, of length one, and their products the correlations of mean responses', async () => {
    const rows = await unitResponses(runtime, directions, means, channels);
    const scores = (d: number) =>
      Array.from({ length: n }, (_, x) => {
        let sum = 0;
        for (let c = 0; c < channels; c++) sum += directions[d * channels + c] * means[x * channels + c];
        return sum;
      });
    const row = (d: number) => [...rows.subarray(d * n, (d + 1) * n)];
    const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);
    const centred = (values: readonly number[]) => {
      const mean = values.reduce((sum, value) => sum + value, 0) / n;
      return values.map((value) => value - mean);
    };
    for (let a = 0; a < count - 1; a++)
      for (let b = 0; b <= a; b++) {
        const [x, y] = [centred(scores(a)), centred(scores(b))];
        expect(dot(row(a), row(b))).toBeCloseTo(dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y)), 4);
      }
    expect(row(count - 1).every((value) => value === 0)).toBe(true);
  });
});
