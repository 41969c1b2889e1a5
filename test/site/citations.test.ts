/** Citations, read back by Citation.js as a reference manager would, for ordinary names, for people, and for names that mean harm. */
import { Cite } from '@citation-js/core';
import '@citation-js/plugin-bibtex';
import '@citation-js/plugin-ris';
import { load } from 'js-yaml';
import { beforeAll, describe, expect, test } from 'vitest';
import { type SiteAbout, siteAbout } from '../../data/schema.ts';
import manifest from '../../package.json' with { type: 'json' };
import { toBibtex } from '../../site/metadata/citation/bibtex.ts';
import { toCff } from '../../site/metadata/citation/cff.ts';
import { type AtlasStore, readAtlases } from '../../site/store/load-atlases.ts';
import { atlasWork, cite, siteWork, softwareWork, unitWork, type Work } from '../../site/view/cite.ts';
import { temporaryFolder } from '../temporary.ts';
import { makeStore } from './make-store.ts';

const PUBLISHED: SiteAbout = siteAbout.parse({
  title: 'Atlas of Things',
  authors: [
    { family: 'Lovelace', given: 'Ada King', orcid: '0000-0002-1825-0097' },
    { family: 'García_{x}', given: 'José' },
    { name: 'Society & Sons', url: 'https://society.example' },
  ],
  publisher: { name: 'Press of Nowhere' },
  licence: { id: 'CC-BY-4.0', url: 'https://creativecommons.org/licenses/by/4.0/' },
  w3id: 'https://w3id.org/atlas-of-things/',
  dois: { 'fixture-net': '10.5072/things', 'fixture-net/edition-1': '10.5072/things.1' },
});

/** As Citation.js names them; told, it does not guess by what is in a title. */
const FORMATS = { bibtex: '@bibtex/text', ris: '@ris/file', csl: '@else/json' };

let plain: AtlasStore;
let hostile: AtlasStore;

beforeAll(async () => {
  const data = temporaryFolder('data');
  await makeStore(data, { channels: [3], random: 2, subset: 1, size: 32 });
  await makeStore(data, { channels: [3, 3, 3], random: 1, subset: 1, size: 32, slug: 'hostile', hostile: true });
  const stores = await readAtlases(data);
  [plain, hostile] = [
    stores.find(({ slug }) => slug === 'fixture-net') as AtlasStore,
    stores.find(({ slug }) => slug === 'hostile') as AtlasStore,
  ];
});

/** The one item that a text holds; Citation.js marks what keeps its case, and not every format has a label. */
function read(text: string, format: keyof typeof FORMATS): Record<string, unknown> {
  const { data } = new Cite(text, { forceType: FORMATS[format] });
  expect(data).toHaveLength(1);
  const item = JSON.parse(JSON.stringify(data[0]).replaceAll(/<\/?span[^>]*>/g, ''));
  // Of a name in one piece, one format says that it is one and another that it is a family's.
  const author = item.author.map((name: { literal?: string }) => (name.literal ? { family: name.literal } : name));
  return { ...item, author };
}

function works(store: AtlasStore, about?: SiteAbout): Work[] {
  const units = store.layers.flatMap((layer) => layer.units.map((unit) => unitWork(store, layer, unit, about)));
  return [atlasWork(store, about), softwareWork(about), siteWork([store], about), ...units];
}

describe.for(['ordinary', 'hostile', 'with people and DOIs'])('citations: %s', (kind) => {
  const all = () => (kind === 'ordinary' ? works(plain) : kind === 'hostile' ? works(hostile) : works(plain, PUBLISHED));

  test('BibTeX, RIS and CSL-JSON say the same of every work', () => {
    expect(all().length).toBeGreaterThan(6);
    for (const work of all()) {
      const { bibtex, ris, csl } = cite(work);
      const items = { bibtex: read(bibtex, 'bibtex'), ris: read(ris, 'ris'), csl: read(csl, 'csl') };
      const date = work.date?.split('-').map(Number);
      for (const [format, item] of Object.entries(items)) {
        expect(item.title, format).toBe(items.csl.title);
        expect(item.URL, format).toBe(work.address);
        expect(item.author, format).toEqual(items.csl.author);
        expect(item.DOI, format).toBe(work.doi);
        const parts = (item.issued as { 'date-parts': unknown[][] } | undefined)?.['date-parts'][0];
        expect(parts?.slice(0, 2).map(Number), format).toEqual(date?.slice(0, 2));
      }
      expect(items.csl.id).toBe(work.key);
    }
  });

  test('keys tell every work apart', () => {
    const keys = all().map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.filter((key) => !/^[a-z0-9-]+$/.test(key))).toEqual([]);
  });

  test('CITATION.cff has what version 1.2.0 of its format requires, and is the YAML that was meant', () => {
    const [first, ...rest] = all();
    const file = load(toCff(first as Work, rest)) as Record<string, unknown> & { references: Record<string, unknown>[] };
    // https://github.com/citation-file-format: required are cff-version, message, title and authors; of a reference type, title and authors.
    expect(file['cff-version']).toBe('1.2.0');
    expect(Object.keys(file)).toEqual(expect.arrayContaining(['message', 'title', 'authors']));
    expect(file.references).toHaveLength(rest.length);
    for (const [i, work] of [first as Work, ...rest].entries()) {
      const said = i === 0 ? file : file.references[i - 1];
      expect(said?.title).toBe(read(cite(work).csl, 'csl').title);
      expect(said?.authors).toHaveLength(work.authors.length);
      expect(['dataset', 'software']).toContain(said?.type);
      expect(said?.['date-released']).toBe(work.date);
    }
  });
});

