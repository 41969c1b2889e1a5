import { readdir, readFile, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RawCache, type RawImage } from '../../../generator/measure/images/raw-cache.ts';
import { temporaryFolder } from '../../temporary.ts';

const root = temporaryFolder('images');

async function* three(note: (index: number) => unknown = () => null): AsyncGenerator<RawImage> {
  for (let index = 0; index < 3; index++) yield { data: Uint8Array.from([index, 10, 20, 30]), note: note(index) };
}

/** A cache of {@link three}, without notes. */
const open = (folder: string, name = 'set') =>
  RawCache.open(
    folder,
    name,
    () => three(),
    () => null,
  );

const never = () => {
  throw new Error('written again');
};

describe('a cache of images', () => {
  it('gives back what was written, and writes it once', async () => {
    const folder = join(root, 'once');
    const first = await RawCache.open(
      folder,
      'set',
      () => three((index) => [index, 'note']),
      () => ({ all: true }),
    );
    const again = await RawCache.open(folder, 'set', never, never);
    for (const cache of [first, again]) {
      expect(cache.n).toBe(3);
      expect(cache.about).toEqual({ all: true });
      expect(await cache.read(2)).toEqual({ data: Uint8Array.from([2, 10, 20, 30]), note: [2, 'note'] });
    }
    expect(again.sha256).toBe(first.sha256);
    expect(await readdir(folder)).toEqual(['set.json', 'set.raw']);
  });

  it('hashes bytes and notes in their order', async () => {
    const plain = await open(join(root, 'a'));
    const noted = await RawCache.open(
      join(root, 'b'),
      'set',
      () => three(() => 'x'),
      () => null,
    );
    expect(plain.sha256).not.toBe(noted.sha256);
    expect(plain.duplicates).toBe(0);
  });

  it('leaves nothing behind when the images end in an error, and is whole the next time', async () => {
    const folder = join(root, 'broken');
    async function* broken(): AsyncGenerator<RawImage> {
      yield { data: Uint8Array.from([1, 2, 3, 4]), note: null };
      throw new Error('the source broke');
    }
    await expect(RawCache.open(folder, 'set', broken, never)).rejects.toThrow('the source broke');
    expect(await readdir(folder)).toEqual([]);
    expect((await open(folder)).n).toBe(3);
  });

  it('writes anew where a kill left only a part: images without contents, or fewer bytes than the contents say', async () => {
    const folder = join(root, 'killed');
    await open(folder);
    await truncate(join(folder, 'set.raw'), 7);
    const again = await open(folder);
    expect((await again.read(2)).data).toEqual(Uint8Array.from([2, 10, 20, 30]));
    await writeFile(join(folder, 'set.json'), '{"format":"images-1"');
    expect((await open(folder)).n).toBe(3);
  });

  it('clears away unfinished files of a killed run, but neither those still written nor those of others', async () => {
    const folder = join(root, 'abandoned');
    await open(folder, 'one');
    for (const name of ['old.raw.1.tmp', 'new.raw.2.tmp', 'notes.tmp']) await writeFile(join(folder, name), 'x');
    const yesterday = Date.now() / 1000 - 86_400;
    await utimes(join(folder, 'old.raw.1.tmp'), yesterday, yesterday);
    await utimes(join(folder, 'notes.tmp'), yesterday, yesterday);
    await RawCache.open(
      folder,
      'two',
      () => three(),
      () => null,
    );
    const names = await readdir(folder);
    expect(names).not.toContain('old.raw.1.tmp');
    expect(names).toEqual(expect.arrayContaining(['new.raw.2.tmp', 'notes.tmp', 'two.raw']));
  });

  it('refuses bytes or notes that were altered, and says which file to delete', async () => {
    const folder = join(root, 'altered');
    const cache = await RawCache.open(
      folder,
      'set',
      () => three(() => 'note'),
      () => null,
    );
    const bytes = await readFile(join(folder, 'set.raw'));
    bytes[5] ^= 1;
    await writeFile(join(folder, 'set.raw'), bytes);
    await expect(cache.read(1)).rejects.toThrow(/other bytes for image 1"\nDelete .*set\.raw and run again/);
    expect((await cache.read(0)).data[1]).toBe(10);
    const contents = await readFile(join(folder, 'set.json'), 'utf8');
    await writeFile(join(folder, 'set.json'), contents.replace('"note"', '"n0te"'));
    await expect((await RawCache.open(folder, 'set', never, never)).read(0)).rejects.toThrow('expected the images that were written');
    await expect(cache.read(3)).rejects.toThrow('expected 0 to 2 for the index of an image, received 3');
  });

  it('says what to do where the folder cannot be written to', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(
      RawCache.open(
        join(root, 'file', 'below'),
        'set',
        () => three(),
        () => null,
      ),
    ).rejects.toThrow(/expected a folder with room for the images for the cache/);
  });
});
