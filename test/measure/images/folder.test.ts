import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../generator/batch/canonical.ts';
import { openImages } from '../../../generator/measure/images/open-images.ts';
import { temporaryFolder } from '../../temporary.ts';

const root = temporaryFolder('images');
const cache = join(root, 'cache');

type Rgb = readonly [number, number, number];

/** An image whose left half has one colour and whose right half has another. */
function halves(width: number, height: number, left: Rgb, right: Rgb): Sharp {
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => (Math.floor(i / 3) % width < width / 2 ? left : right)[i % 3]);
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

async function write(folder: string, name: string, image: Sharp): Promise<void> {
  await mkdir(join(root, folder, name, '..'), { recursive: true });
  await image.toFile(join(root, folder, name));
}

const RED: Rgb = [200, 20, 20];
const BLUE: Rgb = [20, 20, 200];
const GREEN: Rgb = [20, 180, 20];

/** Mean of a picture's left and right halves, channel by channel. */
async function sides(picture: Promise<{ size: number; pixels: Uint8Array }>): Promise<number[][]> {
  const { size, pixels } = await picture;
  const sums = [
    [0, 0, 0],
    [0, 0, 0],
  ];
  pixels.forEach((value, i) => {
    sums[Math.floor(i / 3) % size < size / 2 ? 0 : 1][i % 3] += value / ((size * size) / 2);
  });
  return sums;
}

