/** The human study in Chromium, from the first question to imported ratings. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KeyTrial, Ratings } from '../../data/schema.ts';
import { analyseRatings } from '../../generator/compare/study/analyse-ratings.ts';
import { readRatings, type TextFile } from '../../generator/compare/study/read-ratings.ts';
import { direct } from '../compare/study/direct-statistics.ts';
import { makeStudySite, press, type StudySite } from './study-site.ts';

let site: StudySite;

beforeAll(async () => {
  site = await makeStudySite();
});

afterAll(() => site?.close());

const storeFile = async (name: string): Promise<TextFile> => ({ name, text: await readFile(join(site.made.folder, name), 'utf8') });

test('a session goes by keyboard alone to a file whose import gives what was answered; nothing is sent on the way', async (context) => {
  const { page, troubles, close } = await site.open(context);
  await page.clock.install();
  const requests: string[] = [];
  page.on('request', (request) => requests.push(`${request.method()} ${request.url().replace(site.origin, '')}`));
  await page.goto(site.address('#session=3'));
  await page.getByText('This is session 3 of 4.').waitFor();
  await page.getByLabel('I am 18 or older').focus();
  await press(page, 'Space', 'Tab', 'Enter');
  await page.getByRole('heading', { name: 'Question 1 of 45' }).waitFor();
  expect(requests.length).toBeGreaterThan(100);
  expect(requests.filter((request) => !request.startsWith('GET /some/base/'))).toEqual([]);
  requests.length = 0;

  // Understands channels, and every third random direction.
  const right = (trial: KeyTrial, i: number) => trial.catch || trial.arm === 'basis' || i % 3 === 0;
  for (const [i, trial] of site.trialsOf(3).entries()) {
    await page.getByRole('heading', { name: `Question ${i + 1} of 45` }).waitFor();
    await page.clock.fastForward(6000);
    const side = right(trial, i) === (trial.answer === 'left') ? 'ArrowLeft' : 'ArrowRight';
    await press(page, side, String((i % 3) + 1), String((i % 5) + 1));
    if (i === 1) await page.keyboard.type('Größe, 2 “zigzags”');
    await press(page, 'Enter');
  }
  await page.getByRole('heading', { name: 'Thank you' }).waitFor();
  const coming = page.waitForEvent('download');
  await press(page, 'Tab', 'Enter');
  const download = await coming;
  expect(requests.filter((request) => !request.includes('blob:'))).toEqual([]);
  const text = await readFile(await download.path(), 'utf8');
  const file = { name: download.suggestedFilename(), text };
  const ratings: Ratings = JSON.parse(text);
  expect(file.name).toBe(`ratings-fixture-net-3-${ratings.rater}.json`);
  expect(ratings.rater).toMatch(/^[0-9a-f]{12}$/);
  expect(ratings.answers[1]).toMatchObject({ confidence: 2, nameable: 2, words: ['Größe', '2', '“zigzags”'] });

  const [study, key] = await Promise.all([storeFile('study.json'), storeFile('study-key.json')]);
  const imported = readRatings([file], study, key);
  expect(imported.excluded).toEqual([]);
  expect(imported.sittings[0].answers.map((one) => one.right)).toEqual(site.trialsOf(3).map(right));
  for (const { answer } of imported.sittings[0].answers) expect(answer.seconds).toBeGreaterThanOrEqual(6);
  const human = analyseRatings(imported, direct, 'test');
  for (const kind of ['renders', 'images']) {
    const shown = site
      .trialsOf(3)
      .map((trial, i) => ({ ...trial, right: right(trial, i) }))
      .filter((trial) => trial.kind === kind && trial.arm === 'random' && !trial.catch);
    expect(shown.length).toBe(10);
    const rows = human.accuracy.filter((row) => row.kind === kind && row.layer === 'all');
    expect(rows).toMatchObject([
      { arm: 'basis', accuracy: 1, answers: 10 },
      { arm: 'random', accuracy: shown.filter((trial) => trial.right).length / 10, answers: 10 },
    ]);
  }

  const flipped = text.replace('"choice": "left"', '"choice": "right"');
  expect(flipped).not.toBe(text);
  expect(() => readRatings([{ ...file, text: flipped }], study, key)).toThrow(/for checksum, received .*\nAsk the rater/);
  expect(troubles).toEqual([]);
  await close();
}, 120_000);

test('after a reload it goes on at the same question, with the time already spent', async (context) => {
  const { page, close } = await site.open(context);
  await page.clock.install();
  await site.begin(page, '#session=2');
  for (let i = 0; i < 3; i++) {
    await press(page, 'ArrowLeft', '1', '3');
    await page.keyboard.type('größe');
    await press(page, 'Enter');
  }
  await page.getByRole('heading', { name: 'Question 4 of 45' }).waitFor();
  await page.clock.fastForward(9000);
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { configurable: true, value: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await page.goto(site.address('#session=1'));
  await page.reload();
  await page.getByText('Welcome back to session 2: 3 of 45 questions are answered.').waitFor();
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('heading', { name: 'Question 4 of 45' }).waitFor();
  await press(page, 'ArrowRight', '2', '4', 'Enter');
  const kept = await page.evaluate(() => Object.entries({ ...localStorage }));
  expect(kept).toHaveLength(1);
  const { answers, session } = JSON.parse(kept[0][1]);
  expect(session).toBe(2);
  expect(answers.map((answer: { trial: string }) => answer.trial)).toEqual(site.made.study.sessions[1].slice(0, 4));
  expect(answers[3].seconds).toBeGreaterThanOrEqual(9);
  expect(answers[0].words).toEqual(['größe']);
  await close();
});

test('answers are deleted on request, once it is confirmed, and the next session has another rater', async (context) => {
  const { page, close } = await site.open(context);
  await site.begin(page, '');
  const rater = () => page.evaluate(() => JSON.parse(Object.values({ ...localStorage })[0] ?? '{}').rater);
  await press(page, 'ArrowLeft', '1', '3', 'Enter');
  const first = await rater();
  await page.reload();
  page.once('dialog', (dialog) => dialog.dismiss());
  await page.getByRole('button', { name: 'Delete my answers' }).click();
  expect(await rater()).toBe(first);
  page.once('dialog', (dialog) => dialog.accept());
  await page.getByRole('button', { name: 'Delete my answers' }).click();
  expect(await page.evaluate(() => localStorage.length)).toBe(0);
  await site.begin(page, '');
  await press(page, 'ArrowLeft', '1', '3', 'Enter');
  expect(await rater()).not.toBe(first);
  await close();
});

test('a question says what it lacks, takes five words at most, and Escape takes an answer back', async (context) => {
  const { page, close } = await site.open(context);
  await site.begin(page, '#session=1');
  const chosen = (name: string) =>
    page.locator(`input[name=${name}]:checked`).evaluateAll((all) => all.map((one) => one.getAttribute('value')));
  await press(page, 'Enter');
  await page.getByText('Not yet: Choose left or right.').waitFor();
  await press(page, 'ArrowRight', '3', '5');
  expect([await chosen('choice'), await chosen('confidence'), await chosen('nameable')]).toEqual([['right'], ['3'], ['5']]);
  await page.keyboard.type('1 2 3 4 5 6');
  expect(await chosen('confidence')).toEqual(['3']);
  await press(page, 'Enter');
  await page.getByText('Five words at most, please; these are 6.').waitFor();
  await press(page, 'Escape');
  expect([await chosen('confidence'), await chosen('nameable')]).toEqual([['3'], []]);
  await press(page, 'Escape');
  await press(page, '1', '2');
  expect([await chosen('choice'), await chosen('confidence'), await chosen('nameable')]).toEqual([['right'], ['1'], ['2']]);
  // With the focus elsewhere, keys that are letters or digits are nobody's business here.
  await press(page, 'Escape', 'Escape');
  await page.getByRole('link', { name: 'Method' }).focus();
  await press(page, '2');
  expect(await chosen('confidence')).toEqual([]);
  await close();
});

test('a session is that of the address, or drawn where the address has none or one that is not there', async (context) => {
  const { page, close } = await site.open(context);
  await page.goto(site.address());
  const said = page.locator('#study-session');
  await expect.poll(() => said.textContent()).toMatch(/^Session [1-4] of 4 was drawn for you\.$/);
  await page.goto(site.address('#session=99'));
  await expect.poll(() => said.textContent()).toMatch(/^There is no session “99”\. Session [1-4] of 4 was drawn for you\.$/);
  await page.goto(site.address('#session=4'));
  await expect.poll(() => said.textContent()).toBe('This is session 4 of 4.');
  await close();
});
