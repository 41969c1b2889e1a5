import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openImages } from '../../../generator/measure/images/open-images.ts';
import { composeImage } from '../../../generator/measure/images/procset/compose.ts';
import { temporaryFolder } from '../../temporary.ts';

const cache = temporaryFolder('images');

describe('the generated set', () => {
  it('is the same from the cache as freshly made: pictures and labels, in size and order', async () => {
    const fresh = await openImages({ size: 64, n: 6, cache, minimum: 6 });
    const cached = await openImages({ size: 64, n: 6, cache, minimum: 6 });
    expect(fresh).toMatchObject({ id: 'procset-1', kind: 'generated', n: 6, size: 64 });
    expect(cached.sha256).toBe(fresh.sha256);
    expect(cached.concepts).toHaveLength(131);
    const hash = createHash('sha256');
    for (let index = 0; index < 6; index++) {
      const { picture, labels } = composeImage(index, 64);
      for (const set of [fresh, cached]) {
        expect(await set.picture(index)).toEqual(picture);
        expect(await set.labels?.(index)).toEqual(labels);
      }
      expect(labels.cell).toHaveLength(64 * 64);
      hash.update(picture.pixels).update(labels.cell).update(JSON.stringify(labels.concepts));
    }
    expect(fresh.sha256).toBe(hash.digest('hex'));
  });

  it('has another cache for another size and another number', async () => {
    await openImages({ size: 48, n: 2, cache, minimum: 1 });
    await openImages({ size: 48, n: 3, cache, minimum: 1 });
    const names = (await readdir(cache)).filter((name) => name.includes('-48-'));
    expect(names).toEqual(['procset-1-48-2.json', 'procset-1-48-2.raw', 'procset-1-48-3.json', 'procset-1-48-3.raw']);
  });

  it('notices a cache whose pixels were altered', async () => {
    const set = await openImages({ size: 40, n: 2, cache, minimum: 1 });
    const file = join(cache, 'procset-1-40-2.raw');
    const bytes = await readFile(file);
    bytes[10] ^= 255;
    await writeFile(file, bytes);
    await expect(set.picture(0)).rejects.toThrow('expected the images that were written for the cache');
    await expect(set.labels?.(0)).rejects.toThrow('expected the images that were written for the cache');
    expect((await set.picture(1)).pixels).toEqual(composeImage(1, 40).picture.pixels);
  });

  it('is refused with fewer images than are needed, or sizes that are none', async () => {
    await expect(openImages({ size: 64, n: 5, cache, minimum: 40 })).rejects.toThrow(
      'the images: expected at least 40 for the number of generated images, received 5\nAsk for 40 or more.',
    );
    await expect(openImages({ size: 0, cache, minimum: 1 })).rejects.toThrow(
      'expected a whole number from 1 to 4096 for the size of the images',
    );
    await expect(openImages({ size: 64, n: 1.5, cache, minimum: 1 })).rejects.toThrow('for the number of images, received 1.5');
  });
});
