/** From ratings files to human.json: what `atlas compare --ratings` does. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Human, human as humanSchema, seal } from '../../../data/schema.ts';
import { DurableFolder } from '../../batch/disk.ts';
import { fault, reason } from '../../graph/errors.ts';
import { analyseRatings, type StudyStatistics } from './analyse-ratings.ts';
import { STUDY_FILE, STUDY_KEY_FILE } from './make-study.ts';
import { readRatings, type TextFile } from './read-ratings.ts';

/** What the ratings of a store's study say, inside the store. */
export const HUMAN_FILE = 'human.json';

export interface ImportRequest {
  /** The store, which has study.json. */
  readonly folder: string;
  /** Paths of the ratings files. */
  readonly ratings: readonly string[];
  /** Path of the key; the store's own study-key.json unless told. */
  readonly key?: string;
  readonly statistics: StudyStatistics;
  /** Names the bootstrap's draws; the study's seed unless told. */
  readonly seed?: string;
}

/** Reads the ratings (see {@link readRatings} for what is refused), analyses them and writes human.json; the same files give the same bytes. */
export async function importRatings({ folder, ratings, key, statistics, seed }: ImportRequest): Promise<Human> {
  const [study, keyFile] = await Promise.all([readText(path.join(folder, STUDY_FILE)), readText(key ?? path.join(folder, STUDY_KEY_FILE))]);
  const files = await Promise.all([...ratings].sort().map(readText));
  const imported = readRatings(
    files.map(({ name, text }) => ({ name: path.basename(name), text })),
    study,
    keyFile,
  );
  const human = humanSchema.parse(analyseRatings(imported, statistics, seed ?? String(imported.study.seed)));
  await new DurableFolder(folder).replace(HUMAN_FILE, seal(`${JSON.stringify(human, null, 1)}\n`));
  return human;
}

async function readText(file: string): Promise<TextFile> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw fault({
      where: file,
      expected: 'a file that can be read',
      name: 'the ratings, or the study they belong to',
      received: reason(cause),
      remedy: 'Give ratings files as the study’s page saved them; the study and its key are written by "atlas compare".',
      exitCode: 2,
      cause,
    });
  });
  return { name: file, text };
}
