/** What the real build makes of a ledger: every address that was ever published answers, and a broken promise fails. */
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readLedger } from '../../generator/publish/ledger-file.ts';
import { resolveAddress } from '../../generator/publish/resolve.ts';
import {
  changeAtlas,
  DROPPED,
  type Fixture,
  KEPT,
  makeFirstEdition,
  makeSecondEdition,
  NEW_NAME,
  RENAMED,
} from '../publish/make-editions.ts';
import { makeStore } from '../site/make-store.ts';
import { temporaryFolder } from '../temporary.ts';
import { type BuiltSite, buildSite } from './build-site.ts';
import { checkLinks } from './check-links.ts';
import { closeChromium, openChromium } from './chromium.ts';
import { judgePage } from './judge-page.ts';
import { serveFolder } from './serve-folder.ts';
import { visit } from './visit.ts';

const BASE = '/some/base/';
const SITE = 'https://atlas.example';
let built: BuiltSite;
let fixture: Fixture;

/** A page of the build; a redirect is followed as a browser would, `seen` tells the way. */
async function open(path: string, seen: string[] = []): Promise<{ html: string; seen: string[] }> {
  const html = await readFile(join(built.dist, path, 'index.html'), 'utf8');
  const [, to] = /<meta http-equiv="refresh" content="0; url=([^"]+)"/.exec(html) ?? [];
  if (to === undefined) return { html, seen: [...seen, path] };
  expect(to.startsWith(BASE)).toBe(true);
  expect(seen.length).toBeLessThan(9);
  return open(to.slice(BASE.length), [...seen, path]);
}

/** A network with layers of InceptionV1: `mixed4c` by Google's name and size, and Caffe's, which has other weights. */
async function makeInception(atlases: string): Promise<void> {
  const store = join(atlases, await makeStore(atlases, { slug: 'inception', channels: [4, 2], random: 1, subset: 0, size: 16 }));
  const atlas = JSON.parse(await readFile(join(store, 'atlas.json'), 'utf8'));
  atlas.layers[0].name = 'import/mixed4c:0';
  atlas.layers[0].shape[0] = 512;
  atlas.layers[1].name = 'inception_3a/output_1';
  await writeFile(join(store, 'atlas.json'), JSON.stringify(atlas));
}

beforeAll(async () => {
  fixture = await makeFirstEdition(temporaryFolder('published'));
  await makeSecondEdition(fixture);
  await makeInception(fixture.atlases);
  built = await buildSite(fixture.atlases, { base: BASE, site: SITE });
});
afterAll(async () => {
  await closeChromium();
  await rm(built.dist, { recursive: true });
});

test('every address of the ledger answers, and so does its page of every edition', async () => {
  const entries = await readLedger(fixture.ledger);
  expect(entries.length).toBeGreaterThan(40);
  const missing = entries.flatMap((entry) => [
    ...(existsSync(join(built.dist, entry.address, 'index.html')) ? [] : [entry.address]),
    ...(entry.status !== 'published' || existsSync(join(built.dist, entry.address, `edition-${entry.edition}`, 'index.html'))
      ? []
      : [`${entry.address}edition-${entry.edition}/`]),
  ]);
  expect(missing).toEqual([]);
});

test('no link of any page is broken, those of redirects and tombstones among them', async () => {
  const report = await checkLinks(built, SITE);
  expect(report.pages).toBeGreaterThan(800);
  expect(report.broken).toEqual([]);
});

test('the page of an edition states what was published, small, and with its own address to cite', async () => {
  const { html } = await open(`${DROPPED}channel-1/edition-1/`);
  const address = `${SITE}${BASE}${DROPPED}channel-1/edition-1/`;
  expect(html).toContain(`<link rel="canonical" href="${address}">`);
  expect(html).toContain(`<link rel="cite-as" href="${address}">`);
  const { content } = (await readLedger(fixture.ledger)).find((entry) => entry.address === `${DROPPED}channel-1/`) as { content: string };
  expect(html).toContain(content);
  expect(html).toContain('published on 2026-01-02');
  expect(html).toMatch(/<img class="large"[^>]* alt="channel 1 of expanded_conv_3\/expand/);
  expect(html.length).toBeLessThan(11_000);
});

test('an edition shows its diverse pictures', async () => {
  const { html } = await open(`${KEPT}channel-1/edition-1/`);
  const [, picture = ''] = /<img src="([^"]+)"[^>]*alt="The same direction: diverse 0"/.exec(html) ?? [];
  expect(existsSync(join(built.dist, picture.slice(BASE.length)))).toBe(true);
});

