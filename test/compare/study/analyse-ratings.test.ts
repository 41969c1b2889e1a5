/** What is made of ratings: figures that were planted come out again. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Human, human as humanSchema, type KeyTrial } from '../../../data/schema.ts';
import { importRatings } from '../../../generator/compare/study/import-ratings.ts';
import { direct } from './direct-statistics.ts';
import { LAYERS, makeFixture, type StudyFixture } from './make-fixture.ts';
import { type Habit, rate } from './rate.ts';

let data: string;
let made: StudyFixture;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'basis-atlas-study-'));
  made = await makeFixture(data);
});

afterAll(() => rm(data, { recursive: true }));

/** Has one rater after another sit, and imports what they hand in. */
async function importing(habits: readonly Habit[]): Promise<Human> {
  const ratings = await Promise.all(
    habits.map(async (habit, i) => {
      const file = join(data, `ratings-fixture-net-${(i % 4) + 1}-${i}.json`);
      await writeFile(file, JSON.stringify(await rate(made, i + 1, (i % 4) + 1, habit)));
      return file;
    }),
  );
  return importRatings({ folder: made.folder, ratings, statistics: direct });
}

/** Of random directions, those that nobody understands. */
const obscure = ({ arm, direction }: KeyTrial) => arm === 'random' && Number(direction.split('-')[1]) % 2 === 0;

test('accuracy is the share of right answers by layer, arm and kind of explanation, without the catch trials; differences are differences of it', async () => {
  const habit: Habit = (trial) => ({ right: trial.catch || !obscure(trial), nameable: obscure(trial) ? 1 : 4 });
  const human = await importing(Array(8).fill(habit));
  expect(human).toMatchObject({ raters: 8, excluded: [], atlas: 'fixture-net' });
  const trials = new Map(made.key.trials.map((trial) => [trial.id, trial]));
  // Each of the four sessions was sat twice.
  const given = made.study.sessions.flatMap((session) => session.flatMap((id) => trials.get(id) ?? []));
  const of = (layer: string, kind: string, arm: string) =>
    human.accuracy.find((row) => row.layer === layer && row.kind === kind && row.arm === arm);
  for (const layer of [...LAYERS, 'all']) {
    for (const kind of ['renders', 'images'] as const) {
      const asked = given.filter(
        (trial) => trial.arm === 'random' && trial.kind === kind && !trial.catch && (layer === 'all' || trial.layer === layer),
      );
      expect(asked.length).toBeGreaterThan(10);
      const expected = asked.filter((trial) => !obscure(trial)).length / asked.length;
      expect(of(layer, kind, 'basis')).toMatchObject({ accuracy: 1, nameable: 4, confidence: 3 });
      expect(of(layer, kind, 'random')?.accuracy).toBeCloseTo(expected, 12);
      expect(of(layer, kind, 'random')).toMatchObject({ answers: 2 * asked.length, directions: new Set(asked.map(({ id }) => id)).size });
      const row = human.differences.find((one) => one.layer === layer && one.kind === kind && one.measure === 'accuracy');
      expect(row).toMatchObject({ armA: 'basis', armB: 'random', ci_method: direct.method });
      expect(row?.difference).toBeCloseTo(1 - expected, 12);
      expect(row?.ci?.[0]).toBeGreaterThan(0);
      expect(row?.ci?.[1]).toBeLessThan(1);
    }
  }
  expect(human.accuracy).toHaveLength(12);
});

test('agreement on the shared trials is 1 where raters are of one mind, and nothing where they choose at random', async () => {
  const alike = await importing(Array(6).fill((trial: KeyTrial) => ({ nameable: trial.direction.length % 2 === 0 ? 2 : 5 })));
  expect(alike.agreement).toMatchObject([
    { measure: 'choice', level: 'nominal', trials: 8, raters: 6, alpha: 1 },
    { measure: 'nameable', level: 'ordinal', trials: 8, raters: 6 },
  ]);
  let toss = 1;
  const random: Habit = (trial) => {
    toss = (toss * 48271) % 2147483647;
    return { right: trial.catch || toss % 2 === 0 };
  };
  const torn = await importing(Array(30).fill(random));
  expect(Math.abs(torn.agreement[0].alpha ?? 1)).toBeLessThan(0.1);
});

test('words are counted by raters, in lower case', async () => {
  const [shared] = made.key.trials.filter((trial) => trial.shared);
  const habits: Habit[] = [['Stripes', 'stripes', 'red'], ['stripes'], []].map((words) => () => ({ words }));
  const human = await importing(habits);
  const row = human.directions.find((one) => one.layer === shared.layer && one.direction === shared.direction && one.kind === shared.kind);
  expect(row).toMatchObject({
    answers: 3,
    words: [
      { word: 'stripes', raters: 2 },
      { word: 'red', raters: 1 },
    ],
  });
});

test('human.json records files, rules and who was left out and why; it is the same again for the same files', async () => {
  const careless: Habit = () => ({ right: false });
  const human = await importing([() => ({}), careless]);
  expect(human.excluded).toMatchObject([{ rater: '000000000002', reason: 'catch-accuracy', value: 0 }]);
  expect(human.files).toHaveLength(2);
  expect(human.rules).toEqual({ catch_accuracy: 0.8, seconds: [135, 2500] });
  const text = await readFile(join(made.folder, 'human.json'), 'utf8');
  expect(humanSchema.parse(JSON.parse(text))).toEqual(human);
  await importing([() => ({}), careless]);
  expect(await readFile(join(made.folder, 'human.json'), 'utf8')).toBe(text);
});

test('a file that is not there is named', async () => {
  const request = { folder: made.folder, ratings: [join(data, 'no-such.json')], statistics: direct };
  await expect(importRatings(request)).rejects.toThrow(/no-such\.json: expected a file that can be read/);
});
