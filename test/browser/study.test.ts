/** The human study in Chromium, from the first question to imported ratings. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KeyTrial, Ratings } from '../../data/schema.ts';
import { analyseRatings } from '../../generator/compare/study/analyse-ratings.ts';
import { readRatings, type TextFile } from '../../generator/compare/study/read-ratings.ts';
import { direct } from '../compare/study/direct-statistics.ts';
import { makeFixture, type StudyFixture } from '../compare/study/make-fixture.ts';
import { makeStore } from '../site/make-store.ts';
import { type BuiltSite, buildSite } from './build-site.ts';
import { checkLinks } from './check-links.ts';
import { closeChromium, openChromium } from './chromium.ts';
import { serveFolder } from './serve-folder.ts';
import { visit } from './visit.ts';

let data: string;
let made: StudyFixture;
let built: BuiltSite;
let server: Awaited<ReturnType<typeof serveFolder>>;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'basis-atlas-data-'));
  made = await makeFixture(data);
  await makeStore(data, { slug: 'fixture-plain', channels: [2], random: 1, subset: 0, size: 32 });
  built = await buildSite(data, { base: '/some/base/' });
  server = await serveFolder(built.dist, built.base);
});

afterAll(async () => {
  await closeChromium();
  await server?.close();
  for (const folder of [data, built?.dist]) if (folder) await rm(folder, { recursive: true });
});

const address = (session = '') => `${server.origin}${built.base}fixture-net/study/${session}`;

/** The page at its first question, or at the one it goes on with. */
async function begin(page: Page, session: string): Promise<void> {
  await page.goto(address(session));
  await page.getByLabel('I am 18 or older').check();
  await page.getByRole('button', { name: 'Begin' }).click();
  await page.getByRole('heading', { name: 'Question 1 of 45' }).waitFor();
}

async function open(context: Parameters<typeof openChromium>[0], options: BrowserContextOptions = {}) {
  return visit(await openChromium(context), server.origin, options);
}

/** The trials of a session, in the order shown, as the key has them. */
function trialsOf(session: number): KeyTrial[] {
  const trials = new Map(made.key.trials.map((trial) => [trial.id, trial]));
  return made.study.sessions[session - 1].flatMap((id) => trials.get(id) ?? []);
}

