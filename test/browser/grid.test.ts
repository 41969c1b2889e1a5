/** The layer page's grid with its script: sorted, filtered, mixed, and walked with the keyboard. */
import { rm } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeStore } from '../site/make-store.ts';
import { temporaryFolder } from '../temporary.ts';
import { buildSite } from './build-site.ts';
import { closeChromium, openChromium } from './chromium.ts';
import { serveFolder } from './serve-folder.ts';
import { visit } from './visit.ts';

let data: string;
let dist: string;
let server: Awaited<ReturnType<typeof serveFolder>>;

beforeAll(async () => {
  data = temporaryFolder('data');
  await makeStore(data, { channels: [16, 24] });
  ({ dist } = await buildSite(data, { base: '/' }));
  server = await serveFolder(dist, '/');
});

afterAll(async () => {
  await closeChromium();
  await server?.close();
  if (dist) await rm(dist, { recursive: true });
});

const address = () => `${server.origin}/fixture-net/expanded-conv-3-expand/`;
/** The ids of the units shown, in their order. */
const shown = (page: Page) =>
  page.locator('.grid li:not([hidden]) > a').evaluateAll((links) => links.map((link) => link.getAttribute('href')?.slice(0, -1) ?? ''));
const focused = (page: Page) => page.evaluate(() => document.activeElement?.getAttribute('href'));

test('arrow keys walk the grid, which is one stop for the Tab key', async (context) => {
  const { page, close } = await visit(await openChromium(context), server.origin);
  await page.goto(address());
  expect(await page.locator('.grid a[tabindex="0"]').count()).toBe(1);
  await page.locator('.grid a').first().focus();
  await page.keyboard.press('ArrowRight');
  expect(await focused(page)).toBe('channel-1/');
  const columns = await page
    .locator('.grid')
    .first()
    .evaluate((grid) => getComputedStyle(grid).gridTemplateColumns.split(' ').length);
  await page.keyboard.press('ArrowDown');
  expect(await focused(page)).toBe(`channel-${1 + columns}/`);
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowLeft');
  expect(await focused(page)).toBe('channel-0/');
  await page.keyboard.press('End');
  expect(await focused(page)).toBe('random-11/');
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Channel 0' }).waitFor();
  await page.keyboard.press('ArrowRight');
  await page.getByRole('heading', { level: 1, name: 'Channel 1' }).waitFor();
  await close();
});

test('sorts by a measure from high to low, what has none last', async (context) => {
  const { page, close } = await visit(await openChromium(context), server.origin);
  await page.goto(address());
  const sorted = async (option: string, place: number) => {
    await page.locator('[name=sort]').selectOption(option);
    const keys = await page.locator('.grid.b li').evaluateAll((tiles) => tiles.map((tile) => (tile as HTMLElement).dataset.v ?? ''));
    return keys.map((key) => key.split(',')[place] ?? '');
  };
  for (const [option, place, known] of [
    ['by recognition', 0, 24],
    ['by attainment', 7, 23],
  ] as const) {
    const values = await sorted(option, place);
    const numbers = values.filter((text) => text !== '').map(Number);
    expect(numbers.length, option).toBe(known);
    expect(numbers).toEqual(numbers.toSorted((a, b) => b - a));
    expect(values.slice(known).every((text) => text === '')).toBe(true);
  }
  await close();
});

test('filters by arm and state, and mixes the arms', async (context) => {
  const { page, close } = await visit(await openChromium(context), server.origin);
  await page.goto(address());
  await page.getByLabel('State').selectOption('flat, diverged or failed');
  expect(await shown(page)).toEqual(['channel-5', 'channel-7', 'random-9']);
  await page.getByLabel('State').selectOption('any');
  await page.getByLabel('Show').selectOption('random');
  expect(await shown(page)).toEqual(Array.from({ length: 12 }, (_, i) => `random-${i}`));
  await page.getByLabel('Show').selectOption('all arms');
  await page.getByLabel('mix the arms').check();
  expect((await shown(page)).slice(0, 4)).toEqual(['channel-0', 'random-0', 'channel-1', 'random-1']);
  await page.getByLabel('mix the arms').uncheck();
  expect((await shown(page)).slice(0, 3)).toEqual(['channel-0', 'channel-1', 'channel-2']);
  await close();
});

test('filters by concept, sizes the tiles, and keeps all of it in the address, from which it comes back', async (context) => {
  const { page, close } = await visit(await openChromium(context), server.origin);
  await page.goto(address());
  const concept = page.locator('[name=concept]');
  const [id, count] = await concept
    .locator('option')
    .nth(1)
    .evaluate((option) => [(option as HTMLOptionElement).value, /\((\d+)\)/.exec(option.textContent ?? '')?.[1]]);
  await concept.selectOption(id ?? '');
  await page.getByLabel('Size').selectOption('large');
  await page.locator('[name=sort]').selectOption('by attainment');
  const before = await shown(page);
  expect(before).toHaveLength(Number(count));
  expect(new URL(page.url()).hash).toBe(`#sort=attainment&concept=${id}&size=l`);
  await page.reload();
  expect(await shown(page)).toEqual(before);
  expect(
    await page
      .locator('#units.l li:not([hidden]) img')
      .first()
      .evaluate((image) => (image as HTMLImageElement).clientWidth),
  ).toBeGreaterThan(120);
  // What the page does not know is not obeyed.
  await page.goto(`${address()}#sort=nonsense&arm=random`);
  await page.waitForFunction(() => document.querySelector('#bar output')?.textContent === '12 of 36');
  await close();
});

test('a citation is copied by its button', async (context) => {
  const browser = await openChromium(context);
  const { page, close } = await visit(browser, server.origin, { permissions: ['clipboard-read', 'clipboard-write'] });
  await page.goto(`${address()}channel-2/`);
  await page.getByRole('button', { name: 'Copy BibTeX' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^@misc\{fixture-net-expanded-conv-3-expand-channel-2,/);
  await close();
});