test('the plain address shows the newest edition and lists the others; the atlas says what changed', async () => {
  const { html } = await open(`${KEPT}channel-0/`);
  for (const edition of [1, 2]) expect(html).toContain(`href="${BASE}${KEPT}channel-0/edition-${edition}/"`);
  const [first, second] = await Promise.all([1, 2].map((edition) => open(`${KEPT}channel-0/edition-${edition}/`)));
  const picture = (page?: { html: string }) => /<img class="large" src="([^"]+)"/.exec(page?.html ?? '')?.[1];
  expect(picture(first)).not.toBe(picture(second));
  expect(html).toContain(`<img class="large" src="${picture(second)}"`);
  const atlas = (await open('fixture-net/')).html;
  const rows = [...atlas.matchAll(/<tr>\s*<th scope="row"><a href="[^"]+edition-(\d).*?<\/tr>/gs)].map(([row, edition]) => [
    edition,
    ...[...row.matchAll(/<td class="num">([^<]*)/g)].map(([, text]) => text),
  ]);
  expect(rows).toEqual([
    ['2', '2026-03-04', '11 units', '0', '5', '6', '1', expect.any(String)],
    ['1', '2026-01-02', '16 units', '–', '–', '–', '–', '–'],
  ]);
});

test('a renamed layer leads on, unit by unit, and what an editor wrote is text', async () => {
  const { html, seen } = await open(`${RENAMED}random-1/`);
  expect(seen).toEqual([`${RENAMED}random-1/`, `${NEW_NAME}random-1/`]);
  expect(html).toContain('Random direction 1');
  const moved = await readFile(join(built.dist, RENAMED, 'random-1', 'index.html'), 'utf8');
  expect(moved).toContain(`<link rel="canonical" href="${SITE}${BASE}${NEW_NAME}random-1/">`);
  expect(moved).not.toMatch(/<script|<img/);
  expect(moved).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(moved).toContain('ünïcode 層');
});

test('nothing that a model or an editor is called becomes part of a page', async () => {
  for (const path of [
    `${DROPPED}channel-1/edition-1/`,
    `${DROPPED}edition-1/`,
    'fixture-net/edition-1/',
    `${DROPPED}channel-2/`,
    'fixture-net/',
  ]) {
    const { html } = await open(path);
    expect(html).toContain('&lt;/title&gt;&lt;script&gt;alert(3)&lt;/script&gt; &amp; “層”');
    // Within quotes a `<` begins nothing.
    expect(html.replaceAll(/="[^"]*"/g, '')).not.toContain('<script>alert');
  }
});

test('a tombstone says what stood there, why it went and what replaces it, with the picture', async () => {
  const { html } = await open(`${DROPPED}channel-2/`);
  expect(html).toMatch(/Channel 2\s*is no longer here/);
  expect(html).toContain('The plan no longer has this layer.');
  expect(html).toContain(`<a href="${BASE}${KEPT}">`);
  expect(html).toContain(`href="${BASE}${DROPPED}channel-2/edition-1/"`);
  const [, picture = ''] = /<img class="large" src="([^"]+)"/.exec(html) ?? [];
  expect(existsSync(join(built.dist, picture.slice(BASE.length)))).toBe(true);
});