async function press(page: Page, ...keys: string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

const storeFile = async (name: string): Promise<TextFile> => ({ name, text: await readFile(join(made.folder, name), 'utf8') });

test('a session goes by keyboard alone to a file whose import gives what was answered; nothing is sent on the way', async (context) => {
  const { page, troubles, close } = await open(context);
  await page.clock.install();
  const requests: string[] = [];
  page.on('request', (request) => requests.push(`${request.method()} ${request.url().replace(server.origin, '')}`));
  await page.goto(address('#session=3'));
  await page.getByText('This is session 3 of 4.').waitFor();
  await page.getByLabel('I am 18 or older').focus();
  await press(page, 'Space', 'Tab', 'Enter');
  await page.getByRole('heading', { name: 'Question 1 of 45' }).waitFor();
  expect(requests.length).toBeGreaterThan(100);
  expect(requests.filter((request) => !request.startsWith('GET /some/base/'))).toEqual([]);
  requests.length = 0;

  // Understands channels, and every third random direction.
  const right = (trial: KeyTrial, i: number) => trial.catch || trial.arm === 'basis' || i % 3 === 0;
  for (const [i, trial] of trialsOf(3).entries()) {
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
  expect(imported.sittings[0].answers.map((one) => one.right)).toEqual(trialsOf(3).map(right));
  for (const { answer } of imported.sittings[0].answers) expect(answer.seconds).toBeGreaterThanOrEqual(6);
  const human = analyseRatings(imported, direct, 'test');
  for (const kind of ['renders', 'images']) {
    const shown = trialsOf(3)
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
  const { page, close } = await open(context);
  await page.clock.install();
  await begin(page, '#session=2');
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
  await page.goto(address('#session=1'));
  await page.reload();
  await page.getByText('Welcome back to session 2: 3 of 45 questions are answered.').waitFor();
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('heading', { name: 'Question 4 of 45' }).waitFor();
  await press(page, 'ArrowRight', '2', '4', 'Enter');
  const kept = await page.evaluate(() => Object.entries({ ...localStorage }));
  expect(kept).toHaveLength(1);
  const { answers, session } = JSON.parse(kept[0][1]);
  expect(session).toBe(2);
  expect(answers.map((answer: { trial: string }) => answer.trial)).toEqual(made.study.sessions[1].slice(0, 4));
  expect(answers[3].seconds).toBeGreaterThanOrEqual(9);
  expect(answers[0].words).toEqual(['größe']);
  await close();
});

test('answers are deleted on request, once it is confirmed, and the next session has another rater', async (context) => {
  const { page, close } = await open(context);
  await begin(page, '');
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
  await begin(page, '');
  await press(page, 'ArrowLeft', '1', '3', 'Enter');
  expect(await rater()).not.toBe(first);
  await close();
});

test('a question says what it lacks, takes five words at most, and Escape takes an answer back', async (context) => {
  const { page, close } = await open(context);
  await begin(page, '#session=1');
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
  const { page, close } = await open(context);
  await page.goto(address());
  const said = page.locator('#study-session');
  await expect.poll(() => said.textContent()).toMatch(/^Session [1-4] of 4 was drawn for you\.$/);
  await page.goto(address('#session=99'));
  await expect.poll(() => said.textContent()).toMatch(/^There is no session “99”\. Session [1-4] of 4 was drawn for you\.$/);
  await page.goto(address('#session=4'));
  await expect.poll(() => said.textContent()).toBe('This is session 4 of 4.');
  await close();
});

describe('blindness', () => {
  test('the page holds no arm, layer, direction or answer, and its pictures have names that no unit page has', async (context) => {
    const html = await readFile(join(built.dist, 'fixture-net/study/index.html'), 'utf8');
    const packed = /<script type="application\/json" id="study-data">(.*?)<\/script>/s.exec(html)?.[1] ?? '';
    const words = new Set(packed.match(/[a-z][a-z_-]{2,}/g)?.filter((word) => !/^[0-9a-f]+$/.test(word)));
    expect([...words].sort()).toEqual(
      ['fixture-net', 'atlas', 'images', 'key_sha', 'kinds', 'pictures', 'renders', 'sessions', 'study_sha', 'trials'].sort(),
    );
    expect(html).toContain(made.study.key_sha256);
    for (const word of [...new Set(made.key.trials.flatMap(({ layer, direction }) => [layer, direction]))])
      expect(html).not.toContain(word);
    const renders = made.directions.flatMap((direction) => direction.renders.map((hash) => hash.slice(0, 12)));
    expect(renders.length).toBeGreaterThan(200);
    expect(renders.filter((start) => packed.includes(start))).toEqual([]);

    const { page, close } = await open(context);
    await begin(page, '#session=1');
    const trial = await page.locator('#study-trial').evaluate((form) => form.outerHTML);
    expect(trial.match(/src="[^"]+"/g)?.every((source) => /^src="[0-9a-f]{16}\.webp"$/.test(source))).toBe(true);
    expect(trial).not.toMatch(/basis|random|channel|catch|shared|answer=/i);
    await close();
  });

  test('the browser refuses whatever would carry answers away', async (context) => {
    const { page, close } = await open(context);
    await begin(page, '#session=1');
    const fate = await page.evaluate(() => fetch('answers', { method: 'POST', body: 'left' }).then(String, (error) => error.name));
    expect(fate).toBe('TypeError');
    const picture = await page.evaluate(
      () =>
        new Promise((resolve) => {
          document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective));
          new Image().src = 'https://elsewhere.invalid/left.png';
        }),
    );
    expect(picture).toBe('img-src');
    await close();
  });
});

test('is there, and the comparison leads to it, only where the store has a study', async () => {
  expect((await checkLinks(built)).broken).toEqual([]);
  await expect(readFile(join(built.dist, 'fixture-plain/study/index.html'))).rejects.toThrow('ENOENT');
  const link = 'href="/some/base/fixture-net/study/"';
  expect(await readFile(join(built.dist, 'fixture-net/compare/index.html'), 'utf8')).toContain(link);
  expect(await readFile(join(built.dist, 'fixture-plain/compare/index.html'), 'utf8')).not.toContain('/study/');
});

test('without JavaScript it says that the questions need it, and still says all the rest', async (context) => {
  const { page, troubles, close } = await open(context, { javaScriptEnabled: false });
  await page.goto(address());
  expect(await page.getByText('The questions need JavaScript').isVisible()).toBe(true);
  expect(await page.getByText(made.study.key_sha256).isVisible()).toBe(true);
  expect(await page.getByRole('heading', { name: 'What becomes of your answers' }).isVisible()).toBe(true);
  expect(await page.getByRole('button', { name: 'Begin' }).isVisible()).toBe(false);
  expect(troubles).toEqual([]);
  await close();
});

test('fits 320 px and up, light and dark, with nothing for axe, in every state; focus is seen; nothing moves', async (context) => {
  const { page, troubles, close } = await open(context, { reducedMotion: 'reduce' });
  const check = async (state: string) => {
    for (const width of [320, 390, 1440]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth), `${state} at ${width} px`).toBeLessThanOrEqual(width);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const results = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
        expect(results.passes.length).toBeGreaterThan(10);
        const nodes = results.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 120)}`));
        expect(nodes, `${state} at ${width} px, ${colorScheme}`).toEqual([]);
      }
    }
  };
  await page.goto(address('#session=1'));
  await page.evaluate(axe.source);
  await check('welcome');
  await page.getByLabel('I am 18 or older').check();
  await page.getByRole('button', { name: 'Begin' }).click();
  await page.getByRole('heading', { name: 'Question 1 of 45' }).waitFor();
  await press(page, 'ArrowLeft');
  await check('question');
  await page.locator('input[name=confidence]').first().focus();
  await press(page, 'ArrowRight');
  const outline = await page
    .locator('.study-scale label:has(:focus)')
    .first()
    .evaluate((label) => getComputedStyle(label).outline);
  expect(outline).toMatch(/solid 3px|3px solid/);
  const moving = await page.evaluate(
    () =>
      [...document.querySelectorAll('main *')].filter((one) => {
        const style = getComputedStyle(one);
        return style.animationName !== 'none' || !/^0s(, 0s)*$/.test(style.transitionDuration);
      }).length,
  );
  expect(moving).toBe(0);
  await press(page, '3', '3', 'Enter');
  for (let i = 1; i < 45; i++) await press(page, 'ArrowLeft', '1', '3', 'Enter');
  await page.getByRole('heading', { name: 'Thank you' }).waitFor();
  await check('end');
  expect(troubles).toEqual([]);
  await close();
}, 120_000);
