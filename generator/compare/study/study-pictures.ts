/** The pictures of a study, in its own folder: encoded alike and named by their content, so that no name leads to a unit's page. */
import glob from 'fast-glob';
import pLimit from 'p-limit';
import sharp from 'sharp';
import { sha256 } from '../../batch/canonical.ts';
import type { DurableFolder } from '../../batch/disk.ts';
import { imageFile } from '../../batch/store.ts';
import type { ImageSet } from '../../measure/images/image-set.ts';
import { type Picture, readPicture } from '../../measure/picture.ts';
import { type PictureSource, sourceName } from './trial.ts';

/** Pictures encoded at a time. */
const AT_ONCE = 4;

/** Where a picture of a study is, inside the store. */
export function studyPictureFile(hash: string): string {
  return `study/${hash}.webp`;
}

/**
 * Writes the pictures of `sources` as WebP and returns the SHA-256 of each file by the source's name. Renders are decoded and encoded anew, as the
 * images are: with its bytes unchanged, a render's hash would be that of its unit's record, and the arm could be looked up. Files of an
 * earlier study are removed.
 */
export async function writeStudyPictures(
  folder: DurableFolder,
  sources: Iterable<PictureSource>,
  images: Pick<ImageSet, 'picture'>,
  onProgress: (state: { done: number; total: number }) => void = () => undefined,
): Promise<Map<string, string>> {
  const distinct = new Map([...sources].map((source) => [sourceName(source), source]));
  const limit = pLimit(AT_ONCE);
  let done = 0;
  const written = await Promise.all(
    [...distinct].map(([name, source]) =>
      limit(async (): Promise<[string, string]> => {
        const picture =
          'render' in source ? await readPicture(folder.resolve(imageFile(source.render))) : await images.picture(source.image);
        const bytes = await encode(picture);
        const hash = sha256(bytes);
        await folder.replace(studyPictureFile(hash), bytes);
        onProgress({ done: ++done, total: distinct.size });
        return [name, hash];
      }),
    ),
  );
  const keep = new Set(written.map(([, hash]) => studyPictureFile(hash)));
  for (const file of await glob('study/*', { cwd: folder.path, dot: true })) if (!keep.has(file)) await folder.remove(file);
  return new Map(written);
}

/** At a quality that the store's own pictures do not have, so that no two files are the same; a study has thousands, so it is no high one. */
function encode({ pixels, size }: Picture): Promise<Buffer> {
  return sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .webp({ quality: 80, effort: 4, smartSubsample: true })
    .toBuffer();
}