describe('addresses of OpenAI Microscope and of Distill’s appendix', () => {
  test('lead to the unit where the weights are the same', async () => {
    const { seen } = await open('inceptionv1/mixed4c_0/3/');
    expect(seen.at(-1)).toBe('inception/expanded-conv-depthwise/channel-3/');
    const appendix = await readFile(join(built.dist, '2017/feature-visualization/appendix/googlenet/4c.html/index.html'), 'utf8');
    expect(appendix).toMatch(/<li id="channel-3"><span id="4c-3"><a href="\/some\/base\/inception\/expanded-conv-depthwise\/channel-3\/">/);
    expect(appendix).toContain('<span id="4c-447">Unit 447</span>');
  });

  test('lead to the layer and say why no further where they are not', async () => {
    const { html } = await open('inceptionv1/mixed3a_0/1/');
    expect(html).toContain('its channel 1 is another');
    expect(html).toContain(`<a href="${BASE}inception/expanded-conv-3-expand/">`);
    expect((await open('inceptionv1/mixed3a_0/')).seen.at(-1)).toBe('inception/expanded-conv-3-expand/');
  });

  test.each([
    [
      'https://microscope.openai.com/models/inceptionv1/mixed4c_0/3?models.technique=deep_dream',
      'inception/expanded-conv-depthwise/channel-3/',
    ],
    ['inceptionv1/mixed4c_0', 'inception/expanded-conv-depthwise/'],
    ['https://distill.pub/2017/feature-visualization/appendix/googlenet/4c.html#4c-3', 'inception/expanded-conv-depthwise/channel-3/'],
    ['https://distill.pub/2017/feature-visualization/appendix/googlenet/4c.html#channel-3', 'inception/expanded-conv-depthwise/channel-3/'],
    ['distill.pub/2017/feature-visualization/appendix/googlenet/3a.html#3a-1', 'inception/expanded-conv-3-expand/'],
  ])('resolve on the command line as on the site: %s', async (address, to) => {
    const found = await resolveAddress(address, fixture.atlases, fixture.ledger);
    expect(found).toMatchObject({ status: 'unpublished', address: to });
    expect(existsSync(join(built.dist, to, 'index.html'))).toBe(true);
  });

  test.each([
    'inceptionv1/mixed4c_0/512',
    'inceptionv1/mixed5b_0/1',
    'googlenet/4c.html#4c-3',
  ])('what never was or is not here is unknown: %s', async (address) => {
    expect((await resolveAddress(address, fixture.atlases, fixture.ledger)).status).toBe('unknown');
  });
});

describe('pages of the ledger in a browser', () => {
  test.for([
    `${KEPT}channel-1/edition-1/`,
    `${DROPPED}edition-1/`,
    'fixture-net/edition-2/',
    `${DROPPED}channel-2/`,
    DROPPED,
    `${KEPT}channel-0/`,
    'fixture-net/',
    'inceptionv1/mixed3a_0/1/',
    '2017/feature-visualization/appendix/googlenet/4c.html/',
  ])('%s: no trouble, no sideways scrolling, alternative texts, nothing for axe', async (path, context) => {
    const { origin, close: stop } = await serveFolder(built.dist, BASE);
    const { page, troubles, close } = await visit(await openChromium(context), origin);
    await page.goto(origin + BASE + path);
    await judgePage(page);
    expect(troubles).toEqual([]);
    await close();
    await stop();
  });

  test('a redirect leads on by itself, without scripts', async (context) => {
    const { origin, close: stop } = await serveFolder(built.dist, BASE);
    const { page, troubles, close } = await visit(await openChromium(context), origin, { javaScriptEnabled: false });
    await page.goto(`${origin}${BASE}${RENAMED}channel-1/`);
    await page.getByRole('heading', { level: 1, name: 'Channel 1' }).waitFor();
    expect(page.url()).toBe(`${origin}${BASE}${NEW_NAME}channel-1/`);
    expect(troubles).toEqual([]);
    await close();
    await stop();
  });
});

test('a published edition that was changed, and addresses that vanish, fail the build before it begins', async () => {
  const broken = await makeFirstEdition(temporaryFolder('broken'));
  const fail = () =>
    buildSite(broken.atlases, { base: '/' }).then(
      ({ dist }) => rm(dist, { recursive: true }).then(() => 'a build'),
      (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
    );
  const file = join(broken.store, 'layers', 'expanded-conv-depthwise.jsonl');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/"score":(?=\d)/, '"score":1'));
  const changed = await fail();
  expect(changed).toContain(
    `expected an edition that stays as it was published for the site, received "1 address with another content"\n${KEPT}channel-0/`,
  );
  expect(changed).toContain('npx atlas publish fixture-net --edition 2');
  expect(changed).not.toContain('.html');
  await writeFile(file, text);
  await changeAtlas(broken);
  expect(await fail()).toMatch(new RegExp(`received "13 addresses without one"\n${DROPPED}, .* and 3 more\n`));
});
