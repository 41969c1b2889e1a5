/** The files of the human study, as Zod schemas: the trials that a page shows, the key that tells what they were, a rater's answers, and what came of them. */
import { z } from 'zod';
import { count, sha256, slug } from './render-schema.ts';

/** Trials of one sitting. */
export const SESSION_TRIALS = 40;
/** Trials of a sitting whose answer is in plain sight: whoever misses them did not look. */
export const SESSION_CATCHES = 5;
/** Of the {@link SESSION_TRIALS}, those that every rater gets, for agreement: 20%. */
export const SHARED_TRIALS = 8;
/** Pictures that explain a unit, at most. */
export const MOST_EXPLANATIONS = 9;
/** Words that a rater may give a unit, at most. */
export const MOST_WORDS = 5;

/** Fixed before any rating was seen: a sitting counts with this share of its catch trials right, and within these seconds in all. */
export const STUDY_RULES = { catch_accuracy: 0.8, seconds: [135, 2500] } as const;

/** What explains the unit: pictures that an optimiser made for it, or the images that it responds to most. */
export const EXPLANATIONS = ['renders', 'images'] as const;
const explanationKind = z.enum(EXPLANATIONS);
export type ExplanationKind = z.infer<typeof explanationKind>;

/** Which of the two queries: `left` is the first. */
const side = z.enum(['left', 'right']);
export type Side = z.infer<typeof side>;

const trialId = z.string().regex(/^[0-9a-f]{16}$/, 'an opaque trial id, 16 hexadecimal digits');
const picture = sha256.describe('SHA-256 of study/<hash>.webp.');

/** One question. Nothing in it says which layer, which direction or which arm it is about, and a catch trial looks like any other. */
export const studyTrial = z.object({
  id: trialId,
  kind: explanationKind,
  explanation: z.array(picture).min(1).max(MOST_EXPLANATIONS),
  queries: z.tuple([picture, picture]).describe('Left and right.'),
});
export type StudyTrial = z.infer<typeof studyTrial>;

/** study.json: public from the start. */
export const study = z.object({
  schema: z.literal('basis-study/1'),
  atlas: slug,
  created: z.iso.datetime(),
  seed: count,
  key_sha256: sha256.describe('Of the bytes of study-key.json, which is released when the ratings are in.'),
  trials: z.array(studyTrial).min(1).describe('In order of their ids, which tell nothing.'),
  sessions: z.array(z.array(trialId).min(1)).min(1).describe('The trials of each sitting, in the order shown. Session 1 is the first.'),
});
export type Study = z.infer<typeof study>;

/** study-key.json: what every trial was. */
export const studyKey = z.object({
  schema: z.literal('basis-study-key/1'),
  atlas: slug,
  seed: count,
  nonce: sha256.describe('Drawn at random; it names every draw, so that the public seed alone gives nothing away.'),
  trials: z.array(
    z.object({
      id: trialId,
      layer: slug,
      direction: z.string().min(1).describe('`channel-42`, `random-7`.'),
      arm: z.string().min(1),
      kind: explanationKind,
      answer: side.describe('Where the right picture is.'),
      catch: z.boolean(),
      shared: z.boolean().describe('Whether every rater gets it.'),
      explanation: z.array(z.string()).describe('Where each picture is from: `render:<SHA-256 in images/>` or `image:<index>`.'),
      queries: z.tuple([z.string(), z.string()]),
    }),
  ),
});
export type StudyKey = z.infer<typeof studyKey>;
export type KeyTrial = StudyKey['trials'][number];

const answer = z.object({
  trial: trialId,
  choice: side,
  confidence: z.int().min(1).max(3),
  nameable: z.int().min(1).max(5).describe('“I could name what this responds to”: 1 not at all, 5 certainly.'),
  words: z.array(z.string().min(1).max(40)).max(MOST_WORDS),
  seconds: z.number().min(0).max(86_400).describe('From the trial’s appearance to its last answer, while the page was visible.'),
});
export type Answer = z.infer<typeof answer>;

/** ratings-<atlas>-<session>-<rater>.json: what a rater hands in. */
export const ratings = z.object({
  schema: z.literal('basis-ratings/1'),
  atlas: slug,
  study_sha256: sha256.describe('Of the bytes of the study.json that was shown.'),
  key_sha256: sha256,
  session: z.int().min(1),
  rater: z.string().regex(/^[0-9a-f]{12}$/, '12 hexadecimal digits'),
  started: z.iso.datetime(),
  finished: z.iso.datetime(),
  answers: z.array(answer),
  checksum: sha256.describe(
    'Of the canonical JSON (sorted keys, no white space) of all the rest: shows damage and careless edits, not forgery.',
  ),
});
export type Ratings = z.infer<typeof ratings>;

const share = z.number().min(0).max(1);
const interval = z.tuple([z.number(), z.number()]).nullable();

const humanAccuracy = z.object({
  layer: z.string().describe('A slug, or `all`.'),
  kind: explanationKind,
  arm: z.string(),
  directions: count,
  answers: count,
  accuracy: share.nullable().describe('Share of right answers; chance is 0.5.'),
  nameable: z.number().nullable().describe('Mean over answers, 1 to 5.'),
  confidence: z.number().nullable().describe('Mean over answers, 1 to 3.'),
});

const humanDifference = z.object({
  layer: z.string(),
  kind: explanationKind,
  measure: z.enum(['accuracy', 'nameable']),
  armA: z.string(),
  armB: z.string(),
  difference: z.number().nullable().describe('Mean of A − mean of B, over answers.'),
  ci: interval.describe('95%, raters and directions both resampled.'),
  ci_method: z.string(),
});

/** human.json: what the ratings say, by arm. */
export const human = z.object({
  schema: z.literal('basis-human/1'),
  atlas: slug,
  study_sha256: sha256,
  key_sha256: sha256,
  rules: z.object({ catch_accuracy: share, seconds: z.tuple([z.number(), z.number()]) }).describe('Exclusions, fixed beforehand.'),
  files: z.array(z.object({ file: z.string(), sha256, rater: z.string(), session: count })),
  excluded: z.array(
    z.object({
      file: z.string(),
      rater: z.string(),
      session: count,
      reason: z.enum(['catch-accuracy', 'too-fast', 'too-slow']),
      value: z.number(),
    }),
  ),
  raters: count.describe('Whose answers count.'),
  seed: z.string(),
  agreement: z.array(
    z.object({
      measure: z.enum(['choice', 'nameable']),
      level: z.enum(['nominal', 'ordinal']),
      trials: count,
      raters: count,
      alpha: z.number().nullable().describe('Krippendorff’s α on the trials that every rater had.'),
    }),
  ),
  accuracy: z.array(humanAccuracy),
  differences: z.array(humanDifference),
  directions: z.array(
    z.object({
      layer: slug,
      direction: z.string().min(1).describe('`channel-42`, `random-7`.'),
      arm: z.string(),
      kind: explanationKind,
      answers: count,
      accuracy: share,
      nameable: z.number(),
      confidence: z.number(),
      words: z.array(z.object({ word: z.string(), raters: count })).describe('By how many raters gave them.'),
    }),
  ),
});
export type Human = z.infer<typeof human>;
