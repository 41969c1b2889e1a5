/** Random frames by reflections: orthonormal, uniform, the same in law as those that are rendered, and the same however many are asked for. */
import { determinant, Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { float32Bytes, sha256 } from '../../../generator/batch/canonical.ts';
import { HaarFrame } from '../../../generator/batch/haar.ts';
import { haarRows } from '../../../generator/compare/directions/haar-rows.ts';
import { frames } from '../../../generator/compare/directions/random.ts';
import { RandomStream } from '../../../generator/render/random.ts';
import { distanceBetween, distanceFromUniform, makeLayer, orthogonalityError, rowsOf, WEIGHTS } from './small-layer.ts';

const draw = (name: string | number, channels: number, count = channels) => haarRows(new RandomStream('rows', name), channels, count);

describe('the rows of a random rotation', () => {
  it.each([1, 2, 3, 6, 17, 64])('of %i channels are orthonormal with determinant one', (channels) => {
    for (let k = 0; k < 8; k++) {
      const frame = draw(`${channels} ${k}`, channels);
      expect(orthogonalityError(frame, channels)).toBeLessThan(1e-13);
      expect(determinant(Matrix.from1DArray(channels, channels, frame))).toBeCloseTo(1, 11);
    }
  });

  it.each([
    [576, 256],
    [191, 191],
  ])('stay orthonormal to 1e-12 in %i channels, %i rows', (channels, count) => {
    expect(orthogonalityError(draw('large', channels, count), channels)).toBeLessThan(1e-12);
  });

  it('do not depend on how many are asked for, to the last bit, but for the sign of the last', () => {
    const whole = draw('prefix', 23);
    for (const count of [1, 2, 3, 4, 5, 7, 8, 22]) expect(draw('prefix', 23, count)).toEqual(whole.subarray(0, count * 23));
  });

  it('are the Q of a Gaussian matrix with a positive diagonal of R: the first is the first Gaussian vector, made a unit vector', () => {
    const random = new RandomStream('rows', 'first');
    const g = Array.from({ length: 9 }, () => random.normal());
    const length = Math.hypot(...g);
    draw('first', 9, 1).forEach((value, k) => {
      expect(value).toBeCloseTo(g[k] / length, 14);
    });
  });

  it('need the rule for the last row: without it both determinants come up', () => {
    const negated = Array.from({ length: 40 }, (_, k) => {
      const [a, b] = rowsOf(draw(`sign ${k}`, 2), 2);
      const random = new RandomStream('rows', `sign ${k}`);
      for (let i = 0; i < 2; i++) random.normal();
      // In two dimensions the second row, before its sign is settled, is the turned first one times ±1: the sign of the third draw.
      expect([b[0], b[1]]).toEqual([-a[1], a[0]].map((value) => expect.closeTo(value, 14)));
      return random.normal() < 0;
    });
    expect(new Set(negated)).toEqual(new Set([true, false]));
  });
});

describe('their law', () => {
  it('has the moments of Beta(1/2, (C−1)/2) in the squares of every row', () => {
    const channels = 8;
    const many = Array.from({ length: 4000 }, (_, k) => draw(`moments ${k}`, channels));
    for (let row = 0; row < channels; row++) {
      const values = many.flatMap((frame) => Array.from(frame.subarray(row * channels, (row + 1) * channels)));
      const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
      const fourth = values.reduce((sum, x) => sum + x ** 4, 0) / values.length;
      // Standard errors: √(1/C/32000) = .002; the fourth moment's is 0.6% of itself, times √(variance of x⁴)/mean ≈ 2.5.
      expect(Math.abs(mean)).toBeLessThan(0.008);
      expect(Math.abs(fourth / (3 / (channels * (channels + 2))) - 1)).toBeLessThan(0.05);
    }
  });

  it('turns every two coordinates of the first row by a uniform angle, and so any two rows in a coordinate', () => {
    const many = Array.from({ length: 3000 }, (_, k) => draw(`angle ${k}`, 6));
    const angle = (x: number, y: number) => Math.atan2(y, x) / (2 * Math.PI) + 0.5;
    for (const [i, j] of [
      [0, 1],
      [1, 5],
      [2, 4],
    ]) {
      expect(distanceFromUniform(many.map((frame) => angle(frame[i], frame[j])))).toBeLessThan(1.95);
      expect(distanceFromUniform(many.map((frame) => angle(frame[i * 6], frame[j * 6])))).toBeLessThan(1.95);
    }
    // The bound can be missed: a coordinate itself is not uniform.
    expect(distanceFromUniform(many.map((frame) => (frame[0] + 1) / 2))).toBeGreaterThan(1.95);
  });

  it('is that of the frames that are rendered, in every entry and in sums over the frame', () => {
    const channels = 4;
    const ours = Array.from({ length: 2500 }, (_, k) => rowsOf(draw(`law ${k}`, channels), channels));
    const theirs = Array.from({ length: 2500 }, (_, k) => {
      const frame = new HaarFrame(new RandomStream('theirs', k), channels);
      return Array.from({ length: channels }, (_, row) => frame.row(row));
    });
    const compare = (of: (frame: Float64Array[]) => number) => distanceBetween(ours.map(of), theirs.map(of));
    for (let i = 0; i < channels; i++) for (let j = 0; j < channels; j++) expect(compare((frame) => frame[i][j])).toBeLessThan(2.4); // sixteen of them
    expect(compare((frame) => frame[0][0] + frame[1][1] + frame[2][2] + frame[3][3])).toBeLessThan(1.95);
    expect(compare((frame) => frame[0][1] * frame[1][0])).toBeLessThan(1.95);
    expect(
      distanceBetween(
        ours.map((frame) => frame[0][0]),
        theirs.map((frame) => Math.abs(frame[0][0])),
      ),
    ).toBeGreaterThan(1.95);
  });
});

describe('the frames of the frame test', () => {
  const layer = makeLayer(12);

  it('are orthonormal rows with the hash of their float32 bytes, each its own', () => {
    const found = [...frames(layer, 5, 7)];
    expect(found.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
    for (const { rows, sha256: hash } of found) {
      expect(rows.length).toBe(7 * 12);
      expect(orthogonalityError(rows, 12)).toBeLessThan(1e-14);
      expect(hash).toBe(sha256(float32Bytes(Float32Array.from(rows))));
    }
    expect(new Set(found.map(({ sha256: hash }) => hash)).size).toBe(5);
  });

  it('depend on the weights, the layer and their number alone', () => {
    const third = (input: typeof layer, count: number, rows: number) => [...frames(input, count, rows)][2].rows;
    expect(third(layer, 9, 3)).toEqual(third(layer, 3, 7).subarray(0, 3 * 12));
    expect(third({ ...layer, layerName: 'net/late' }, 3, 3)).not.toEqual(third(layer, 3, 3));
    expect(third({ ...layer, weightsSha256: 'cd'.repeat(32) }, 3, 3)).not.toEqual(third(layer, 3, 3));
    expect(layer.weightsSha256).toBe(WEIGHTS);
  });
});