test('people are cited by family name, a body by its own, and a DOI before an address', () => {
  const { text, csl } = cite(atlasWork(plain, PUBLISHED));
  expect(text).toBe(
    `Lovelace, A. K., García_{x}, J., & Society & Sons (2026, March 4). Atlas of Things: Fixture network (Edition 1) [Data set]. Press of Nowhere. Weights SHA-256 ${plain.atlas.model.weights_sha256}. https://doi.org/10.5072/things.1`,
  );
  expect(JSON.parse(csl)[0].author).toEqual([
    { family: 'Lovelace', given: 'Ada King' },
    { family: 'García_{x}', given: 'José' },
    { literal: 'Society & Sons' },
  ]);
  const [layer] = plain.layers;
  const [unit] = layer?.units ?? [];
  if (!layer || !unit) throw new Error('The fixture has a unit.');
  const work = unitWork(plain, layer, unit, PUBLISHED);
  expect(work.doi).toBeUndefined();
  expect(work.address).toBe('https://w3id.org/atlas-of-things/fixture-net/expanded-conv-depthwise/channel-0/');
});

test('without authors, publisher or DOI none is made up', () => {
  const { bibtex, ris, csl } = cite(atlasWork(plain, siteAbout.parse({})));
  expect(bibtex).not.toMatch(/publisher|doi/);
  expect(ris).not.toMatch(/^(PB|DO) /m);
  expect(Object.keys(JSON.parse(csl)[0])).toEqual(['id', 'type', 'title', 'author', 'issued', 'edition', 'URL', 'note']);
  expect(cite(softwareWork(siteAbout.parse({}))).text).toContain(`(n.d.). Basis Atlas (Version ${manifest.version}) [Computer software].`);
});

test('a hostile title opens no brace, no entry and no field', () => {
  const { bibtex, ris, text } = cite(atlasWork(hostile));
  const [layer] = hostile.layers;
  const [unit] = layer?.units ?? [];
  if (!layer || !unit) throw new Error('The fixture has a unit.');
  const inner = cite(unitWork(hostile, layer, unit));
  for (const entry of [bibtex, inner.bibtex]) {
    let depth = 0;
    // As BibTeX counts: no backslash hides a brace.
    for (const sign of entry) {
      depth += sign === '{' ? 1 : sign === '}' ? -1 : 0;
      expect(depth).toBeGreaterThanOrEqual(0);
    }
    expect(depth).toBe(0);
    expect(entry.match(/^@/gm)).toHaveLength(1);
  }
  for (const record of [ris, inner.ris]) {
    const tags = record
      .trimEnd()
      .split('\r\n')
      .map((line) => /^([A-Z][A-Z0-9]) {2}- /.exec(`${line} `)?.[1]);
    expect(tags).not.toContain(undefined);
    expect(tags.filter((tag) => tag === 'TY' || tag === 'ER')).toEqual(['TY', 'ER']);
    expect(record).not.toMatch(/[^\r]\n/);
  }
  expect(text).not.toMatch(/[\p{Cc}\u202e\u2069\u2028]/u);
  expect(inner.text.length).toBeLessThan(1500);
});

test('TeX reads the signs it gives a meaning to as signs', () => {
  const bibtex = toBibtex({ ...atlasWork(plain), title: 'a\\b {c} d_e f^g h~i 50% & # $ <j> |k|' });
  expect(bibtex).toContain(
    'title = {{a\\textbackslash{}b \\textbraceleft{}c\\textbraceright{} d\\_e f\\textasciicircum{}g h\\textasciitilde{}i 50\\% \\& \\# \\$ \\textless{}j\\textgreater{} \\textbar{}k\\textbar{}}}',
  );
});
