/** Ratings files are read if they are what the page wrote for this study, and refused with the reason if not. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ratings } from '../../../data/schema.ts';
import { readRatings, type TextFile } from '../../../generator/compare/study/read-ratings.ts';
import { makeFixture, type StudyFixture } from './make-fixture.ts';
import { fileOf, rate, withChecksum } from './rate.ts';

let data: string;
let made: StudyFixture;
let study: TextFile;
let key: TextFile;
let good: Ratings;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'basis-atlas-study-'));
  made = await makeFixture(data);
  study = { name: 'study.json', text: await readFile(join(made.folder, 'study.json'), 'utf8') };
  key = { name: 'study-key.json', text: await readFile(join(made.folder, 'study-key.json'), 'utf8') };
  good = await rate(made, 1, 2);
});

afterAll(() => rm(data, { recursive: true }));

const read = (...files: object[]) =>
  readRatings(
    files.map((file) => fileOf(file)),
    study,
    key,
  );
const changed = (change: (copy: Ratings) => void): Ratings => {
  const copy = structuredClone(good);
  change(copy);
  return copy;
};

test('a sound file is read, each answer beside what the key says of it', () => {
  const { sittings, excluded, files } = read(good);
  expect(excluded).toEqual([]);
  expect(files).toMatchObject([{ rater: '000000000001', session: 2 }]);
  expect(sittings[0].answers).toHaveLength(45);
  expect(sittings[0].answers.every(({ right, trial, answer }) => right && trial.id === answer.trial)).toBe(true);
});

test('fields of a later minor version are no trouble, if the checksum covers them', () => {
  expect(read(withChecksum({ ...good, device: 'a phone' })).sittings).toHaveLength(1);
  expect(() => read({ ...good, device: 'a phone' })).toThrow('for checksum');
});

test('a changed answer, a damaged file and a file that is no JSON are refused', () => {
  const other = good.answers[3].choice === 'left' ? 'right' : 'left';
  const tampered = changed((copy) => {
    copy.answers[3].choice = other;
  });
  expect(() => read(tampered)).toThrow(
    /^ratings-fixture-net-1-000000000001\.json: expected [0-9a-f]{64}, the hash of the rest of the file, for checksum, received .*\nAsk the rater/,
  );
  const whole = fileOf(good);
  const torn = { ...whole, text: whole.text.slice(0, 3000) };
  expect(() => readRatings([torn], study, key)).toThrow(/expected JSON for the content/);
});

test.for<[string, (copy: Ratings) => void, string]>([
  [
    'confidence 4',
    ({ answers }) => {
      answers[0].confidence = 4;
    },
    'expected a number of at most 3 for answers[0].confidence, received 4',
  ],
  [
    'nameable 0',
    ({ answers }) => {
      answers[9].nameable = 0;
    },
    'expected a number of at least 1 for answers[9].nameable, received 0',
  ],
  [
    'six words',
    ({ answers }) => {
      answers[1].words = ['a', 'b', 'c', 'd', 'e', 'f'];
    },
    'expected a list of a length of at most 5 for answers[1].words',
  ],
  [
    'a choice of neither',
    ({ answers }) => void Object.assign(answers[2], { choice: 'both' }),
    'expected one of "left", "right" for answers[2].choice',
  ],
  [
    'negative time',
    ({ answers }) => {
      answers[2].seconds = -1;
    },
    'expected a number of at least 0 for answers[2].seconds',
  ],
  [
    'an unknown trial',
    ({ answers }) => {
      answers[4].trial = '0123456789abcdef';
    },
    'expected a trial of session 2 for answers[4].trial, received "0123456789abcdef"',
  ],
  [
    'a trial twice',
    ({ answers }) => {
      answers[5].trial = answers[4].trial;
    },
    'expected one answer to each trial for answers[5].trial',
  ],
  ['a missing trial', ({ answers }) => void answers.pop(), 'expected all 45 trials of session 2 for answers, received 44'],
  [
    'a session that is not',
    (copy) => {
      copy.session = 9;
    },
    'expected a session from 1 to 4 for session, received 9',
  ],
  [
    'answers to another session',
    (copy) => {
      copy.session = 1;
    },
    'expected a trial of session 1 for answers[',
  ],
  [
    'another atlas',
    (copy) => {
      copy.atlas = 'other-net';
    },
    'expected fixture-net for atlas, received "other-net"',
  ],
  [
    'another study',
    (copy) => {
      copy.study_sha256 = '0'.repeat(64);
    },
    'for study_sha256',
  ],
  [
    'another key',
    (copy) => {
      copy.key_sha256 = '0'.repeat(64);
    },
    'for key_sha256',
  ],
  [
    'another major version',
    (copy) => void Object.assign(copy, { schema: 'basis-ratings/2' }),
    'expected basis-ratings/1 for schema, received "basis-ratings/2"',
  ],
])('%s is refused, even with a checksum that fits', ([, change, message]) => {
  expect(() => read(withChecksum(changed(change)))).toThrow(message);
});

test('the same file twice is refused: it would count a rater twice', () => {
  expect(() => read(good, good)).toThrow('expected a rater whose answers were not read yet');
});

test('a key that is not the one the study was published with is refused', () => {
  const swapped = { ...key, text: key.text.replace('"answer": "left"', '"answer": "right"') };
  expect(swapped.text).not.toBe(key.text);
  expect(() => readRatings([fileOf(good)], study, swapped)).toThrow(/study-key\.json: expected the key with SHA-256 [0-9a-f]{64}/);
});

test('who misses two catch trials, hurries or dawdles does not count, and the file says why', async () => {
  const misses = (n: number) => {
    let left = n;
    return ({ catch: caught }: { catch: boolean }) => ({ right: !caught || left-- <= 0 });
  };
  const pace = (seconds: number) => () => ({ seconds: seconds / 45 });
  const imported = read(
    await rate(made, 1, 1, misses(1)),
    await rate(made, 2, 1, misses(2)),
    await rate(made, 3, 2, pace(134)),
    await rate(made, 4, 3, pace(136)),
    await rate(made, 5, 4, pace(2499)),
    await rate(made, 6, 4, pace(2501)),
  );
  expect(imported.sittings.map(({ rater }) => Number(rater))).toEqual([1, 4, 5]);
  expect(imported.excluded.map(({ rater, reason, value }) => [Number(rater), reason, Math.round(value * 10) / 10])).toEqual([
    [2, 'catch-accuracy', 0.6],
    [3, 'too-fast', 134],
    [6, 'too-slow', 2501],
  ]);
  expect(imported.files).toHaveLength(6);
});
