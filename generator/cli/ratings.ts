/** `atlas compare --ratings`: what people said, into human.json and the comparison. */
import { withLock } from '../batch/lock.ts';
import { attachHuman, readComparison } from '../compare/comparison-file.ts';
import { krippendorffAlpha } from '../compare/statistics/krippendorff.ts';
import { twoWayBootstrap } from '../compare/statistics/two-way-bootstrap.ts';
import type { StudyStatistics } from '../compare/study/analyse-ratings.ts';
import { HUMAN_FILE, importRatings } from '../compare/study/import-ratings.ts';

/** The comparison's own statistics, as a study's analysis takes them. */
export const STATISTICS: StudyStatistics = {
  agreement: krippendorffAlpha,
  interval: (a, b, stream) => twoWayBootstrap(a, b, { stream })?.interval ?? null,
  method: 'pigeonhole bootstrap, 4,999 draws',
};

export interface RatingsRequest {
  readonly folder: string;
  /** Files as the study's page saved them. */
  readonly ratings: readonly string[];
  /** The study's key; that of the store if left out. */
  readonly key?: string;
}

/** Reads all ratings that there are so far: a later call with more files takes the place of an earlier one. Runs no network. */
export async function takeRatings({ folder, ratings, key }: RatingsRequest): Promise<void> {
  // Told before anything is read: what people say stands beside a comparison.
  await readComparison(folder);
  const human = await withLock(folder, async () => {
    const found = await importRatings({ folder, ratings, statistics: STATISTICS, ...(key ? { key } : {}) });
    await attachHuman(folder, { file: HUMAN_FILE, key_sha256: found.key_sha256 });
    return found;
  });
  const out = human.excluded.map(({ file, reason, value }) => `  left out: ${file}, ${reason} ${value}\n`).join('');
  process.stdout.write(
    `${folder}: ${human.raters} ${human.raters === 1 ? 'rater counts' : 'raters count'}, of ${human.files.length}, in ${HUMAN_FILE}\n${out}`,
  );
}
