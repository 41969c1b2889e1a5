/** The site as a visitor has it: the fixture store through the real build, served by a plain file server, opened in Chromium. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastGlob from 'fast-glob';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeHuman } from '../site/make-human.ts';
import { makeStore } from '../site/make-store.ts';
import { temporaryFolder } from '../temporary.ts';
import { type BuiltSite, buildSite } from './build-site.ts';
import { checkLinks } from './check-links.ts';
import { closeChromium, openChromium } from './chromium.ts';
import { judgePage } from './judge-page.ts';
import { weightOf500 } from './layer-weight.ts';
import { serveFolder } from './serve-folder.ts';
import { visit } from './visit.ts';

const LAYER = 'fixture-net/expanded-conv-3-expand/';
/** One of each page type, and the states a unit can be in. */
const PAGES = {
  home: '',
  atlas: 'fixture-net/',
  'atlas in progress': 'fixture-part/',
  layer: LAYER,
  'layer in progress': 'fixture-part/expanded-conv-6-project/',
  channel: `${LAYER}channel-2/`,
  'random direction': `${LAYER}random-3/`,
  'failed render': `${LAYER}channel-5/`,
  'diverged render': `${LAYER}random-9/`,
  comparison: 'fixture-net/compare/',
  'older comparison': 'fixture-older/compare/',
  'older layer': 'fixture-older/expanded-conv-3-expand/',
  'comparison in progress': 'fixture-part/compare/',
  'a measure of every direction': 'fixture-net/compare/synthetic-2afc/',
  map: 'fixture-net/map/',
  search: 'search/',
  'search with results': 'search/#q=grating',
  method: 'method/',
  data: 'data/',
  embed: `${LAYER}random-3/embed/`,
  'blind embed': `${LAYER}random-3/embed/blind/`,
  'how to cite': 'cite/',
};
const VARIANTS = [
  { base: '/', site: undefined },
  { base: '/some/base/', site: 'https://atlas.example' },
];
const built = new Map<string, BuiltSite & { origin: string; close: () => Promise<void> }>();
let data: string;

beforeAll(async () => {
  data = temporaryFolder('data');
  await makeStore(data);
  await writeFile(join(data, 'fixture-net', 'human.json'), JSON.stringify(makeHuman('fixture-net')));
  await makeStore(data, { slug: 'fixture-part', complete: false });
  await makeStore(data, { slug: 'fixture-older', channels: [4, 4], random: 3, subset: 2, older: true });
  for (const { base, site } of VARIANTS) {
    const one = await buildSite(data, { base, ...(site ? { site } : {}) });
    built.set(base, { ...one, ...(await serveFolder(one.dist, base)) });
  }
});

afterAll(async () => {
  await closeChromium();
  for (const { dist, close } of built.values()) {
    await close();
    await rm(dist, { recursive: true });
  }
});

function siteUnder(base: string) {
  const site = built.get(base);
  if (!site) throw new Error(`No site was built under ${base}.`);
  return site;
}

/** From the home page to a unit and on to the next, by clicks alone. */
async function walk(page: Page, home: string) {
  await page.goto(home);
  await page.getByRole('link', { name: 'Fixture network', exact: true }).first().click();
  await page.getByRole('link', { name: 'expanded_conv_3/expand' }).first().click();
  await page.getByRole('link', { name: /^channel 2 of / }).click();
  await page.getByRole('heading', { level: 1, name: 'Channel 2' }).waitFor();
  await page.locator('a[rel="next"]').click();
  await page.getByRole('heading', { level: 1, name: 'Channel 3' }).waitFor();
}

