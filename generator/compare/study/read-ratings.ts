/** Reading what raters handed in: refused where it is not what the page wrote for this study, and left out, with the reason, where the rules say so. */
import type { z } from 'zod';
import {
  type Answer,
  type Human,
  type KeyTrial,
  parseSealed,
  type Ratings,
  ratings as ratingsSchema,
  STUDY_RULES,
  type Study,
  type StudyKey,
  studyKey as studyKeySchema,
  study as studySchema,
} from '../../../data/schema.ts';
import { canonicalJson, sha256 } from '../../batch/canonical.ts';
import { schemaFault } from '../../batch/schema-fault.ts';
import { fault, reason } from '../../graph/errors.ts';

/** A file, read. */
export interface TextFile {
  readonly name: string;
  readonly text: string;
}

/** An answer beside what the key says of its trial. */
export interface JudgedAnswer {
  readonly answer: Answer;
  readonly trial: KeyTrial;
  readonly right: boolean;
}

/** One rater's sitting. */
export interface Sitting {
  readonly file: string;
  readonly rater: string;
  /** From 1. */
  readonly session: number;
  /** Of all its trials, catch trials among them. */
  readonly answers: readonly JudgedAnswer[];
}

/** What a set of ratings files holds. */
export interface ImportedRatings {
  readonly study: Study;
  readonly key: StudyKey;
  readonly studySha256: string;
  readonly files: Human['files'];
  readonly sittings: readonly Sitting[];
  /** Sittings that do not count, each with its reason. */
  readonly excluded: Human['excluded'];
}

/**
 * Reads ratings files against their study and its key. Throws, naming the file and the field, for a file of another study, another atlas or another
 * major version, one whose checksum is wrong, one with a trial that is unknown, missing or there twice, an answer out of range, a rater who
 * is there twice; and for a key that is not the study's. What {@link STUDY_RULES} exclude is in `excluded`.
 */
export function readRatings(files: readonly TextFile[], study: TextFile, key: TextFile): ImportedRatings {
  const opened = openStudy(study, key);
  const raters = new Map<string, string>();
  const all = files.map((file) => {
    const sitting = judge(file.name, readOne(file, opened), opened);
    const earlier = raters.get(sitting.rater);
    if (earlier !== undefined)
      throw fault({
        where: file.name,
        expected: 'a rater whose answers were not read yet',
        name: 'rater',
        received: `${sitting.rater}, also of ${earlier}`,
        remedy: 'Give each ratings file once.',
        exitCode: 2,
      });
    raters.set(sitting.rater, file.name);
    return sitting;
  });
  const excluded = all.flatMap(exclusion);
  const out = new Set(excluded.map(({ rater }) => rater));
  return {
    study: opened.study,
    key: opened.key,
    studySha256: opened.studySha256,
    files: files.map(({ name, text }, i) => ({ file: name, sha256: sha256(text), rater: all[i].rater, session: all[i].session })),
    sittings: all.filter(({ rater }) => !out.has(rater)),
    excluded,
  };
}

interface OpenedStudy {
  readonly study: Study;
  readonly studySha256: string;
  readonly key: StudyKey;
  readonly trials: ReadonlyMap<string, KeyTrial>;
}

function openStudy(studyFile: TextFile, keyFile: TextFile): OpenedStudy {
  const remedy = 'Restore the file as "atlas compare" wrote it.';
  const study = parse(studyFile, studySchema, remedy);
  const key = parse(keyFile, studyKeySchema, remedy);
  const hash = sha256(keyFile.text);
  if (hash !== study.key_sha256)
    throw fault({
      where: keyFile.name,
      expected: `the key with SHA-256 ${study.key_sha256}, as ${studyFile.name} has it,`,
      name: 'the key',
      received: hash,
      remedy: 'Give the key that was written with this study, byte for byte.',
      exitCode: 2,
    });
  return { study, key, studySha256: sha256(studyFile.text), trials: new Map(key.trials.map((trial) => [trial.id, trial])) };
}

