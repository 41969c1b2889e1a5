import { describe, expect, it } from 'vitest';
import { heldOutTransforms, reflect } from '../../generator/measure/held-out-transforms.ts';
import type { Picture } from '../../generator/measure/picture.ts';
import { deadLeaves } from './dead-leaves.ts';

const difference = (a: Picture, b: Picture) => a.pixels.reduce((sum, value, i) => sum + Math.abs(value - b.pixels[i]), 0) / a.pixels.length;

describe('the held-out transformations', () => {
  it('are eight, and the same each time they are made', () => {
    const picture = deadLeaves(3, 48);
    const [first, second] = [heldOutTransforms(48), heldOutTransforms(48)];
    expect(first.map(({ name }) => name)).toEqual(['shift-1', 'shift-2', 'rotate-1', 'rotate-2', 'scale-1', 'scale-2', 'blur', 'noise']);
    for (const [i, { apply }] of first.entries()) expect(apply(picture).pixels).toEqual(second[i].apply(picture).pixels);
  });

  it('change a picture, and leave a flat one flat but for the noise', () => {
    const picture = deadLeaves(3, 48);
    const flat = { size: 48, pixels: new Uint8Array(48 * 48 * 3).fill(90) };
    for (const { name, apply } of heldOutTransforms(48)) {
      expect(difference(apply(picture), picture)).toBeGreaterThan(1);
      if (name !== 'noise') expect(difference(apply(flat), flat)).toBe(0);
    }
  });

  it('shift by 4 to 16 pixels along each axis: the centre of a spot moves so far', () => {
    const pixels = new Uint8Array(64 * 64 * 3);
    for (let y = 30; y < 34; y++) for (let x = 30; x < 34; x++) pixels.fill(255, (y * 64 + x) * 3, (y * 64 + x) * 3 + 3);
    for (const { name, apply } of heldOutTransforms(64).filter((transform) => transform.name.startsWith('shift'))) {
      let [sum, sx, sy] = [0, 0, 0];
      apply({ size: 64, pixels }).pixels.forEach((value, i) => {
        sum += value;
        sx += value * (Math.floor(i / 3) % 64);
        sy += value * Math.floor(i / 192);
      });
      for (const distance of [sx / sum - 31.5, sy / sum - 31.5]) {
        expect(Math.abs(distance), name).toBeGreaterThan(3.5);
        expect(Math.abs(distance), name).toBeLessThan(16.5);
      }
    }
  });

  it('reflect beyond the edge, with the edge repeated', () => {
    expect([-3, -1, 0, 4, 5, 7, 10, 12].map((i) => reflect(i, 5))).toEqual([2, 0, 0, 4, 4, 2, 0, 2]);
  });
});
