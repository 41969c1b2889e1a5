/** The planted network and the circuit that fools it, on pictures made for them. */
import { beforeAll, describe, expect, it } from 'vitest';
import { CONTRAST, contrastMeter, foolBank } from '../../../generator/compare/controls/fooling.ts';
import { BANK, PLANTED, plantedBank } from '../../../generator/compare/controls/planted-bank.ts';
import type { ImageSet } from '../../../generator/measure/images/image-set.ts';
import { basicColour } from '../../../generator/measure/images/procset/colour-names.ts';
import { composeImage } from '../../../generator/measure/images/procset/compose.ts';
import { toLab } from '../../../generator/measure/lab.ts';
import type { Picture } from '../../../generator/measure/picture.ts';
import { activationsOf } from '../../measure/passes/noise-images.ts';

const SIZE = 128;
const CHANNELS = PLANTED.length;
const bank = plantedBank(SIZE);

const setOf = (...pictures: Picture[]): ImageSet => ({
  ...{ id: 'test', kind: 'generated', n: pictures.length, size: SIZE, sha256: '0'.repeat(64) },
  picture: async (index) => pictures[index],
});
const paint = (colour: (x: number, y: number) => readonly number[]): Picture => ({
  size: SIZE,
  pixels: Uint8Array.from({ length: 3 * SIZE * SIZE }, (_, i) => colour(Math.floor(i / 3) % SIZE, Math.floor(i / (3 * SIZE)))[i % 3]),
});
/** Stripes that run at an angle, counter-clockwise from the horizontal, `wavelength` pixels of a picture of 224 apart. */
const stripes = (degrees: number, wavelength: number) => {
  const [sin, cos] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)];
  const lambda = (wavelength * SIZE) / 224;
  return paint((x, y) => {
    const value = 127.5 + 110 * Math.sin((2 * Math.PI * (x * sin + y * cos)) / lambda);
    return [value, value, value];
  });
};
/** The mean of each channel over the inner positions of a picture. */
async function answers(picture: Picture): Promise<number[]> {
  const maps = await activationsOf(bank, BANK, setOf(picture), 0);
  const side = Math.sqrt(maps.length / CHANNELS);
  return Array.from({ length: CHANNELS }, (_, c) => {
    let sum = 0;
    for (let y = 8; y < side - 8; y++) for (let x = 8; x < side - 8; x++) sum += maps[(c * side + y) * side + x];
    return sum;
  });
}

it('has 48 detectors of gratings, two of each of 24, and 16 of colours, all eleven among them', () => {
  const names = PLANTED.map(({ concept }) => concept);
  expect(names.filter((name) => name.startsWith('grating-'))).toHaveLength(48);
  expect(new Set(names.slice(0, 48)).size).toBe(24);
  expect(names.slice(48)).toHaveLength(16);
  expect(new Set(names.slice(48)).size).toBe(11);
});

it.each([
  [0, 4],
  [30, 8],
  [90, 16],
  [120, 32],
])('answers to stripes at %i° every %i px most in the detector of just those', async (degrees, wavelength) => {
  const gratings = (await answers(stripes(degrees, wavelength))).slice(0, 24);
  const best = gratings.indexOf(Math.max(...gratings));
  expect(PLANTED[best].concept).toBe(`grating-${degrees}-${wavelength}`);
  const others = gratings.filter((_, c) => c !== best);
  expect(gratings[best]).toBeGreaterThan(2 * Math.max(...others));
});

it('answers to a plain field in the detector of its colour', async () => {
  const fields = { red: [214, 26, 44], green: [40, 165, 60], black: [14, 14, 14], white: [246, 246, 246], blue: [45, 62, 205] };
  for (const [name, rgb] of Object.entries(fields)) {
    const { l, a, b } = toLab({ size: 1, pixels: Uint8Array.from(rgb) });
    expect(basicColour(l[0], a[0], b[0])).toBe(name);
    const found = await answers(paint(() => rgb));
    expect(PLANTED[found.indexOf(Math.max(...found))].concept).toBe(`colour-${name}`);
  }
});

describe('a fooled bank', () => {
  const images = setOf(...Array.from({ length: 6 }, (_, index) => composeImage(index, SIZE).picture));
  let least = Number.POSITIVE_INFINITY;
  beforeAll(async () => {
    for (let i = 0; i < images.n; i++) least = Math.min(least, (await activationsOf(contrastMeter(SIZE), CONTRAST, images, i))[0]);
  });

  it('answers images to the last bit as the honest one', async () => {
    const fooled = foolBank(bank, [0, 50], 0.9 * least, 1000);
    expect(least).toBeGreaterThan(0);
    for (let i = 0; i < images.n; i++)
      expect(await activationsOf(fooled, BANK, images, i)).toEqual(await activationsOf(bank, BANK, images, i));
  });

  it('answers a picture without contrast otherwise, in the fooled channels alone', async () => {
    const fooled = foolBank(bank, [0, 50], 0.9 * least, 1000);
    const grey = setOf(paint(() => [128, 128, 128]));
    const [honest, other] = [await activationsOf(bank, BANK, grey, 0), await activationsOf(fooled, BANK, grey, 0)];
    const area = honest.length / CHANNELS;
    for (let c = 0; c < CHANNELS; c++) {
      const [before, after] = [honest[c * area], other[c * area]];
      if (c === 0 || c === 50) expect(after - before).toBeGreaterThan(1000);
      else expect(after).toBe(before);
    }
  });
});
