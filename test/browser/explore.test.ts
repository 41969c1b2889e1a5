/** Search and map with their scripts and without: found, walked with the keyboard, kept in the address. */
import { rm } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeStore } from '../site/make-store.ts';
import { temporaryFolder } from '../temporary.ts';
import { buildSite } from './build-site.ts';
import { closeChromium, openChromium } from './chromium.ts';
import { serveFolder } from './serve-folder.ts';
import { visit } from './visit.ts';

const BASE = '/some/base/';
let dist: string;
let server: Awaited<ReturnType<typeof serveFolder>>;

beforeAll(async () => {
  const data = temporaryFolder('data');
  await makeStore(data, { channels: [16, 24] });
  await makeStore(data, { slug: 'fixture-part', channels: [4], random: 2, complete: false });
  ({ dist } = await buildSite(data, { base: BASE }));
  server = await serveFolder(dist, BASE);
});

afterAll(async () => {
  await closeChromium();
  await server?.close();
  if (dist) await rm(dist, { recursive: true });
});

/** So small that a map of few units can be zoomed into. */
const PHONE = { width: 390, height: 844 };
const at = (path: string) => server.origin + BASE + path;
const focused = (page: Page) => page.evaluate(() => document.activeElement?.getAttribute('href'));

describe('the search', () => {
  test('finds a channel by its number, a concept by its words, a layer by its name', async (context) => {
    const { page, troubles, close } = await visit(await openChromium(context), server.origin);
    await page.goto(at('search/'));
    const heading = page.locator('#results h2').first();
    for (const [typed, title, link] of [
      ['channel 7', /^Channel 7 · 2 units$/, 'fixture-net/expanded-conv-3-expand/channel-7/'],
      ['conv_3 channel 7', /^Channel 7 · 1 unit$/, 'fixture-net/expanded-conv-3-expand/channel-7/'],
      ['GRATING 45', /^grating 45°, 8 px in expanded_conv/, '#concept=grating-45-8'],
      ['conv_3', /^expanded_conv_3\/expand · 36 units$/, 'fixture-net/expanded-conv-3-expand/'],
    ] as const) {
      await page.getByRole('searchbox').fill(typed);
      await heading.filter({ hasText: title }).waitFor();
      expect(await page.locator(`#results section:first-child a[href$="${link}"]`).count(), typed).toBeGreaterThan(0);
    }
    await page.getByRole('searchbox').fill('no such thing');
    await page.getByRole('status').filter({ hasText: 'Nothing is called that.' }).waitFor();
    expect(await page.getByRole('heading', { name: 'Layers' }).isVisible()).toBe(true);
    expect(troubles).toEqual([]);
    await close();
  });

  test('shows what is asked for by arm and concept, says how much, and keeps it in the address', async (context) => {
    const { page, close } = await visit(await openChromium(context), server.origin);
    await page.goto(at('search/'));
    await page.getByRole('combobox', { name: 'Concept' }).selectOption('colour-red');
    await page.locator('#results li.b').first().waitFor();
    await page.getByRole('combobox', { name: 'Arm' }).selectOption('random');
    await page.locator('#results li.r').first().waitFor();
    await page.waitForFunction(() => document.querySelectorAll('#results li.b').length === 0);
    const tiles = await page.locator('#results li').count();
    expect(await page.getByRole('status').textContent()).toMatch(new RegExp(`^\\d+ match(es)?: ${tiles} units?\\.$`));
    expect(new URL(page.url()).hash).toBe('#arm=random&concept=colour-red');
    await page.reload();
    await page.locator('#results li.r').first().waitFor();
    expect(await page.locator('#results li').count()).toBe(tiles);
    await close();
  });

  test('is walked with the keyboard alone: from the field to a unit and back', async (context) => {
    const { page, close } = await visit(await openChromium(context), server.origin);
    await page.goto(at('search/'));
    await page.keyboard.press('/');
    await page.keyboard.type('channel 3');
    await page
      .locator('#results h2')
      .filter({ hasText: /^Channel 3 / })
      .waitFor();
    await page.keyboard.press('ArrowDown');
    expect(await focused(page)).toBe(`${BASE}fixture-net/expanded-conv-depthwise/channel-3/`);
    await page.keyboard.press('ArrowRight');
    expect(await focused(page)).toBe(`${BASE}fixture-net/expanded-conv-3-expand/channel-3/`);
    await page.keyboard.press('Escape');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('q');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Channel 3' }).waitFor();
    await close();
  });

  test('without scripts is an index of layers and concepts, with the units that match best', async (context) => {
    const { page, troubles, close } = await visit(await openChromium(context), server.origin, { javaScriptEnabled: false });
    await page.goto(at('search/'));
    expect(await page.getByRole('searchbox').isVisible()).toBe(false);
    await page
      .getByRole('link', { name: /^(Channel|Random direction) \d+ of .*, colour red, overlap 0/ })
      .first()
      .click();
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.goBack();
    await page.getByRole('main').getByRole('link', { name: 'expanded_conv_3/expand', exact: true }).first().click();
    await page.getByRole('heading', { level: 1, name: 'expanded_conv_3/expand' }).waitFor();
    expect(troubles).toEqual([]);
    await close();
  });
});

