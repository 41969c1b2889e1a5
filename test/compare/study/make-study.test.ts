/** A study as it is written: balanced, blind, complete, and bound to its key. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastGlob from 'fast-glob';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KeyTrial } from '../../../data/schema.ts';
import { sha256 } from '../../../generator/batch/canonical.ts';
import { makeStudy } from '../../../generator/compare/study/make-study.ts';
import { fixturePicture, LAYERS, makeFixture, type StudyFixture } from './make-fixture.ts';

let data: string;
let made: StudyFixture;
let studyText: string;
let keyText: string;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'basis-atlas-study-'));
  made = await makeFixture(data);
  studyText = await readFile(join(made.folder, 'study.json'), 'utf8');
  keyText = await readFile(join(made.folder, 'study-key.json'), 'utf8');
});

afterAll(() => rm(data, { recursive: true }));

function keyOf(id: string): KeyTrial {
  const trial = made.key.trials.find((one) => one.id === id);
  if (!trial) throw new Error(`the key has no trial ${id}`);
  return trial;
}

const counted = (names: string[]) => Object.fromEntries([...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length]));

test('a sitting has 40 trials and 5 catch trials, and asks about a direction once at most', () => {
  expect(made.study.sessions).toHaveLength(4);
  for (const session of made.study.sessions) {
    const trials = session.map(keyOf);
    expect(trials.filter((trial) => trial.catch)).toHaveLength(5);
    expect(trials.filter((trial) => !trial.catch)).toHaveLength(40);
    expect(new Set(trials.map(({ layer, direction }) => `${layer}/${direction}`)).size).toBe(45);
  }
});

test('a sitting asks of each arm, layer and kind of explanation, and of each of their combinations, equally often', () => {
  for (const session of made.study.sessions) {
    const trials = session.map(keyOf).filter((trial) => !trial.catch);
    const cells = counted(trials.map(({ arm, layer, kind }) => `${arm} ${layer} ${kind}`));
    expect(Object.keys(cells)).toHaveLength(8);
    expect(new Set(Object.values(cells))).toEqual(new Set([5]));
  }
});

test('eight trials are in every sitting, the others are spread, and the order is another each time', () => {
  const [first, ...others] = made.study.sessions;
  const common = first.filter((id) => others.every((session) => session.includes(id)));
  expect(common.toSorted()).toEqual(made.key.trials.flatMap(({ id, shared }) => (shared ? [id] : [])));
  expect(common).toHaveLength(8);
  const orders = made.study.sessions.map((session) => session.filter((id) => common.includes(id)).join());
  expect(new Set(orders).size).toBe(4);
  const cells = counted(common.map(keyOf).map(({ arm, layer, kind }) => `${arm} ${layer} ${kind}`));
  expect(Object.values(cells)).toEqual(Array(8).fill(1));
});

test('one query is a top image that explains nothing, the other of the middle band; a catch trial asks for an explanation', () => {
  for (const { layer, direction, catch: caught, answer, explanation, queries } of made.key.trials) {
    const about = made.directions.find((one) => one.layer === layer && one.id === direction);
    const [right, wrong] = answer === 'left' ? queries : [queries[1], queries[0]];
    expect(about?.middle.map((index) => `image:${index}`)).toContain(wrong);
    expect(explanation.includes(right)).toBe(caught);
    if (!caught) expect(about?.top.map((index) => `image:${index}`)).toContain(right);
    expect(explanation).not.toContain(wrong);
  }
});

test('both sides are right about equally often, in either arm', () => {
  for (const arm of ['basis', 'random']) {
    const sides = made.key.trials.filter((trial) => trial.arm === arm).map(({ answer }) => answer);
    const left = sides.filter((side) => side === 'left').length;
    // Four standard deviations of a fair coin.
    expect(Math.abs(left - sides.length / 2)).toBeLessThan(2 * Math.sqrt(sides.length));
  }
});

test('nothing in study.json names a layer, an arm, a direction or a render', () => {
  const told = [...LAYERS, 'basis', 'random', 'channel', 'answer', 'catch', 'shared', ...made.directions.flatMap(({ renders }) => renders)];
  expect(told.length).toBeGreaterThan(250);
  const text = studyText.replace('"basis-study/1"', '');
  expect(text).not.toBe(studyText);
  expect(told.filter((word) => text.includes(word))).toEqual([]);
  const [plain, caught] = [false, true].map((is) => made.key.trials.filter((trial) => trial.catch === is).map(({ id }) => id));
  const shapes = (ids: string[]) => {
    const trials = made.study.trials.filter(({ id }) => ids.includes(id));
    return new Set(trials.map(({ kind, explanation, queries }) => `${kind} ${explanation.length} ${queries.length}`));
  };
  expect(shapes(caught)).toEqual(shapes(plain));
});

test('every picture is there under the hash of its bytes, and no other file', async () => {
  const named = new Set(made.study.trials.flatMap(({ explanation, queries }) => [...explanation, ...queries]));
  const files = await fastGlob('study/*', { cwd: made.folder });
  expect(new Set(files)).toEqual(new Set([...named].map((hash) => `study/${hash}.webp`)));
  for (const file of files.slice(0, 20)) expect(file).toBe(`study/${sha256(await readFile(join(made.folder, file)))}.webp`);
});

test('study.json holds the SHA-256 of the key, and the same nonce gives the same files', async () => {
  expect(made.study.key_sha256).toBe(sha256(keyText));
  const again = await mkdtemp(join(tmpdir(), 'basis-atlas-study-'));
  const { folder } = await makeFixture(again);
  expect(await readFile(join(folder, 'study.json'), 'utf8')).toBe(studyText);
  await rm(again, { recursive: true });
});

test('without the nonce, the seed tells neither ids nor sides nor directions', async () => {
  const again = await mkdtemp(join(tmpdir(), 'basis-atlas-study-'));
  const other = await makeFixture(again, { nonce: undefined });
  expect(other.key.nonce).toMatch(/^[0-9a-f]{64}$/);
  const ids = new Set(made.study.trials.map(({ id }) => id));
  expect(other.study.trials.filter(({ id }) => ids.has(id))).toEqual([]);
  const nameOf = ({ layer, direction, kind }: KeyTrial) => `${layer} ${direction} ${kind}`;
  const asked = (key: typeof made.key) =>
    key.trials
      .filter((trial) => trial.shared)
      .map(nameOf)
      .sort();
  expect(asked(other.key)).not.toEqual(asked(made.key));
  await rm(again, { recursive: true });
});

test('refuses a second study, whose key would orphan the answers to the first', async () => {
  const request = { atlas: 'fixture-net', folder: made.folder, directions: made.directions, images: { picture: fixturePicture }, seed: 8 };
  await expect(makeStudy(request)).rejects.toThrow(/expected a store without a study for study\.json, received .*\nAnswers to a study/);
});

test('refuses too few directions, naming arm, layer and kind', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'basis-atlas-study-'));
  const directions = made.directions.filter(({ arm, id }) => arm !== 'random' || Number(id.split('-')[1]) < 3);
  const request = { atlas: 'fixture-net', folder, images: { picture: fixturePicture }, seed: 8 };
  await expect(makeStudy({ ...request, directions })).rejects.toThrow(
    /the study: expected more directions than a sitting asks about for arm random of layer .* explained by (renders|images), received 3\nRender more/,
  );
  const without = directions.map((one) => ({ ...one, top: [] }));
  await expect(makeStudy({ ...request, directions: without })).rejects.toThrow('received "54 without"');
  await rm(folder, { recursive: true });
});
