/** Powers of rotations at the widest layers: the accuracy that the comparison states. */
import { expect, it } from 'vitest';
import { haarRows } from '../../../generator/compare/directions/haar-rows.ts';
import { RotationPowers } from '../../../generator/compare/directions/rotation-power.ts';
import { RandomStream } from '../../../generator/render/random.ts';
import { largestGap, meanDiagonal, multiply } from './matrices.ts';
import { orthogonalityError } from './small-layer.ts';

it('a power in 1280 channels is orthogonal to 5e-12, adds up to 5e-12, and has the mean diagonal sin(πα)/πα', () => {
  const channels = 1280;
  const q = haarRows(new RandomStream('long'), channels, channels);
  expect(orthogonalityError(q, channels)).toBeLessThan(1e-12);
  const powers = new RotationPowers(q, channels);
  const [quarter, half, threeQuarters] = [0.25, 0.5, 0.75].map((alpha) => powers.power(alpha));
  for (const power of [quarter, half, threeQuarters]) expect(orthogonalityError(power, channels)).toBeLessThan(5e-12);
  expect(largestGap(multiply(quarter, half, channels), threeQuarters)).toBeLessThan(5e-12);
  expect(largestGap(multiply(half, half, channels), q)).toBeLessThan(5e-12);
  const diagonals = [quarter, half, threeQuarters, q].map((power) => meanDiagonal(power, channels));
  [0.25, 0.5, 0.75, 1].forEach((alpha, i) => {
    expect(Math.abs(diagonals[i] - Math.sin(Math.PI * alpha) / (Math.PI * alpha))).toBeLessThan(0.004);
  });
});
