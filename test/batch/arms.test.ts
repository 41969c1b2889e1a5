/** Units and random directions: orthonormal, uniform, and fixed for ever. */
import { describe, expect, it } from 'vitest';
import { diverseUnits, listUnits } from '../../generator/batch/arms.ts';
import { HaarFrame, HaarFrames, placeOf } from '../../generator/batch/haar.ts';
import { checkPlan } from '../../generator/batch/plan.ts';
import { drawSubset } from '../../generator/batch/seeds.ts';
import { RandomStream } from '../../generator/render/random.ts';
import { LAYERS, WEIGHTS } from './stand-in-engine.ts';
import { SMALL_PLAN } from './store-state.ts';

const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);
const frame = (name: string, channels: number) => new HaarFrame(new RandomStream(name), channels);
const allRows = (name: string, channels: number) => {
  const one = frame(name, channels);
  return Array.from({ length: channels }, (_, i) => one.row(i));
};

describe('a Haar frame', () => {
  it.each([1, 2, 3, 17, 64])('of %i channels is orthonormal with determinant one', (channels) => {
    const rows = allRows(`frame of ${channels}`, channels);
    rows.forEach((a, i) => {
      rows.forEach((b, j) => {
        expect(dot(a, b)).toBeCloseTo(i === j ? 1 : 0, 12);
      });
    });
    expect(determinant(rows)).toBeCloseTo(1, 10);
  });

  it('has both signs of determinant before the last row is settled, so that the rule matters', () => {
    const negated = Array.from({ length: 20 }, (_, k) => {
      const gaussian = new RandomStream('signs', k);
      const rows = Array.from({ length: 3 }, () => Float64Array.from({ length: 3 }, () => gaussian.normal()));
      return determinant(rows) < 0;
    });
    expect(new Set(negated)).toEqual(new Set([true, false]));
    for (let k = 0; k < 20; k++) {
      const one = new HaarFrame(new RandomStream('signs', k), 3);
      expect(determinant([one.row(0), one.row(1), one.row(2)])).toBeCloseTo(1, 12);
    }
  });

  it('gives the same first rows however many are asked for', () => {
    const few = frame('prefix', 33);
    const first = Array.from(few.row(4));
    expect(Array.from(allRows('prefix', 33)[4])).toEqual(first);
  });

  it('equals the QR decomposition by Householder reflections with a positive diagonal', () => {
    const channels = 12;
    const gaussian = new RandomStream('householder');
    const columns = Array.from({ length: channels }, () => Float64Array.from({ length: channels }, () => gaussian.normal()));
    const expected = householderQ(columns);
    const rows = allRows('householder', channels);
    for (let i = 0; i < channels - 1; i++) for (let j = 0; j < channels; j++) expect(rows[i][j]).toBeCloseTo(expected[i][j], 10);
  });

  it('is uniform: squared coordinates have the moments of Beta(1/2, (C−1)/2)', () => {
    const channels = 8;
    const squares = Array.from({ length: 400 }, (_, k) => allRows(`moments ${k}`, channels)).flatMap((rows) =>
      rows.flatMap((row) => Array.from(row, (value) => value * value)),
    );
    const mean = squares.reduce((sum, square) => sum + square, 0) / squares.length;
    const fourth = squares.reduce((sum, square) => sum + square * square, 0) / squares.length;
    expect(mean).toBeCloseTo(1 / channels, 10);
    expect(fourth / (3 / (channels * (channels + 2)))).toBeCloseTo(1, 1);
  });

  it('is uniform in every row: a squared coordinate follows its Beta law by Kolmogorov and Smirnov', () => {
    // With C = 3 a coordinate is uniform on [-1, 1] (Archimedes), so its square has the law P(v² < x) = √x: Beta(1/2, 1).
    for (const row of [0, 1, 2]) {
      const sorted = Array.from({ length: 2000 }, (_, k) => frame(`ks ${k}`, 3).row(row)[row] ** 2).sort((a, b) => a - b);
      const distance = Math.max(...sorted.map((x, i) => Math.abs(Math.sqrt(x) - (i + 0.5) / sorted.length)));
      // 1.95/√n is passed by chance once in a thousand; the draws are fixed, so the test is not random.
      expect(distance).toBeLessThan(1.95 / Math.sqrt(sorted.length));
    }
    // With C = 5: Beta(1/2, 2), whose distribution function is √x (3 − x) / 2.
    for (const row of [0, 4]) {
      const sorted = Array.from({ length: 2000 }, (_, k) => frame(`ks five ${k}`, 5).row(row)[1] ** 2).sort((a, b) => a - b);
      const distance = Math.max(...sorted.map((x, i) => Math.abs((Math.sqrt(x) * (3 - x)) / 2 - (i + 0.5) / sorted.length)));
      expect(distance).toBeLessThan(1.95 / Math.sqrt(sorted.length));
    }
  });
});