describe.for(VARIANTS)('the site under $base', ({ base, site: own }) => {
  test('has no broken link and no missing picture', async () => {
    const report = await checkLinks(siteUnder(base), own);
    expect(report.pages).toBeGreaterThan(90);
    expect(report.references).toBeGreaterThan(1000);
    expect(report.broken).toEqual([]);
  });

  test.for([true, false])('leads from home to a unit by clicks, scripts on: %s', async (javaScriptEnabled, context) => {
    const { origin } = siteUnder(base);
    const { page, troubles, close } = await visit(await openChromium(context), origin, { javaScriptEnabled });
    await walk(page, origin + base);
    expect(page.url()).toBe(`${origin}${base}${LAYER}channel-3/`);
    await page.waitForLoadState('load');
    expect(troubles).toEqual([]);
    await close();
  });

  test('gives a unit its stable address', async () => {
    const html = await readFile(join(siteUnder(base).dist, LAYER, 'channel-2', 'index.html'), 'utf8');
    const address = `${own ?? ''}${base}${LAYER}channel-2/`;
    expect(html).toContain(`<link rel="canonical" href="${address}">`);
    expect(html).toContain(`<link rel="cite-as" href="${address}">`);
  });
});

describe('every page type', () => {
  test.for(Object.entries(PAGES))('%s: no trouble, no sideways scrolling, alternative texts, nothing for axe', async ([
    ,
    path,
  ], context) => {
    const { origin, base } = siteUnder('/some/base/');
    const { page, troubles, close } = await visit(await openChromium(context), origin);
    await page.goto(origin + base + path);
    await judgePage(page);
    expect(troubles).toEqual([]);
    await close();
  });

  test('the comparison answers before anything else, and every dot leads to its unit', async (context) => {
    const { origin, base } = siteUnder('/');
    const { page, troubles, close } = await visit(await openChromium(context), origin, { javaScriptEnabled: false });
    await page.goto(`${origin}${base}fixture-net/compare/`);
    expect(await page.locator('.lead').textContent()).toMatch(/^Shown half of the images .* 3 layers/);
    expect(await page.getByRole('heading', { level: 2 }).first().textContent()).toBe('The answer, layer by layer');
    expect(await page.locator('.answers > li').count()).toBe(3);
    const link = page.locator('.dots a[tabindex]', { hasText: 'Random direction 3:' }).first();
    const address = await link.evaluate((element) => (element as SVGAElement).href.baseVal);
    expect(address).toBe('../expanded-conv-depthwise/random-3/');
    await link.click();
    await page.getByRole('heading', { level: 1, name: 'Random direction 3' }).waitFor();
    expect(troubles).toEqual([]);
    await close();
  });

  test('an unknown address gets the 404 page, with a way home', async (context) => {
    const { origin, base } = siteUnder('/some/base/');
    const { page, close } = await visit(await openChromium(context), origin);
    const response = await page.goto(`${origin}${base}fixture-net/no-such-layer/`);
    expect(response?.status()).toBe(404);
    await page.getByRole('link', { name: 'All atlases' }).click();
    expect(page.url()).toBe(origin + base);
    await close();
  });
});

test('pages keep to their weight', async () => {
  const { dist } = siteUnder('/');
  const size = async (glob: string) => {
    const files = await fastGlob(glob, { cwd: dist, stats: true });
    expect(files.length, glob).toBeGreaterThan(0);
    return files.reduce((sum, file) => sum + (file.stats?.size ?? 0), 0);
  };
  const unit = await readFile(join(dist, LAYER, 'channel-2/index.html'), 'utf8');
  const loads = [...unit.matchAll(/(?:href|src)="\/(_astro\/[^"]+)"/g)].map(([, file]) => file ?? '');
  expect(loads.length).toBeGreaterThan(1);
  const assets = await Promise.all(loads.map(size));
  expect(assets.reduce((sum, bytes) => sum + bytes, unit.length)).toBeLessThan(60_000);
  // Fewer than 200 bytes a dot: 2,500 of them are half a megabyte, and a tenth of that on the way.
  const html = await readFile(join(dist, 'fixture-net/compare/index.html'), 'utf8');
  const dots = html.match(/<a href="[^"]*" tabindex="-1"><title>.*?<\/a>/g) ?? [];
  expect(dots.length).toBe(12 + 16 + 24 + 3 * 12);
  expect(dots.join('').length / dots.length).toBeLessThan(200);
  for (const layer of ['expanded-conv-depthwise', 'expanded-conv-6-project']) {
    expect(weightOf500(await readFile(join(dist, `fixture-net/${layer}/index.html`), 'utf8')), layer).toBeLessThan(200_000);
  }
});