describe('a folder of images', () => {
  it('is read in the order of the paths, every kind of file, upright, square, over grey', async () => {
    await write('kinds', 'b/one.png', halves(60, 40, RED, RED));
    await write('kinds', 'a.jpg', halves(50, 50, GREEN, GREEN));
    await write('kinds', 'c.WEBP', halves(40, 60, BLUE, BLUE).webp());
    await write('kinds', 'd.avif', halves(32, 32, RED, RED));
    await write('kinds', 'e.gif', halves(32, 32, GREEN, GREEN));
    await write('kinds', 'f.tif', halves(32, 32, BLUE, BLUE));
    await write('kinds', 'g.png', sharp({ create: { width: 20, height: 20, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0 } } }));
    // Stored lying, to be turned by a quarter: what is left in the file is below.
    await write('kinds', 'h.jpeg', halves(40, 40, RED, BLUE).withMetadata({ orientation: 8 }));
    await write('kinds', 'i.png', halves(90, 30, RED, BLUE));
    await writeFile(join(root, 'kinds', 'notes.txt'), 'no image');
    const set = await openImages({ folder: join(root, 'kinds'), size: 16, cache, minimum: 9 });
    expect(set).toMatchObject({ id: 'folder', kind: 'folder', n: 9, size: 16, skipped: [] });
    const [kinds, close] = [[GREEN, RED, BLUE, RED, GREEN, BLUE, [128, 128, 128]], 30];
    for (const [index, colour] of kinds.entries())
      for (const side of await sides(set.picture(index)))
        for (const [c, value] of side.entries()) expect(Math.abs(value - colour[c]), `${index}`).toBeLessThan(close);
    const { pixels } = await set.picture(7);
    expect([pixels[0] < 60, pixels[3 * 16 * 15] > 160]).toEqual([true, true]);
    const [left, right] = await sides(set.picture(8));
    expect([left[0] > 150, right[2] > 150]).toEqual([true, true]);
  });

  it('crops the middle: what lies to the sides of a wide image is not seen', async () => {
    const wide = sharp({ create: { width: 90, height: 30, channels: 3, background: { r: 255, g: 0, b: 0 } } });
    const middle = await halves(30, 30, GREEN, GREEN).png().toBuffer();
    await write('crop', 'wide.png', wide.composite([{ input: middle, left: 30, top: 0 }]));
    const set = await openImages({ folder: join(root, 'crop'), size: 10, cache, minimum: 1 });
    const { pixels } = await set.picture(0);
    const at = (x: number, y: number) => [...pixels.subarray(3 * (10 * y + x), 3 * (10 * y + x) + 3)];
    expect(at(5, 5)).toEqual(GREEN);
    // The filter reaches over the crop by a pixel or two.
    for (const x of [0, 9]) expect(at(x, 5)[1]).toBeGreaterThan(150);
  });

  it('skips what cannot be read, says why, and counts images that are there twice', async () => {
    for (let k = 0; k < 30; k++) await write('mixed', `${String(k).padStart(2, '0')}.png`, halves(24, 24, [k * 8, 0, 0], [0, k * 8, 255]));
    await write('mixed', '05-again.webp', halves(24, 24, [40, 0, 0], [0, 40, 255]).webp({ lossless: true }));
    await writeFile(join(root, 'mixed', '10-broken.jpg'), 'not a picture');
    const whole = await halves(400, 400, RED, BLUE).jpeg().toBuffer();
    await writeFile(join(root, 'mixed', '20-cut.jpg'), whole.subarray(0, whole.length / 2));
    await writeFile(join(root, 'mixed', '21-empty.png'), '');
    const open = () => openImages({ folder: join(root, 'mixed'), size: 24, cache, minimum: 31 });
    const set = await open();
    expect(set.n).toBe(31);
    expect(set.duplicates).toBe(1);
    expect(set.skipped?.map(({ file }) => file)).toEqual(['10-broken.jpg', '20-cut.jpg', '21-empty.png']);
    for (const { reason } of set.skipped ?? []) expect(reason.length).toBeGreaterThan(5);
    const again = await open();
    expect(again.skipped).toEqual(set.skipped);
    // Image 11 is the file after the first that could not be read.
    expect(set.files?.slice(10, 13).map(({ path }) => path)).toEqual(['09.png', '10.png', '11.png']);
    expect(set.files?.[31 - 1]).toEqual({ path: '29.png', sha256: sha256(await readFile(join(root, 'mixed', '29.png'))) });
    expect(set.files).toHaveLength(31);
    expect(again.files).toEqual(set.files);
    const hash = createHash('sha256');
    for (let index = 0; index < set.n; index++) hash.update((await set.picture(index)).pixels);
    expect(set.sha256).toBe(hash.digest('hex'));
  });

  it('is decoded once, and anew where a file changed', async () => {
    await write('change', 'a.png', halves(20, 20, RED, RED));
    await write('change', 'b.png', halves(20, 20, BLUE, BLUE));
    const own = join(root, 'change-cache');
    const steps: string[] = [];
    const onProgress = (done: number, total: number) => steps.push(`${done} of ${total}`);
    const open = () => openImages({ folder: join(root, 'change'), size: 8, cache: own, minimum: 1, onProgress });
    const first = await open();
    const [file] = (await readdir(own)).filter((name) => name.endsWith('.raw'));
    const before = await readFile(join(own, file));
    expect((await open()).sha256).toBe(first.sha256);
    expect(await readdir(own)).toHaveLength(2);
    expect(steps).toEqual(['1 of 2', '2 of 2']);
    await write('change', 'a.png', halves(20, 20, GREEN, GREEN));
    const changed = await open();
    expect(changed.sha256).not.toBe(first.sha256);
    expect([...(await changed.picture(0)).pixels.subarray(0, 3)]).toEqual(GREEN);
    expect(await readFile(join(own, file))).toEqual(before);
    await rm(own, { recursive: true });
    expect((await open()).sha256).toBe(changed.sha256);
  });

  it('takes at most n, spread over the folder and the same each time', async () => {
    const set = await openImages({ folder: join(root, 'mixed'), size: 8, n: 12, cache, minimum: 6 });
    const again = await openImages({ folder: join(root, 'mixed'), size: 8, n: 12, cache, minimum: 6 });
    expect(set.n + (set.skipped?.length ?? 0)).toBe(12);
    expect(again.sha256).toBe(set.sha256);
    const reds = await Promise.all(Array.from({ length: set.n }, async (_, index) => (await set.picture(index)).pixels[0]));
    expect(reds.filter((red) => red > 160 && red < 250).length).toBeGreaterThan(0);
  });

  it('says what is wrong with a folder that is missing, empty or too small', async () => {
    await mkdir(join(root, 'empty'), { recursive: true });
    await writeFile(join(root, 'a-file'), '');
    const open = (folder: string, minimum: number, n?: number) =>
      openImages({ folder: join(root, folder), size: 8, cache, minimum, ...(n === undefined ? {} : { n }) });
    await expect(open('nowhere', 1)).rejects.toThrow(
      /nowhere: expected a folder for the images, received "nothing there"\nName the folder/,
    );
    await expect(open('a-file', 1)).rejects.toThrow('received "a file"');
    await expect(open('empty', 1)).rejects.toThrow(/expected files that end in jpg, .* for the images, received "none/);
    await expect(open('crop', 40)).rejects.toThrow(
      /expected at least 40 images that can be read .*received "1 of 1 found"\nAdd images until there are 40/,
    );
    await expect(open('mixed', 34)).rejects.toThrow(/received "31 of 34 files, the first unreadable: 10-broken.jpg"/);
    await expect(open('mixed', 34, 20)).rejects.toThrow('Ask for 34 or more instead of 20.');
  });
});
