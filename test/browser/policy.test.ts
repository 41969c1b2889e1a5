/** The policy in a browser: on no kind of page does Chromium have to refuse anything, and what it should refuse it does. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BuiltSite } from './build-site.ts';
import { closeChromium, openChromium } from './chromium.ts';
import { BASE, buildPublished, removeSite } from './published-site.ts';
import { serveFolder } from './serve-folder.ts';
import { visit } from './visit.ts';

let site: BuiltSite;
let server: Awaited<ReturnType<typeof serveFolder>>;

beforeAll(async () => {
  site = await buildPublished();
  server = await serveFolder(site.dist, BASE);
});

afterAll(async () => {
  await closeChromium();
  await server?.close();
  await removeSite(site);
});

/** What the browser reports is gathered where no script of the page can reach. */
const GATHER = `globalThis.refused = []; document.addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective + ' ' + event.blockedURI)); globalThis.alert = () => refused.push('alert');`;
const refused = 'globalThis.refused';

const PATHS = [
  '',
  '404.html',
  'cite/',
  'method/',
  'data/',
  'search/',
  'search/#q=alert',
  'hostile/',
  'hostile/compare/',
  'hostile/compare/synthetic-2afc/',
].concat(
  ['', 'channel-0/', 'channel-5/', 'channel-7/', 'random-9/'].flatMap((unit) => [`hostile/expanded-conv-depthwise/${unit}`]),
  ['fixture-net/', 'fixture-net/map/', 'fixture-net/study/', 'fixture-part/expanded-conv-3-expand/'],
);

test.for(PATHS)('/%s: nothing refused and nothing run, light and dark', async (path, context) => {
  const { page, troubles, close } = await visit(await openChromium(context), server.origin);
  await page.addInitScript(GATHER);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.goto(server.origin + BASE + path, { waitUntil: 'networkidle' });
    for (const details of await page.locator('details').all()) await details.evaluate((element) => element.setAttribute('open', ''));
    expect(await page.evaluate(refused), colorScheme).toEqual([]);
  }
  expect(troubles).toEqual([]);
  await close();
});

test('JSON-LD is data: it stands in the page, and the policy has nothing against it', async (context) => {
  const { page, close } = await visit(await openChromium(context), server.origin);
  await page.addInitScript(GATHER);
  await page.goto(`${server.origin}${BASE}hostile/`);
  const said = await page
    .locator('script[type="application/ld+json"]')
    .evaluate((element) => JSON.parse(element.textContent)['@graph'][0].name);
  expect(said).toContain('</title><script>alert(1)</script>');
  expect(await page.evaluate(refused)).toEqual([]);
  await close();
});

test('an inline script, an inline style, a handler and another origin are refused', async (context) => {
  const { page, close } = await visit(await openChromium(context), server.origin);
  await page.addInitScript(GATHER);
  await page.goto(`${server.origin}${BASE}hostile/`);
  await page.evaluate(async () => {
    const script = document.createElement('script');
    script.textContent = 'alert(1)';
    const probe = document.createElement('p');
    probe.innerHTML = '<b style="color:red" onclick="alert(1)">x</b><img src="https://elsewhere.invalid/x.png">';
    document.body.append(script, probe);
    probe.querySelector('b')?.click();
    await fetch('https://elsewhere.invalid/').catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 200));
  });
  const found = (await page.evaluate(refused)) as string[];
  for (const directive of [
    'script-src-elem inline',
    'style-src-attr inline',
    'script-src-attr inline',
    'img-src https:',
    'connect-src https:',
  ])
    expect(
      found.filter((one) => one.startsWith(directive)),
      directive,
    ).toHaveLength(1);
  expect(found).not.toContain('alert');
  await close();
});

test('every format of a citation is copied by one click, and is there to select without scripts', async (context) => {
  const browser = await openChromium(context);
  const { page, close } = await visit(browser, server.origin, { permissions: ['clipboard-read', 'clipboard-write'] });
  const address = `${server.origin}${BASE}hostile/expanded-conv-depthwise/channel-0/`;
  await page.goto(address);
  for (const [name, start] of [
    ['Copy the text', /^Lovelace, A\. \(2026, March 4\)\. Channel 0 of layer /],
    ['Copy BibTeX', /^@misc\{hostile-expanded-conv-depthwise-channel-0,/],
    ['Copy RIS', /^TY {2}- DATA\r?\n/],
    ['Copy CSL-JSON', /^\[\s*\{\s*"id": "hostile-expanded-conv-depthwise-channel-0"/],
  ] as const) {
    await page.getByRole('button', { name, exact: true }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(start);
    await page.getByRole('button', { name, exact: true }).waitFor();
  }
  await close();

  const plain = await visit(browser, server.origin, { javaScriptEnabled: false });
  await plain.page.goto(address);
  expect(await plain.page.getByRole('button').count()).toBe(0);
  await plain.page.getByText('BibTeX, RIS and CSL-JSON').click();
  for (const name of ['BibTeX', 'RIS', 'CSL-JSON']) expect(await plain.page.getByLabel(name, { exact: true }).isVisible()).toBe(true);
  await plain.close();
});
