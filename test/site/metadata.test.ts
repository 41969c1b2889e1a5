/** What the site says of itself to machines, before it is built: who publishes it, text that cannot harm, site map, feed. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { siteAbout } from '../../data/schema.ts';
import { dataBlock } from '../../site/metadata/data-block.ts';
import { atomFeed, type Edition } from '../../site/metadata/feed.ts';
import { contentPolicy } from '../../site/metadata/policy.ts';
import { citedAddress, creators, doiOf, readAbout, stableAddress } from '../../site/metadata/site-about.ts';
import { SITEMAP_LIMIT, siteMaps } from '../../site/metadata/sitemap.ts';
import { legible } from '../../site/metadata/text.ts';
import { xmlText } from '../../site/metadata/xml.ts';
import type { AtlasStore } from '../../site/store/load-atlases.ts';
import { temporaryFolder } from '../temporary.ts';
import { HOSTILE } from './make-store.ts';
import { feedTroubles, siteMapTroubles } from './validate-xml.ts';

const inEdition = (edition: number) => ({ slug: 'net', atlas: { edition } }) as AtlasStore;

describe('data/site.json', () => {
  test('the committed one is sound, and names nobody who has not been named', () => {
    const about = readAbout('data/site.json');
    expect(about).toEqual({ title: 'Basis Atlas', authors: [], dois: {}, software: {} });
    expect(creators(about)).toEqual([{ name: 'Basis Atlas' }]);
  });

  test('a file that is not there says nothing but the title', () => {
    expect(readAbout('data/no-such-file.json')).toEqual(siteAbout.parse({}));
  });

  test.for([
    [{ doi: 'https://doi.org/10.5072/x' }, 'doi'],
    [{ w3id: 'https://w3id.org/x' }, 'w3id'],
    [{ w3id: 'javascript:alert(1)/' }, 'w3id'],
    [{ licence: { id: 'MIT', url: 'javascript:alert(1)' } }, 'licence.url'],
    [{ contact: 'data:text/html,x' }, 'contact'],
    [{ autors: [] }, 'the content'],
  ] as const)('%j is refused with file and field', async ([content, name]) => {
    const file = join(temporaryFolder('about'), 'site.json');
    await writeFile(file, JSON.stringify(content));
    expect(() => readAbout(file)).toThrow(new RegExp(`site\\.json: expected .* for ${name.replace('.', '\\.')}, received `));
  });

  test('an edition has the DOI that is nearest to it', () => {
    const about = siteAbout.parse({ dois: { net: '10.5072/all', 'net/edition-2': '10.5072/two' } });
    expect(doiOf(inEdition(1), about)).toBe('10.5072/all');
    expect(doiOf(inEdition(2), about)).toBe('10.5072/two');
    expect(doiOf(inEdition(3), siteAbout.parse({ doi_prefix: '10.5072/basis.' }))).toBe('10.5072/basis.net.3');
    expect(doiOf(inEdition(1), siteAbout.parse({ doi: '10.5072/whole' }))).toBeUndefined();
    expect(citedAddress(inEdition(2), about)).toBe('https://doi.org/10.5072/two');
    expect(citedAddress(inEdition(2), siteAbout.parse({}))).toBe('/net/');
  });

  test('a w3id prefix stands before every path', () => {
    expect(stableAddress('net/a/', siteAbout.parse({ w3id: 'https://w3id.org/basis/' }))).toBe('https://w3id.org/basis/net/a/');
    expect(stableAddress('net/a/', siteAbout.parse({}))).toBe('/net/a/');
  });
});

describe('text that cannot harm', () => {
  test('is one line, not too long, and turns nothing around', () => {
    expect(legible('a\r\n b\u0000\u2028c\u202ed\u2066e\u200ff\ufeff')).toBe('a b c d e f');
    expect(legible('x'.repeat(500))).toBe(`${'x'.repeat(199)}…`);
    expect(legible('😀'.repeat(20), 10)).toBe(`${'😀'.repeat(9)}…`);
    expect(legible('half \ud83d')).toBe('half \ufffd');
    expect(legible('ordinary_name/conv (3×3), שלום')).toBe('ordinary_name/conv (3×3), שלום');
  });

  test('a data block ends no element and opens no comment, and is the same data', () => {
    const value = { a: ['</script><script>alert(1)</script>', '<!--', ']]>', '\u2028', HOSTILE.title] };
    const text = dataBlock(value);
    expect(text).not.toMatch(/[<\u2028\u2029]/);
    expect(JSON.parse(text)).toEqual(value);
  });

  test('XML keeps what it can say and leaves out what it cannot', () => {
    expect(xmlText('a<b & "c" \'d\' ]]>\u0000\u000b\ufffe')).toBe('a&lt;b &amp; &quot;c&quot; &apos;d&apos; ]]&gt;');
  });
});

test('no policy lets a page run what is inline, or reach another origin', () => {
  for (const name of ['page', 'study', 'search'] as const) {
    const policy = contentPolicy(name);
    expect(policy).toMatch(/^default-src 'none';/);
    expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|\*|data:|blob:|https?:/);
    for (const directive of ['script-src', 'style-src', 'img-src', 'base-uri', 'form-action']) expect(policy).toContain(`${directive} '`);
  }
});

describe('the site map', () => {
  const pages = (n: number) =>
    Array.from({ length: n }, (_, i) => ({
      address: `https://atlas.example/net/conv/channel-${i}/`,
      lastmod: i % 2 ? '2026-03-04' : '2026-01-02',
    }));

  test(`is split at ${SITEMAP_LIMIT} addresses, and its index dates each part by its newest page`, async () => {
    const files = siteMaps(pages(SITEMAP_LIMIT + 1), 'https://atlas.example/');
    expect([...files.keys()].sort()).toEqual(['sitemap-1.xml', 'sitemap-2.xml', 'sitemap.xml']);
    const [first, second, index] = [...files.values()] as [string, string, string];
    expect(first.match(/<loc>/g)).toHaveLength(SITEMAP_LIMIT);
    expect(second.match(/<loc>/g)).toHaveLength(1);
    expect(index).toContain('<loc>https://atlas.example/sitemap-1.xml</loc><lastmod>2026-03-04</lastmod>');
    expect(index).toContain('<loc>https://atlas.example/sitemap-2.xml</loc><lastmod>2026-01-02</lastmod>');
    // The protocol: a file has at most 50 MB.
    expect(first.length).toBeLessThan(50 * 1024 * 1024);
    for (const text of [first, second, index]) expect(await siteMapTroubles(text)).toEqual([]);
  });

  test('the schema finds a page that is no address, and one too many', async () => {
    expect(await siteMapTroubles(siteMaps([{ address: '/net/' }], '/').get('sitemap-1.xml') ?? '')).not.toEqual([]);
    const large = siteMaps(pages(SITEMAP_LIMIT + 1), 'https://atlas.example/', SITEMAP_LIMIT + 1);
    expect(await siteMapTroubles(large.get('sitemap-1.xml') ?? '')).not.toEqual([]);
  });
});

describe('the feed', () => {
  const edition: Edition = {
    id: 'https://atlas.example/net/edition-2/',
    title: HOSTILE.title,
    address: 'https://atlas.example/net/?a=1&b="2"',
    updated: '2026-03-04T05:06:07.000Z',
    summary: HOSTILE.model,
  };
  const about = siteAbout.parse({ title: 'A & B', authors: [{ family: '<Lovelace>', orcid: '0000-0002-1825-0097' }] });
  /** Ids of a feed are whole addresses only where the site knows its own, which it does not in this process. */
  const whole = (feed: string) => feed.replaceAll(/(<id>|href=")\//g, '$1https://atlas.example/');

  test('has what RFC 4287 requires, whatever an atlas is called', async () => {
    expect(await feedTroubles(whole(atomFeed([edition], about)))).toEqual([]);
    expect(await feedTroubles(whole(atomFeed([], about)))).toEqual([]);
  });

  test('the schema finds a missing date and an id that is no address', async () => {
    expect(await feedTroubles(whole(atomFeed([{ ...edition, updated: 'yesterday' }], about)))).not.toEqual([]);
    expect(await feedTroubles(atomFeed([edition], about))).not.toEqual([]);
  });
});
