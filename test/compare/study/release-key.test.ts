/** The release of a study's key: not before the ratings are in, and byte for byte. */

import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { sha256 } from '../../../generator/batch/canonical.ts';
import { REPAIR } from '../../../generator/batch/finding.ts';
import { checkStudy } from '../../../generator/compare/study/check-study.ts';
import { importRatings } from '../../../generator/compare/study/import-ratings.ts';
import { releaseKey } from '../../../generator/compare/study/release-key.ts';
import { releasedKey } from '../../../site/view/study.ts';
import { temporaryFolder } from '../../temporary.ts';
import { direct } from './direct-statistics.ts';
import { makeFixture, type StudyFixture } from './make-fixture.ts';
import { rate } from './rate.ts';

let made: StudyFixture;
let folder: string;
let released: string;

beforeAll(async () => {
  made = await makeFixture(temporaryFolder('key'), { sessions: 1 });
  folder = made.folder;
  released = join(folder, 'released-key.json');
});

it('is refused before ratings are read', async () => {
  await expect(releaseKey(folder)).rejects.toThrow(
    `${folder}: expected ratings of this study for the release of the key, received nothing\nRead them first with "atlas compare --ratings"`,
  );
  await expect(readFile(released)).rejects.toThrow('ENOENT');
  expect(await releasedKey({ folder })).toBeUndefined();
});

it('puts its bytes where the site finds them, with the hash that the study was published with', async () => {
  const ratings = join(folder, '..', 'ratings.json');
  await writeFile(ratings, JSON.stringify(await rate(made, 1, 1)));
  await importRatings({ folder, ratings: [ratings], statistics: direct });
  const elsewhere = join(folder, '..', 'kept-key.json');
  await copyFile(join(folder, 'study-key.json'), elsewhere);
  await rm(join(folder, 'study-key.json'));
  await expect(releaseKey(folder)).rejects.toThrow('study-key.json: expected the key of the study for the release of the key');
  expect(await releaseKey(folder, elsewhere)).toEqual({ sha256: made.study.key_sha256 });
  expect(sha256(await readFile(released))).toBe(made.study.key_sha256);
  expect(await releasedKey({ folder })).toEqual({ file: released, sha256: made.study.key_sha256 });
  expect(await checkStudy(folder)).toEqual([]);
});

it('is refused for a key that is not the study’s, and a released one that was altered is told, by the site and by a check', async () => {
  const other = join(folder, '..', 'other-key.json');
  await writeFile(other, `${await readFile(released, 'utf8')} `);
  await expect(releaseKey(folder, other)).rejects.toThrow(`other-key.json: expected the key with SHA-256 ${made.study.key_sha256}`);
  await copyFile(other, released);
  await expect(releasedKey({ folder })).rejects.toThrow(
    /released-key\.json: expected the SHA-256 [0-9a-f]{64}, as study\.json has it, for/,
  );
  expect(await checkStudy(folder)).toEqual([
    { file: 'released-key.json', problem: 'is not the key that study.json was published with', repair: REPAIR.restore },
  ]);
});