const REMEDY = 'Ask the rater for the file as the page saved it; a file that was changed cannot be used.';

function readOne(file: TextFile, { study, studySha256 }: OpenedStudy): Ratings {
  const value = parseJson(file);
  const claimed = value !== null && typeof value === 'object' && 'schema' in value ? value.schema : undefined;
  if (claimed !== 'basis-ratings/1')
    throw refuse(file, 'basis-ratings/1', 'schema', claimed, 'Read it with the version of this program that its page was built with.');
  const parsed = ratingsSchema.safeParse(value);
  if (!parsed.success) throw schemaFault({ where: file.name, schema: ratingsSchema, value, error: parsed.error, remedy: REMEDY });
  const { data } = parsed;
  // Over all that the file says, fields of later minor versions among them.
  const sum = sha256(canonicalJson({ ...(value as object), checksum: undefined }));
  if (data.checksum !== sum) throw refuse(file, `${sum}, the hash of the rest of the file,`, 'checksum', data.checksum, REMEDY);
  const other = 'These answers are to another study: give the study and the key that they belong to.';
  if (data.atlas !== study.atlas) throw refuse(file, study.atlas, 'atlas', data.atlas, other);
  if (data.study_sha256 !== studySha256) throw refuse(file, studySha256, 'study_sha256', data.study_sha256, other);
  if (data.key_sha256 !== study.key_sha256) throw refuse(file, study.key_sha256, 'key_sha256', data.key_sha256, other);
  return data;
}

/** Joins a sitting to the key, once it holds each of its trials once and no other. */
function judge(file: string, { session, rater, answers }: Ratings, { study, trials }: OpenedStudy): Sitting {
  const expected = study.sessions.at(session - 1);
  const at = { name: file };
  if (!expected) throw refuse(at, `a session from 1 to ${study.sessions.length}`, 'session', session, REMEDY);
  const seen = new Set<string>();
  const judged = answers.map((answer, i) => {
    const trial = trials.get(answer.trial);
    if (!trial || !expected.includes(answer.trial))
      throw refuse(at, `a trial of session ${session}`, `answers[${i}].trial`, answer.trial, REMEDY);
    if (seen.has(answer.trial)) throw refuse(at, 'one answer to each trial', `answers[${i}].trial`, `${answer.trial} again`, REMEDY);
    seen.add(answer.trial);
    return { answer, trial, right: answer.choice === trial.answer };
  });
  if (judged.length < expected.length)
    throw refuse(at, `all ${expected.length} trials of session ${session}`, 'answers', judged.length, REMEDY);
  return { file, rater, session, answers: judged };
}

function exclusion({ file, rater, session, answers }: Sitting): Human['excluded'] {
  const catches = answers.filter(({ trial }) => trial.catch);
  const accuracy = catches.filter(({ right }) => right).length / catches.length;
  const seconds = answers.reduce((sum, { answer }) => sum + answer.seconds, 0);
  const [least, most] = STUDY_RULES.seconds;
  const out = { file, rater, session };
  if (accuracy < STUDY_RULES.catch_accuracy) return [{ ...out, reason: 'catch-accuracy', value: accuracy }];
  if (seconds < least) return [{ ...out, reason: 'too-fast', value: seconds }];
  return seconds > most ? [{ ...out, reason: 'too-slow', value: seconds }] : [];
}

function parse<T>(file: TextFile, schema: z.ZodType<T>, remedy: string): T {
  const value = parseJson(file);
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw schemaFault({ where: file.name, schema, value, error: parsed.error, remedy });
  return parsed.data;
}

function parseJson(file: TextFile): unknown {
  try {
    return parseSealed(file.text);
  } catch (error) {
    throw refuse(file, 'JSON', 'the content', reason(error), REMEDY);
  }
}

function refuse({ name }: Pick<TextFile, 'name'>, expected: string, field: string, received: unknown, remedy: string): Error {
  return fault({ where: name, expected, name: field, received, remedy, exitCode: 2 });
}