describe('random-k', () => {
  it('takes four frames in turn, and the next four when they are used up', () => {
    expect([0, 1, 4, 7, 23, 24, 29].map((k) => placeOf(k, 6))).toEqual([
      { frame: 0, row: 0 },
      { frame: 1, row: 0 },
      { frame: 0, row: 1 },
      { frame: 3, row: 1 },
      { frame: 3, row: 5 },
      { frame: 4, row: 0 },
      { frame: 5, row: 1 },
    ]);
  });

  it('never changes: these are its numbers', () => {
    const row = new HaarFrames(WEIGHTS, 'net/early', 6).row(placeOf(7, 6));
    expect(Array.from(row, (value) => value.toFixed(6))).toMatchInlineSnapshot(`
      [
        "0.242858",
        "0.752619",
        "0.041339",
        "0.579048",
        "0.193606",
        "-0.009824",
      ]
    `);
  });

  it('depends on the network and the layer', () => {
    const first = (weights: string, layer: string) => new HaarFrames(weights, layer, 6).row({ frame: 0, row: 0 });
    expect(first(WEIGHTS, 'a')).toEqual(first(WEIGHTS, 'a'));
    expect(first(WEIGHTS, 'a')).not.toEqual(first(WEIGHTS, 'b'));
    expect(first(WEIGHTS, 'a')).not.toEqual(first('cd'.repeat(32), 'a'));
  });
});