describe('the map', () => {
  test('lists what is in view, follows keys and filters, and keeps its view in the address', async (context) => {
    const { page, troubles, close } = await visit(await openChromium(context), server.origin);
    await page.setViewportSize(PHONE);
    await page.goto(at('fixture-net/map/'));
    const count = page.locator('#map-bar output');
    await count.filter({ hasText: '60 in all' }).waitFor();
    expect(new URL(page.url()).hash).toBe('');
    await page.locator('#map').focus();
    for (const key of ['0', '+', '+', 'ArrowRight', 'ArrowDown']) await page.keyboard.press(key);
    await page.waitForFunction(() => location.hash.includes('z='));
    const view = new URLSearchParams(new URL(page.url()).hash.slice(1));
    expect(Number(view.get('z'))).toBeCloseTo(2.25, 2);
    expect([Number(view.get('x')), Number(view.get('y'))].every((one) => one > 0.5)).toBe(true);
    await page.locator('#map-bar').getByLabel('Show').selectOption('r');
    await page.waitForFunction(() => location.hash.includes('arm=r'));
    await page.reload();
    await page.locator('#in-view li').first().waitFor();
    expect(await page.locator('#in-view li:not(.r)').count()).toBe(0);
    const [first, middle] = [page.locator('#in-view a').first(), page.locator('#map-middle')];
    expect(await first.locator('img').getAttribute('alt')).toBe(await middle.textContent());
    const [, id] = (await first.getAttribute('href'))?.match(/([^/]+)\/$/) ?? [];
    await page.locator('#map').focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/${id}/`);
    expect(troubles).toEqual([]);
    await close();
  });

  test('is dragged, zoomed by the wheel about the pointer, and a click opens a unit', async (context) => {
    const { page, close } = await visit(await openChromium(context), server.origin);
    await page.setViewportSize(PHONE);
    await page.goto(at('fixture-net/map/#x=0.5&y=0.5&z=2'));
    await page.locator('#in-view li').first().waitFor();
    const box = await page.locator('#map').boundingBox();
    if (!box) throw new Error('The map has no box.');
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 60, y, { steps: 4 });
    await page.mouse.up();
    await page.waitForFunction(() => Number(new URLSearchParams(location.hash.slice(1)).get('x')) < 0.5);
    await page.mouse.wheel(0, -300);
    await page.waitForFunction(() => Number(new URLSearchParams(location.hash.slice(1)).get('z')) > 3);
    expect(new URL(page.url()).pathname).toBe(`${BASE}fixture-net/map/`);
    // Every cell has a unit.
    await page.mouse.move(x + 20, y);
    expect(await page.locator('#map.over').count()).toBe(1);
    await page.mouse.down();
    await page.mouse.up();
    await page.waitForURL(/\/(channel|random)-\d+\/$/);
    await close();
  });

  test('two fingers that part zoom in about their middle, and open nothing', async (context) => {
    const { page, close } = await visit(await openChromium(context), server.origin);
    await page.setViewportSize(PHONE);
    await page.goto(at('fixture-net/map/#x=0.5&y=0.5&z=1.5'));
    await page.locator('#in-view li').first().waitFor();
    const box = await page.locator('#map').boundingBox();
    if (!box) throw new Error('The map has no box.');
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const fingers = (apart: number) => [-1, 1].map((side, id) => ({ x: x + side * apart, y, id }));
    const touch = await page.context().newCDPSession(page);
    const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', touchPoints: { x: number; y: number; id: number }[]) =>
      touch.send('Input.dispatchTouchEvent', { type, touchPoints });
    await send('touchStart', fingers(30));
    for (const apart of [35, 40, 45, 50, 60]) await send('touchMove', fingers(apart));
    await send('touchEnd', []);
    await page.waitForFunction(() => Number(new URLSearchParams(location.hash.slice(1)).get('z')) > 2);
    const view = new URLSearchParams(new URL(page.url()).hash.slice(1));
    expect(Number(view.get('z'))).toBeCloseTo(3, 1);
    expect([Number(view.get('x')), Number(view.get('y'))]).toEqual([0.5, 0.5].map((middle) => expect.closeTo(middle, 2)));
    expect(new URL(page.url()).pathname).toBe(`${BASE}fixture-net/map/`);
    await close();
  });

  test('without scripts is a picture of the whole with links to the layers', async (context) => {
    const { page, troubles, close } = await visit(await openChromium(context), server.origin, { javaScriptEnabled: false });
    await page.goto(at('fixture-net/'));
    await page.getByRole('link', { name: 'Map', exact: true }).click();
    expect(await page.locator('#plane img').getAttribute('alt')).toMatch(/^60 of 60 units of Fixture network/);
    const width = () => page.locator('#plane img').evaluate((image) => (image as HTMLImageElement).naturalWidth);
    await expect.poll(width, { timeout: 10_000 }).toBeGreaterThan(1000);
    await page.getByRole('main').getByRole('link', { name: 'expanded_conv_3/expand' }).click();
    await page.getByRole('heading', { level: 1, name: 'expanded_conv_3/expand' }).waitFor();
    expect(troubles).toEqual([]);
    await close();
  });

  test('an atlas without one has no page of it and no link to it', async (context) => {
    const { page, close } = await visit(await openChromium(context), server.origin);
    await page.goto(at('fixture-part/'));
    expect(await page.getByRole('link', { name: 'Map', exact: true }).count()).toBe(0);
    expect((await page.goto(at('fixture-part/map/')))?.status()).toBe(404);
    await close();
  });
});
