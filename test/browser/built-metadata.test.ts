/** What the built site says of itself to machines, read by those machines' own libraries: JSON-LD, RO-Crate, site map, feed, citations. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastGlob from 'fast-glob';
import { load } from 'js-yaml';
import { Validator } from 'ro-crate';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { feedTroubles, siteMapTroubles } from '../site/validate-xml.ts';
import type { BuiltSite } from './build-site.ts';
import { expand } from './expand-json-ld.ts';
import { ABOUT, attribute, BASE, buildPublished, linked, type ReadPage, readPages, removeSite, SITE, saidBy } from './published-site.ts';

const HOME = SITE + BASE;
const ATLASES = ['fixture-net', 'fixture-part', 'hostile'];

let site: BuiltSite;
let pages: ReadPage[];

beforeAll(async () => {
  site = await buildPublished();
  pages = (await readPages(site.dist)).filter(({ file }) => !file.includes('/embed/'));
});

afterAll(() => removeSite(site));

const readText = (file: string) => readFile(join(site.dist, file), 'utf8');
function pageAt(path: string): ReadPage {
  const page = pages.find(({ file }) => file === `${path}index.html`);
  if (!page) throw new Error(`No page was built at ${path}.`);
  return page;
}

describe('JSON-LD', () => {
  test('is on every page but the 404, in words that schema.org has, with whole addresses', async () => {
    for (const page of pages.filter(({ file }) => file !== '404.html')) {
      const [said, ...more] = saidBy(page);
      expect(more, page.file).toEqual([]);
      expect(said?.['@context'], page.file).toBe('https://schema.org');
      expect((await expand(said ?? {}, HOME)).length, page.file).toBeGreaterThan(0);
      const ids = JSON.stringify(said).matchAll(/"(?:@id|url|item|contentUrl)":"([^"]*)"/g);
      expect(
        [...ids].map(([, id]) => id).filter((id) => !/^https:\/\//.test(id ?? '')),
        page.file,
      ).toEqual([]);
    }
  });

  test('the check finds a word that is none', async () => {
    await expect(expand({ '@context': 'https://schema.org', '@type': 'Dataset', nmae: 'x' }, HOME)).rejects.toThrow();
  });

  test.for([
    ['', ['WebSite', 'DataCatalog']],
    ['fixture-net/', ['Dataset', 'BreadcrumbList']],
    ['fixture-net/compare/', ['WebPage', 'BreadcrumbList']],
    ['hostile/expanded-conv-depthwise/', ['WebPage', 'BreadcrumbList']],
    ['hostile/expanded-conv-depthwise/channel-0/', ['ImageObject', 'BreadcrumbList']],
    ['hostile/expanded-conv-depthwise/channel-5/', ['CreativeWork', 'BreadcrumbList']],
    ['cite/', ['WebPage', 'BreadcrumbList']],
  ] as const)('/%s is about %j', ([path, types]) => {
    expect(saidBy(pageAt(path))[0]?.['@graph'].map((node) => node['@type'])).toEqual(types);
  });

  test('a unit’s picture is the file that it names, under the licence that is told', async () => {
    const [node] = saidBy(pageAt('fixture-net/expanded-conv-depthwise/channel-0/'))[0]?.['@graph'] ?? [];
    const file = await readFile(join(site.dist, String(node?.contentUrl).slice(HOME.length)));
    expect(createHash('sha256').update(file).digest('hex')).toBe(node?.sha256);
    expect(node?.license).toBe(ABOUT.licence.url);
    expect(node?.creator).toMatchObject([{ '@type': 'Person', '@id': 'https://orcid.org/0000-0002-1825-0097', name: 'Ada Lovelace' }]);
    expect(node?.isPartOf).toMatchObject({ '@type': 'Dataset', '@id': 'https://w3id.org/atlas-of-things/fixture-net/' });
  });
});

test('pages to cite are signposted as FAIR Signposting level 1 has it', () => {
  const unit = pageAt('fixture-net/expanded-conv-depthwise/channel-0/');
  expect(linked(unit, 'cite-as')).toEqual(['https://w3id.org/atlas-of-things/fixture-net/expanded-conv-depthwise/channel-0/']);
  expect(linked(unit, 'type')).toEqual(['https://schema.org/AboutPage', 'https://schema.org/ImageObject']);
  expect(linked(unit, 'collection')).toEqual([`${HOME}fixture-net/`]);
  expect(linked(unit, 'license')).toEqual([ABOUT.licence.url]);
  expect(linked(unit, 'author')).toEqual(['https://orcid.org/0000-0002-1825-0097']);
  expect(linked(unit, 'item')).toHaveLength(1);
  expect(linked(unit, 'describedby')).toEqual([`${HOME}fixture-net/expanded-conv-depthwise/channel-0/unit.json`]);
  const atlas = pageAt('fixture-part/');
  expect(linked(atlas, 'cite-as')).toEqual(['https://doi.org/10.5072/things.1']);
  expect(linked(atlas, 'describedby')).toEqual([`${HOME}fixture-part/ro-crate-metadata.json`, `${HOME}fixture-part/croissant.json`]);
  for (const address of [...linked(atlas, 'describedby'), ...linked(atlas, 'item')])
    expect(existsSync(join(site.dist, address.slice(HOME.length))), address).toBe(true);
});

test('a page shared elsewhere shows the render, in its size, with words for it', async () => {
  const { elements } = pageAt('fixture-net/expanded-conv-depthwise/channel-0/');
  const said = new Map(
    elements.flatMap((one) => (attribute(one, 'property') ? [[attribute(one, 'property'), attribute(one, 'content')] as const] : [])),
  );
  expect(said.get('og:title')).toMatch(/^Channel 0 · /);
  expect(said.get('og:image')).toMatch(new RegExp(`^${HOME}i/[0-9a-f]{20}\\.webp$`));
  const { width, height } = await sharp(join(site.dist, String(said.get('og:image')).slice(HOME.length))).metadata();
  expect(said.get('og:image:alt')).toMatch(/^channel 0 of /);
  expect([said.get('og:image:width'), said.get('og:image:height')]).toEqual([String(width), String(height)]);
});

describe.for(ATLASES)('the data set %s', (slug) => {
  test('is an RO-Crate 1.2 whose parts are there', async () => {
    const crate = JSON.parse(await readText(`${slug}/ro-crate-metadata.json`));
    const validator = new Validator();
    validator.parseJSON(crate);
    validator.rootDataEntity();
    const parts = await fastGlob(['*.*', '*/', '*/layer.json', '*/directions.npy'], {
      cwd: join(site.dist, slug),
      onlyFiles: false,
      markDirectories: true,
    });
    const present = parts.map((name): [string, { exists: boolean; inCrate: boolean; isDir: boolean }] => [
      name,
      { exists: true, inCrate: false, isDir: name.endsWith('/') },
    ]);
    validator.checkFiles(Object.fromEntries(present));
    expect(validator.results.filter(({ status }) => status === 'success').length).toBeGreaterThan(6);
    expect(validator.results.filter(({ status }) => status === 'error')).toEqual([]);
    expect(crate['@graph'][0].conformsTo).toEqual({ '@id': 'https://w3id.org/ro/crate/1.2' });
    await expand(crate, `${HOME}${slug}/ro-crate-metadata.json`);
    // Flattened: what an entity refers to is an entity of its own.
    const ids = new Set<string>(crate['@graph'].map((entity: { '@id': string }) => entity['@id']));
    expect(ids.size).toBe(crate['@graph'].length);
    for (const [, id] of JSON.stringify(crate).matchAll(/\{"@id":"([^"]*)"\}/g))
      expect(ids.has(id ?? '') || id?.startsWith('https://w3id.org/ro/crate/'), id).toBe(true);
  });

  test('is described in Croissant 1.1, with the files’ own sizes and hashes', async () => {
    const said = JSON.parse(await readText(`${slug}/croissant.json`));
    const [expanded] = await expand(said, `${HOME}${slug}/croissant.json`);
    const schema = (name: string) => `http://schema.org/${name}`;
    // Required, says the specification's "Dataset-level Information"; and distribution, by "Modified and Added Properties".
    const required = ['description', 'license', 'name', 'url', 'creator', 'datePublished', 'distribution'].map(schema);
    for (const name of [...required, 'http://purl.org/dc/terms/conformsTo']) expect(expanded?.[name], name).toBeDefined();
    expect(expanded?.['@type']).toEqual([schema('Dataset')]);
    expect(expanded?.['http://purl.org/dc/terms/conformsTo']).toMatchObject([{ '@value': 'http://mlcommons.org/croissant/1.1' }]);
    expect(said.version).toMatch(/^\d+\.\d+\.\d+$/);
    const files = said.distribution.filter((one: { '@type': string }) => one['@type'] === 'cr:FileObject');
    expect(files.map((one: { '@id': string }) => one['@id'])).toEqual(expect.arrayContaining(['units.parquet', 'units.jsonl', 'cite.bib']));
    for (const file of files) {
      const bytes = await readFile(join(site.dist, file.contentUrl.slice(HOME.length)));
      expect(file.contentSize).toBe(`${bytes.length} B`);
      expect(file.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    }
    const rows = (await readText(`${slug}/units.jsonl`))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const [table] = said.recordSet;
    expect(table.field.map((one: { name: string }) => one.name)).toEqual(Object.keys(rows[0]));
    const kinds: Record<string, string> = { 'sc:Text': 'string', 'sc:Integer': 'number', 'sc:Float': 'number' };
    for (const { name, dataType } of table.field)
      expect(
        rows.filter((row) => row[name] !== null && typeof row[name] !== kinds[dataType]),
        name,
      ).toEqual([]);
    const ids = [...JSON.stringify(said).matchAll(/"@type":"cr:\w+","@id":"([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

test('the site map has every page that is its own address, and no other', async () => {
  const index = await readText('sitemap.xml');
  const map = await readText('sitemap-1.xml');
  for (const text of [index, map]) expect(await siteMapTroubles(text)).toEqual([]);
  const addresses = [...map.matchAll(/<loc>(.*?)<\/loc>/g)].map(([, address]) => address);
  const own = pages.filter((page) => linked(page, 'canonical')[0] === HOME + page.file.replace(/index\.html$/, ''));
  expect(own.length).toBe(pages.length - 1);
  expect(addresses).toEqual(own.map((page) => linked(page, 'canonical')[0]).sort());
  expect(map.match(/<lastmod>2026-03-04<\/lastmod>/g)?.length).toBeGreaterThan(100);
  expect(await readText('robots.txt')).toContain(`\nSitemap: ${HOME}sitemap.xml\n`);
});

test('the feed has an entry for every edition, the newest first; a published one leads to its own page', async () => {
  const feed = await readText('feed.xml');
  expect(await feedTroubles(feed)).toEqual([]);
  const entries = [...feed.matchAll(/<entry>\s*<id>(.*?)<\/id>[\s\S]*?href="(.*?)"/g)].map(([, id, address]) => [id, address]);
  expect(entries).toEqual([
    [`${HOME}hostile/edition-1/`, `${HOME}hostile/edition-1/`],
    [`${HOME}fixture-net/edition-1/`, `${HOME}fixture-net/`],
    [`${HOME}fixture-part/edition-1/`, `${HOME}fixture-part/`],
  ]);
});

test('the page of an edition is cited by its own address, dated by its publication, and says where the newest stands', async () => {
  const path = 'hostile/expanded-conv-depthwise/channel-0/edition-1/';
  const page = pageAt(path);
  expect(linked(page, 'cite-as')).toEqual([`${ABOUT.w3id}${path}`]);
  expect(linked(page, 'latest-version')).toEqual([`${HOME}hostile/expanded-conv-depthwise/channel-0/`]);
  expect(saidBy(page)[0]?.['@graph'][0]).toMatchObject({ '@type': 'ImageObject', '@id': `${ABOUT.w3id}${path}` });
  expect(await readText(`${path}index.html`)).toContain('@misc{hostile-expanded-conv-depthwise-channel-0-edition-1,');
  expect(await readText('sitemap-1.xml')).toContain(`<loc>${HOME}${path}</loc><lastmod>2026-04-05</lastmod>`);
  expect(linked(pageAt('hostile/edition-1/'), 'latest-version')).toEqual([`${HOME}hostile/`]);
});

test('citations are files of every atlas, and of the whole', async () => {
  for (const slug of ATLASES) {
    expect(await readText(`${slug}/cite.bib`)).toMatch(new RegExp(`^@misc\\{${slug}-edition-1,`));
    expect(await readText(`${slug}/cite.ris`)).toMatch(/^TY {2}- DATA\r\n/);
    expect(JSON.parse(await readText(`${slug}/cite.json`))).toMatchObject([{ id: `${slug}-edition-1`, author: [{ family: 'Lovelace' }] }]);
  }
  const cff = load(await readText('CITATION.cff')) as { authors: object[]; license: string; references: object[] };
  expect(cff.authors).toEqual([{ 'family-names': 'Lovelace', 'given-names': 'Ada', orcid: 'https://orcid.org/0000-0002-1825-0097' }]);
  expect(cff.license).toBe('CC-BY-4.0');
  expect(cff.references).toHaveLength(ATLASES.length);
});