describe('the units of a layer', () => {
  const { plan } = checkPlan(SMALL_PLAN, 'plan.json');

  it('are signed channels and rows of frames', () => {
    const units = listUnits(plan, LAYERS[0], WEIGHTS);
    expect(units.map(({ id }) => id).filter((id) => id.endsWith('-2') || id.includes('-2-'))).toEqual([
      'channel-2',
      'channel-2-negative',
      'random-2',
    ]);
    expect(Array.from(units[8].vector)).toEqual([0, 0, -1, 0, 0, 0]);
    expect(units[8]).toMatchObject({ arm: 'basis-negative', index: 2, direction: { kind: 'channel', channel: 2, sign: -1 } });
    expect(units.at(-1)).toMatchObject({ id: 'random-9', direction: { kind: 'haar', frame: 1, row: 2 } });
  });

  it('leave out negatives after the non-linearity', () => {
    expect(listUnits(plan, LAYERS[2], WEIGHTS).filter(({ arm }) => arm === 'basis-negative')).toEqual([]);
  });

  it('do not move when more are asked for', () => {
    const more = listUnits({ ...plan, arms: { ...plan.arms, random: 40 } }, LAYERS[0], WEIGHTS);
    const few = listUnits(plan, LAYERS[0], WEIGHTS);
    expect(more.slice(0, few.length).map(({ id, vector }) => [id, vector])).toEqual(few.map(({ id, vector }) => [id, vector]));
  });

  it('get all the seeds if they are in the subset, which the seed of the plan draws', () => {
    const subset = drawSubset(plan, 'net/early', 'basis', 6);
    expect(subset.size).toBe(2);
    const units = listUnits(plan, LAYERS[0], WEIGHTS).slice(0, 6);
    expect(units.map(({ seeds }) => seeds)).toEqual([0, 1, 2, 3, 4, 5].map((i) => (subset.has(i) ? [0, 1] : [0])));
    const others = Array.from({ length: 10 }, (_, seed) => [...drawSubset({ ...plan, seed }, 'net/early', 'basis', 6)].join());
    expect(new Set(others).size).toBeGreaterThan(5);
    expect(listUnits({ ...plan, seed: 3 }, LAYERS[0], WEIGHTS)[0].seeds[0]).toBe(48);
  });

  it('get one seed, and no diverse pictures, in an arm that the plan leaves out of the seeds', () => {
    const seeds = { ...plan.seeds, arms: ['basis' as const] };
    const units = listUnits({ ...plan, seeds }, LAYERS[0], WEIGHTS);
    const several = units.filter((unit) => unit.seeds.length > 1);
    expect(several).toEqual(listUnits(plan, LAYERS[0], WEIGHTS).filter((unit) => unit.arm === 'basis' && unit.seeds.length > 1));
    expect(diverseUnits({ ...plan, seeds }, LAYERS[0], units).map(({ arm }) => arm)).toEqual(['basis']);
  });

  it('get diverse pictures first where they get several seeds, and keep these for the renders', () => {
    const units = listUnits(plan, LAYERS[0], WEIGHTS);
    const diverse = { count: 4, subset: 2 };
    const found = diverseUnits({ ...plan, diverse }, LAYERS[0], units);
    expect(found.map(({ id }) => id)).toEqual(units.filter(({ seeds }) => seeds.length > 1).map(({ id }) => id));
    for (const { seeds } of found) expect(seeds).toEqual([0, 1, 2, 3]);
    expect(diverseUnits({ ...plan, diverse: { count: 4, subset: 99 } }, LAYERS[0], units)).toHaveLength(units.length);
    const { diverse: _, ...without } = plan;
    expect(diverseUnits(without, LAYERS[0], units)).toEqual([]);
  });
});

function determinant(rows: readonly Float64Array[]): number {
  if (rows.length === 1) return rows[0][0];
  const matrix = rows.map((row) => Array.from(row));
  let product = 1;
  for (let i = 0; i < matrix.length; i++) {
    const pivot = matrix.slice(i).reduce((best, row, k) => (Math.abs(row[i]) > Math.abs(matrix[best][i]) ? i + k : best), i);
    if (pivot !== i) product = -product;
    [matrix[i], matrix[pivot]] = [matrix[pivot], matrix[i]];
    product *= matrix[i][i];
    for (const row of matrix.slice(i + 1)) {
      const factor = row[i] / matrix[i][i];
      row.forEach((_, j) => {
        row[j] -= factor * matrix[i][j];
      });
    }
  }
  return product;
}

/** Q of a matrix given by its columns, each column signed so that the diagonal of R is positive. */
function householderQ(columns: readonly Float64Array[]): Float64Array[] {
  const n = columns.length;
  const work = columns.map((column) => column.slice());
  const basis = Array.from({ length: n }, (_, i) => Float64Array.from({ length: n }, (_, j) => Number(i === j)));
  const signs: number[] = [];
  for (let k = 0; k < n; k++) {
    const v = work[k].map((value, i) => (i < k ? 0 : value));
    const length = Math.sqrt(dot(v, v));
    const sign = v[k] > 0 ? -1 : 1;
    v[k] -= sign * length;
    signs.push(sign);
    const norm = dot(v, v);
    for (const vector of [...work, ...basis]) {
      const factor = norm > 0 ? (2 * dot(v, vector)) / norm : 0;
      for (let i = 0; i < n; i++) vector[i] -= factor * v[i];
    }
  }
  return Array.from({ length: n }, (_, k) => Float64Array.from(basis, (column) => signs[k] * column[k]));
}
