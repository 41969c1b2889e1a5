/** What the tests of metadata and security share: a site with an ordinary atlas, one in progress, one with a study and one whose names mean harm, of which an edition is published. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastGlob from 'fast-glob';
import { type DefaultTreeAdapterMap, defaultTreeAdapter, parse } from 'parse5';
import { publish } from '../../generator/publish/publish.ts';
import { makeFixture } from '../compare/study/make-fixture.ts';
import { makeStore } from '../site/make-store.ts';
import { temporaryFolder } from '../temporary.ts';
import { type BuiltSite, buildSite } from './build-site.ts';

export const SITE = 'https://atlas.example';
export const BASE = '/some/base/';
export const ABOUT = {
  title: 'Atlas of Things',
  authors: [{ family: 'Lovelace', given: 'Ada', orcid: '0000-0002-1825-0097' }],
  publisher: { name: 'Press of <Nowhere>', url: 'https://press.example' },
  licence: { id: 'CC-BY-4.0', url: 'https://creativecommons.org/licenses/by/4.0/' },
  contact: 'mailto:ada@press.example',
  dois: { 'fixture-part/edition-1': '10.5072/things.1' },
  w3id: 'https://w3id.org/atlas-of-things/',
};

export type Element = DefaultTreeAdapterMap['element'];
/** A page as a browser reads it. */
export interface ReadPage {
  /** `hostile/compare/index.html` */
  file: string;
  elements: Element[];
}

/** Builds it; the caller removes `dist`. */
export async function buildPublished(): Promise<BuiltSite> {
  const data = temporaryFolder('data');
  await makeFixture(data);
  await makeStore(data, { slug: 'fixture-part', channels: [4, 8], random: 3, subset: 2, size: 32, complete: false });
  await makeStore(data, { slug: 'hostile', channels: [8, 8, 8], random: 10, subset: 2, size: 32, hostile: true });
  await publish({ store: join(data, 'hostile'), ledger: join(data, 'ledger.jsonl'), today: '2026-04-05' });
  const about = join(temporaryFolder('about'), 'site.json');
  await writeFile(about, JSON.stringify(ABOUT));
  return buildSite(data, { base: BASE, site: SITE, about });
}

export const removeSite = (site: BuiltSite | undefined) => site && rm(site.dist, { recursive: true });

/** Every page of a built site. */
export async function readPages(dist: string): Promise<ReadPage[]> {
  const files = (await fastGlob('**/*.html', { cwd: dist })).sort();
  return Promise.all(files.map(async (file) => ({ file, elements: elementsOf(await readFile(join(dist, file), 'utf8')) })));
}

/** Every element of a page, in its order. */
function elementsOf(html: string): Element[] {
  const found: Element[] = [];
  const walk = (node: DefaultTreeAdapterMap['node']) => {
    if (defaultTreeAdapter.isElementNode(node)) found.push(node);
    if ('childNodes' in node) for (const child of node.childNodes) walk(child);
  };
  walk(parse(html));
  return found;
}

/** An attribute's value, if the element has it. */
export const attribute = (element: Element, name: string) => element.attrs.find((one) => one.name === name)?.value;
/** The text right inside an element. */
export const textOf = (element: Element) => element.childNodes.map((node) => ('value' in node ? node.value : '')).join('');
/** What the page's JSON-LD says, in its order. */
export function saidBy({ elements }: ReadPage): { '@context': string; '@graph': ({ '@type': string } & Record<string, unknown>)[] }[] {
  return elements
    .filter((one) => attribute(one, 'type') === 'application/ld+json' && one.tagName === 'script')
    .map((one) => JSON.parse(textOf(one)));
}
/** The `href` of each link of the head with such a `rel`. */
export function linked({ elements }: ReadPage, rel: string): string[] {
  return elements.filter((one) => one.tagName === 'link' && attribute(one, 'rel') === rel).map((one) => attribute(one, 'href') ?? '');
}
