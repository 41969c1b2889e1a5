/** The study's page in Chromium: what it gives away (nothing), and whom it is fit for. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import axe from 'axe-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../generator/batch/canonical.ts';
import { checkLinks } from './check-links.ts';
import { makeStudySite, press, type StudySite } from './study-site.ts';

let site: StudySite;

beforeAll(async () => {
  site = await makeStudySite();
});

afterAll(() => site?.close());

describe('blindness', () => {
  test('the page holds no arm, layer, direction or answer, and its pictures have names that no unit page has', async (context) => {
    const html = await readFile(join(site.built.dist, 'fixture-net/study/index.html'), 'utf8');
    const packed = /<script type="application\/json" id="study-data">(.*?)<\/script>/s.exec(html)?.[1] ?? '';
    const words = new Set(packed.match(/[a-z][a-z_-]{2,}/g)?.filter((word) => !/^[0-9a-f]+$/.test(word)));
    expect([...words].sort()).toEqual(
      ['fixture-net', 'atlas', 'images', 'key_sha', 'kinds', 'pictures', 'renders', 'sessions', 'study_sha', 'trials'].sort(),
    );
    expect(html).toContain(site.made.study.key_sha256);
    for (const word of [...new Set(site.made.key.trials.flatMap(({ layer, direction }) => [layer, direction]))])
      expect(html).not.toContain(word);
    const renders = site.made.directions.flatMap((direction) => direction.renders.map((hash) => hash.slice(0, 12)));
    expect(renders.length).toBeGreaterThan(200);
    expect(renders.filter((start) => packed.includes(start))).toEqual([]);

    const { page, close } = await site.open(context);
    await site.begin(page, '#session=1');
    const trial = await page.locator('#study-trial').evaluate((form) => form.outerHTML);
    expect(trial.match(/src="[^"]+"/g)?.every((source) => /^src="[0-9a-f]{16}\.webp"$/.test(source))).toBe(true);
    expect(trial).not.toMatch(/basis|random|channel|catch|shared|answer=/i);
    await close();
  });

  test('the browser refuses whatever would carry answers away', async (context) => {
    const { page, close } = await site.open(context);
    await site.begin(page, '#session=1');
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
  expect((await checkLinks(site.built)).broken).toEqual([]);
  await expect(readFile(join(site.built.dist, 'fixture-plain/study/index.html'))).rejects.toThrow('ENOENT');
  const link = 'href="/some/base/fixture-net/study/"';
  expect(await readFile(join(site.built.dist, 'fixture-net/compare/index.html'), 'utf8')).toContain(link);
  expect(await readFile(join(site.built.dist, 'fixture-plain/compare/index.html'), 'utf8')).not.toContain('/study/');
});

test('where its key is released the comparison leads to it, and its bytes have the hash that is shown; nowhere else is there a key', async () => {
  const pageOf = (path: string) => readFile(join(site.built.dist, path), 'utf8');
  const hash = sha256(await readFile(join(site.built.dist, 'fixture-done/study/key.json')));
  const compare = await pageOf('fixture-done/compare/index.html');
  expect(compare).toContain('href="/some/base/fixture-done/study/key.json"');
  expect(compare).toContain(`sha256sum key.json\n${hash}`);
  expect(await pageOf('fixture-done/study/index.html')).toContain(hash);
  await expect(pageOf('fixture-net/study/key.json')).rejects.toThrow('ENOENT');
  expect(await pageOf('fixture-net/compare/index.html')).not.toContain('key.json');
});

test('without JavaScript it says that the questions need it, and still says all the rest', async (context) => {
  const { page, troubles, close } = await site.open(context, { javaScriptEnabled: false });
  await page.goto(site.address());
  expect(await page.getByText('The questions need JavaScript').isVisible()).toBe(true);
  expect(await page.getByText(site.made.study.key_sha256).isVisible()).toBe(true);
  expect(await page.getByRole('heading', { name: 'What becomes of your answers' }).isVisible()).toBe(true);
  expect(await page.getByRole('button', { name: 'Begin' }).isVisible()).toBe(false);
  expect(troubles).toEqual([]);
  await close();
});

test('fits 320 px and up, light and dark, with nothing for axe, in every state; focus is seen; nothing moves', async (context) => {
  const { page, troubles, close } = await site.open(context, { reducedMotion: 'reduce' });
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
  await page.goto(site.address('#session=1'));
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
