/** Releasing the key of a study: once the ratings are in, anybody can see which answers were right, and that they were fixed before the first. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { human as humanSchema, parseSealed, study as studySchema } from '../../../data/schema.ts';
import { sha256 } from '../../batch/canonical.ts';
import { DurableFolder } from '../../batch/disk.ts';
import { fault } from '../../graph/errors.ts';
import { HUMAN_FILE } from './import-ratings.ts';
import { STUDY_FILE, STUDY_KEY_FILE } from './make-study.ts';

/** The released key, inside a store: the key's own bytes, so that their SHA-256 is the one that was published. */
export const RELEASED_KEY_FILE = 'released-key.json';

/**
 * Copies the store's study-key.json, or that at `key`, to {@link RELEASED_KEY_FILE}, which the site publishes. Throws where there is no study, the
 * key is not the study's, or no ratings of it were read yet: whoever has the key can give no answer that counts.
 */
export async function releaseKey(folder: string, key = path.join(folder, STUDY_KEY_FILE)): Promise<{ sha256: string }> {
  const wrong = (where: string, expected: string, received: unknown, remedy: string) =>
    fault({ where, expected, name: 'the release of the key', received, remedy, exitCode: 2 });
  const read = (file: string) => readFile(file).catch(() => undefined);
  const [study, bytes] = [await read(path.join(folder, STUDY_FILE)), await read(key)];
  if (!study) throw wrong(folder, 'a study', undefined, 'Make one with "atlas study".');
  if (!bytes) throw wrong(key, 'the key of the study', undefined, 'Name it with --key.');
  const { key_sha256: expected } = studySchema.parse(parseSealed(study.toString(), studySchema));
  const found = sha256(bytes);
  if (found !== expected)
    throw wrong(key, `the key with SHA-256 ${expected}`, found, 'Give the key that was written with this study, byte for byte.');
  const ratings = await read(path.join(folder, HUMAN_FILE));
  if (!ratings || humanSchema.parse(parseSealed(ratings.toString(), humanSchema)).key_sha256 !== expected)
    throw wrong(
      folder,
      'ratings of this study',
      undefined,
      'Read them first with "atlas compare --ratings": after the release none counts.',
    );
  await new DurableFolder(folder).replace(RELEASED_KEY_FILE, bytes);
  return { sha256: found };
}
