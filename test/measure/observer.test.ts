import { describe, expect, it } from 'vitest';
import { toLab } from '../../generator/measure/lab.ts';
import { labGabor, similarity } from '../../generator/measure/observer.ts';
import type { Picture } from '../../generator/measure/picture.ts';
import { resample } from '../../generator/measure/resample.ts';
import { deadLeaves } from './dead-leaves.ts';

const SIZE = 96;

/** Stripes of a wavelength and angle between two colours. */
function stripes({ wavelength = 8, degrees = 20, phase = 0, colour = [1, 1, 1] }): Picture {
  const pixels = new Uint8Array(SIZE * SIZE * 3);
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  for (let i = 0; i < SIZE * SIZE; i++) {
    const wave = Math.sin((2 * Math.PI * ((i % SIZE) * cos + Math.floor(i / SIZE) * sin)) / wavelength + phase);
    for (let c = 0; c < 3; c++) pixels[i * 3 + c] = Math.round(127 + 100 * wave * colour[c]);
  }
  return { size: SIZE, pixels };
}

function turned({ size, pixels }: Picture): Picture {
  const out = new Uint8Array(pixels.length);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++)
      out.set(pixels.subarray((x * size + size - 1 - y) * 3, (x * size + size - 1 - y) * 3 + 3), (y * size + x) * 3);
  }
  return { size, pixels: out };
}

const alike = (a: Picture, b: Picture) => similarity(labGabor.describe(a), labGabor.describe(b));

describe('the observer lab-gabor-1', () => {
  it('gives unit vectors of one length, without negative numbers, and the same each time', () => {
    const [a, b] = [deadLeaves(0, SIZE), deadLeaves(1, 128)].map((picture) => labGabor.describe(picture));
    expect(a).toHaveLength(291);
    expect(b).toHaveLength(291);
    expect(similarity(a, a)).toBeCloseTo(1, 6);
    expect(Math.min(...a, ...b)).toBeGreaterThanOrEqual(0);
    expect(labGabor.describe(deadLeaves(0, SIZE))).toEqual(a);
  });

  it('finds one texture alike wherever it lies', () => {
    expect(alike(stripes({}), stripes({ phase: 2 }))).toBeGreaterThan(0.995);
    const picture = deadLeaves(6, SIZE);
    const rolled = {
      size: SIZE,
      pixels: Uint8Array.from(picture.pixels, (_, i) => picture.pixels[(i + (40 * SIZE + 30) * 3) % picture.pixels.length]),
    };
    expect(alike(picture, rolled)).toBeGreaterThan(0.98);
  });

  it('tells orientations, wavelengths and colours apart', () => {
    expect(alike(stripes({}), stripes({ degrees: 65 }))).toBeLessThan(0.8);
    expect(alike(stripes({}), stripes({ degrees: 160 }))).toBeLessThan(0.9);
    expect(alike(stripes({}), stripes({ wavelength: 16 }))).toBeLessThan(0.9);
    expect(alike(stripes({}), stripes({ colour: [1, -1, 0] }))).toBeLessThan(0.9);
    expect(alike(stripes({}), { size: SIZE, pixels: new Uint8Array(SIZE * SIZE * 3).fill(127) })).toBeLessThan(0.6);
  });

  it('takes a pattern turned by 90° for another one, and turned by 180° for the same', () => {
    expect(alike(stripes({}), turned(stripes({})))).toBeLessThan(0.8);
    expect(alike(stripes({}), turned(turned(stripes({}))))).toBeGreaterThan(0.995);
  });

  it('permutes its orientations exactly when a picture is turned: stripes at θ turned are stripes at θ + 90°', () => {
    expect(alike(turned(stripes({ degrees: 20 })), stripes({ degrees: -70 }))).toBeGreaterThan(0.99);
  });

  it('sees a picture as large as any other: enlarging it changes little', () => {
    const picture = deadLeaves(7, 128);
    expect(alike(picture, resample(picture, 256))).toBeGreaterThan(0.99);
  });
});

describe('colour and size', () => {
  it('converts sRGB to CIE Lab as published: white, and the three primaries', () => {
    const pixels = Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255);
    const { l, a, b } = toLab({ size: 2, pixels });
    const expected = [
      [100, 0, 0],
      [53.24, 80.09, 67.2],
      [87.73, -86.18, 83.18],
      [32.3, 79.19, -107.86],
    ];
    for (const [i, [L, A, B]] of expected.entries()) {
      expect(Math.abs(l[i] - L)).toBeLessThan(0.1);
      expect(Math.abs(a[i] - A)).toBeLessThan(0.1);
      expect(Math.abs(b[i] - B)).toBeLessThan(0.1);
    }
  });

  it('averages areas: the mean stays, halving is the mean of four', () => {
    const picture = deadLeaves(2, 96);
    const mean = ({ pixels }: Picture) => pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
    for (const size of [17, 48, 100, 128, 200]) expect(Math.abs(mean(resample(picture, size)) - mean(picture))).toBeLessThan(0.3);
    const { pixels } = resample(picture, 48);
    const four = [0, 1, 96, 97].reduce((sum, p) => sum + picture.pixels[p * 3] / 4, 0);
    expect(Math.abs(pixels[0] - four)).toBeLessThanOrEqual(0.5);
  });
});
