/** Embeds in Chromium: inside a frame of another page, at any width, in light and dark, and blind. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import axe from 'axe-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { embedCode } from '../../site/data/embed.ts';
import type { AtlasStore } from '../../site/store/load-atlases.ts';
import { makeHostile, readFirst } from '../site/data/make-published.ts';
import { makeStore } from '../site/make-store.ts';
import { temporaryFolder } from '../temporary.ts';
import { type BuiltSite, buildSite } from './build-site.ts';
import { closeChromium, openChromium } from './chromium.ts';
import { serveFolder } from './serve-folder.ts';
import { visit } from './visit.ts';

let site: BuiltSite & { origin: string; close: () => Promise<void> };
let host: { origin: string; close: () => Promise<void> };
let store: AtlasStore;
const LAYER = 'fixture-net/expanded-conv-depthwise/';

beforeAll(async () => {
  const data = temporaryFolder('data');
  await makeStore(data, { channels: [12], random: 10, subset: 1, size: 64 });
  store = await readFirst(data);
  await makeStore(data, { slug: 'hostile', channels: [2, 2, 2], random: 1, subset: 1, size: 16 });
  await makeHostile(data, 'hostile');
  const built = await buildSite(data, { base: '/' });
  site = { ...built, ...(await serveFolder(built.dist, '/')) };
}, 300_000);

afterAll(async () => {
  await closeChromium();
  await site.close();
  await host?.close();
  await rm(site.dist, { recursive: true });
});

describe.for(['light', 'dark'] as const)('in %s', (colorScheme) => {
  test.for([
    `${LAYER}channel-2/embed/`,
    `${LAYER}channel-2/embed/blind/`,
    `${LAYER}channel-5/embed/`,
    `${LAYER}random-1/embed/`,
    'hostile/expanded-conv-3-expand/channel-0/embed/',
  ])('%s shows its picture from 160 pixels up, nothing overflows, axe finds nothing', async (path, context) => {
    const browser = await openChromium(context);
    const { page, troubles, close } = await visit(browser, site.origin, { colorScheme });
    for (const [width, height] of [
      [160, 200],
      [320, 400],
      [1280, 900],
    ] as const) {
      await page.setViewportSize({ width, height });
      await page.goto(`${site.origin}/${path}`);
      const box = await page.locator('img, .void').boundingBox();
      expect(box?.width).toBeGreaterThan(width - 20);
      expect(box?.height).toBeGreaterThanOrEqual(64);
      expect(await page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth')).toBe(true);
      // Long names may need scrolling in the smallest frame; in an ordinary one all is seen.
      if (width >= 320) expect(await page.evaluate('document.documentElement.scrollHeight <= innerHeight')).toBe(true);
    }
    // The page forbids scripts; axe is let in beside it.
    await page.evaluate(axe.source);
    const { violations } = (await page.evaluate('axe.run()')) as axe.AxeResults;
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
    const back = await page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    expect(back).toBe(colorScheme === 'light' ? 'rgb(251, 250, 247)' : 'rgb(18, 18, 21)');
    expect(troubles).toEqual([]);
    await close();
  });
});

test('a blind embed has no answer in what is seen or read out, nor in its title or links', async (context) => {
  const browser = await openChromium(context);
  const { page, close } = await visit(browser, site.origin);
  const heard: string[] = [];
  for (const unit of ['channel-2', 'random-1']) {
    await page.goto(`${site.origin}/${LAYER}${unit}/embed/blind/`);
    heard.push(`${await page.locator('body').ariaSnapshot()}\n${await page.locator('body').innerText()}\n${await page.title()}`);
    expect(await page.locator('a').count()).toBe(0);
  }
  expect(heard[0]).toContain('img "A picture of what one direction of a network looks for"');
  expect(heard[0]).not.toMatch(/channel|random|basis arm|expanded|recognition|σ|%/i);
  expect(new Set(heard).size).toBe(1);
  await page.goto(`${site.origin}/${LAYER}channel-2/embed/`);
  expect(await page.locator('body').ariaSnapshot()).toMatch(/channel 2/i);
  await close();
});

test('the code that a unit page gives works in a page of another site, and the link leads out of the frame', async (context) => {
  const browser = await openChromium(context);
  const [layer] = store.layers;
  const unit = layer?.units[2];
  if (!layer || !unit) throw new Error('The fixture has no third unit.');
  const folder = temporaryFolder('host');
  const code = embedCode(store, layer, unit).replace('src="/', `src="${site.origin}/`);
  await writeFile(join(folder, 'index.html'), `<!doctype html><title>Another site</title><p>Look:</p>${code}`);
  await writeFile(join(folder, '404.html'), 'nothing');
  host = await serveFolder(folder, '/');
  const browserContext = await browser.newContext();
  const page = await browserContext.newPage();
  await page.goto(`${host.origin}/`);
  const frame = page.frameLocator('iframe[title^="Channel 2 of"]');
  expect(await frame.locator('img').evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth)).toBe(64);
  const [opened] = await Promise.all([page.waitForEvent('popup'), frame.getByRole('link', { name: 'Channel 2' }).click()]);
  await opened.getByRole('heading', { level: 1, name: 'Channel 2' }).waitFor();
  expect(new URL(opened.url()).pathname).toBe(`/${LAYER}channel-2/`);
  expect(page.url()).toBe(`${host.origin}/`);
  await browserContext.close();
});
