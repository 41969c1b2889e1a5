/** Powers of rotations: they are rotations, they add up, and half the way is half the way. */
import { determinant, Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { haarRows } from '../../../generator/compare/directions/haar-rows.ts';
import { RotationPowers } from '../../../generator/compare/directions/rotation-power.ts';
import { RandomStream } from '../../../generator/render/random.ts';
import { largestGap, meanDiagonal, multiply } from './matrices.ts';
import { orthogonalityError } from './small-layer.ts';

const draw = (channels: number, k = 0) => haarRows(new RandomStream('powers', channels, k), channels, channels);

describe('a power of a rotation', () => {
  it.each([1, 2, 3, 8, 33, 64])('of %i channels is a rotation, and one and zero are what they should be', (channels) => {
    for (let k = 0; k < 3; k++) {
      const q = draw(channels, k);
      const powers = new RotationPowers(q, channels);
      expect(largestGap(powers.power(1), q)).toBeLessThan(1e-13);
      expect(largestGap(powers.power(0), Float64Array.from(Matrix.identity(channels).to1DArray()))).toBeLessThan(1e-13);
      for (const alpha of [0.2, 0.5, 0.8]) {
        const power = powers.power(alpha);
        expect(orthogonalityError(power, channels)).toBeLessThan(1e-13);
        expect(determinant(Matrix.from1DArray(channels, channels, power))).toBeCloseTo(1, 11);
      }
    }
  });

  it.each([17, 64, 192])('adds up in %i channels: Q^α·Q^β = Q^(α+β)', (channels) => {
    for (let k = 0; k < 2; k++) {
      const powers = new RotationPowers(draw(channels, k), channels);
      for (const [a, b] of [
        [0.2, 0.4],
        [0.4, 0.4],
        [0.5, 0.5],
        [0.8, -0.6],
      ])
        expect(largestGap(multiply(powers.power(a), powers.power(b), channels), powers.power(a + b))).toBeLessThan(1e-11);
    }
  });

  it('turns a plane by the part of its angle: in two dimensions, at angles from none to nearly half a turn', () => {
    for (const angle of [0, 1e-13, 1e-9, 1e-4, 1, 2, Math.PI - 1e-4, Math.PI - 1e-8]) {
      const turn = (by: number) => Float64Array.of(Math.cos(by), -Math.sin(by), Math.sin(by), Math.cos(by));
      const power = new RotationPowers(turn(angle), 2).power(0.3);
      // Rounding of the angle's own sine is all that is lost, relative to it: 1e-16/1e-8.
      expect(largestGap(power, turn(0.3 * angle))).toBeLessThan(Math.max(1e-15, 1e-16 / Math.abs(Math.PI - angle)) * 4);
    }
  });

  it('keeps planes of one angle together, though their eigenvectors are any basis', () => {
    // Three planes that turn by 1.2 in a hidden frame: all six eigenvalues of S are equal.
    const hidden = draw(6, 7);
    const turn = (by: number) => {
      const blocks = Matrix.zeros(6, 6);
      for (let i = 0; i < 6; i += 2) {
        blocks.set(i, i, Math.cos(by)).set(i, i + 1, -Math.sin(by));
        blocks.set(i + 1, i, Math.sin(by)).set(i + 1, i + 1, Math.cos(by));
      }
      const frame = Matrix.from1DArray(6, 6, hidden);
      return Float64Array.from(frame.mmul(blocks).mmul(frame.transpose()).to1DArray());
    };
    expect(largestGap(new RotationPowers(turn(1.2), 6).power(0.25), turn(0.3))).toBeLessThan(1e-14);
  });

  it('is refused where a plane turns by half: it is not determined', () => {
    expect(() => new RotationPowers(Float64Array.of(-1, 0, 0, 0, -1, 0, 0, 0, 1), 3)).toThrow(
      'a power of a rotation: expected a rotation without a half turn for the rotation, received "the eigenvalue −1"',
    );
  });

  it('is orthogonal to 1e-14 in 192 channels and 191, and has the mean diagonal sin(πα)/πα', () => {
    const alphas = [0.25, 0.5, 0.75, 1];
    const found = alphas.map(() => 0);
    const frames = 6;
    for (let k = 0; k < frames; k++) {
      const channels = k % 2 === 0 ? 192 : 191;
      const powers = new RotationPowers(draw(channels, k), channels);
      alphas.forEach((alpha, i) => {
        const power = powers.power(alpha);
        expect(orthogonalityError(power, channels)).toBeLessThan(1e-14);
        found[i] += meanDiagonal(power, channels) / frames;
      });
    }
    // The trace of a random rotation's power spreads by about one whatever C is, so a mean diagonal by 1/C, and the mean of six by 0.002.
    alphas.forEach((alpha, i) => {
      expect(Math.abs(found[i] - Math.sin(Math.PI * alpha) / (Math.PI * alpha))).toBeLessThan(0.006);
    });
    expect(found.map((value) => value.toFixed(1))).toEqual(['0.9', '0.6', '0.3', expect.stringMatching(/^-?0\.0$/)]);
  });
});
