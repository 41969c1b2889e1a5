/** A rater in code: answers a session as told and writes the file that the page would save. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Answer, KeyTrial, Ratings } from '../../../data/schema.ts';
import { canonicalJson, sha256 } from '../../../generator/batch/canonical.ts';
import type { TextFile } from '../../../generator/compare/study/read-ratings.ts';
import type { StudyFixture } from './make-fixture.ts';

/** What a rater does with a trial; right, sure, able to name it and in 12 seconds unless told. */
export type Habit = (trial: KeyTrial, i: number) => { right?: boolean } & Partial<Answer>;

/** The answers of rater number `rater` to a session, as a ratings file's content. */
export async function rate(made: StudyFixture, rater: number, session: number, habit: Habit = () => ({})): Promise<Ratings> {
  const trials = new Map(made.key.trials.map((trial) => [trial.id, trial]));
  const answers = made.study.sessions[session - 1].map((id, i): Answer => {
    const trial = trials.get(id);
    if (!trial) throw new Error(`the key has no trial ${id}`);
    const { right = true, ...others } = habit(trial, i);
    const wrong = trial.answer === 'left' ? 'right' : 'left';
    return { trial: id, choice: right ? trial.answer : wrong, confidence: 3, nameable: 4, words: ['stripes'], seconds: 12, ...others };
  });
  return withChecksum({
    schema: 'basis-ratings/1',
    atlas: 'fixture-net',
    study_sha256: sha256(await readFile(join(made.folder, 'study.json'))),
    key_sha256: made.study.key_sha256,
    session,
    rater: rater.toString(16).padStart(12, '0'),
    started: '2026-03-05T05:06:07.000Z',
    finished: '2026-03-05T05:16:07.000Z',
    answers,
    checksum: '',
  });
}

/** The same with the checksum that belongs to it. */
export function withChecksum<T extends object>(file: T): T {
  return { ...file, checksum: sha256(canonicalJson({ ...file, checksum: undefined })) };
}

/** As a file. */
export function fileOf(content: object, name = 'ratings-fixture-net-1-000000000001.json'): TextFile {
  return { name, text: JSON.stringify(content, null, 1) };
}
