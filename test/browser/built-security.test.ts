/** The built pages forbid what they do not need, and hold nothing that a strict policy forbids, whatever a model file calls its layers. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastGlob from 'fast-glob';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contentPolicy } from '../../site/metadata/policy.ts';
import type { BuiltSite } from './build-site.ts';
import { checkLinks } from './check-links.ts';
import { attribute, BASE, buildPublished, type Element, type ReadPage, readPages, removeSite, SITE, textOf } from './published-site.ts';

let site: BuiltSite;
let pages: ReadPage[];

beforeAll(async () => {
  site = await buildPublished();
  pages = await readPages(site.dist);
});

afterAll(() => removeSite(site));

/** Elements of all pages that are as they should not be, as `page: element`. */
function wrong(test: (element: Element) => boolean): string[] {
  return pages.flatMap(({ file, elements }) =>
    elements.filter(test).map((one) => `${file}: ${one.tagName} ${JSON.stringify(one.attrs).slice(0, 160)}`),
  );
}

const NOTHING_RUNS = ['application/ld+json', 'application/json'];

describe('every page', () => {
  test('has its policy before anything that could be loaded', () => {
    expect(pages.length).toBeGreaterThan(120);
    for (const { file, elements } of pages) {
      const at = elements.findIndex((one) => attribute(one, 'http-equiv') === 'Content-Security-Policy');
      const first = elements.findIndex(({ tagName }) => ['link', 'script', 'style', 'img', 'title'].includes(tagName));
      expect(at, file).toBeGreaterThan(0);
      expect(at, file).toBeLessThan(first);
      const said = attribute(elements[at] as Element, 'content') ?? '';
      const policy = file.endsWith('/study/index.html') ? 'study' : file === 'search/index.html' ? 'search' : 'page';
      // A page for a frame has less on it, and forbids more.
      if (file.includes('/embed/')) expect(said, file).toMatch(/^default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'/);
      else expect(said, file).toBe(contentPolicy(policy));
    }
  });

  test('has no style or handler in an element, no style element, and no script but files and data', () => {
    expect(wrong((one) => one.attrs.some(({ name }) => name === 'style' || name.startsWith('on')))).toEqual([]);
    expect(wrong(({ tagName }) => ['style', 'iframe', 'object', 'embed', 'base'].includes(tagName))).toEqual([]);
    const inline = (one: Element) => one.tagName === 'script' && attribute(one, 'src') === undefined;
    expect(wrong((one) => inline(one) && !NOTHING_RUNS.includes(attribute(one, 'type') ?? ''))).toEqual([]);
    expect(wrong((one) => one.tagName === 'script' && attribute(one, 'src') !== undefined && textOf(one) !== '')).toEqual([]);
  });

  test('loads from its own origin alone, and leads nowhere by a script', () => {
    const own = (address: string | undefined) => address === undefined || new URL(address, `${SITE}${BASE}`).origin === SITE;
    expect(wrong((one) => !own(attribute(one, 'src')))).toEqual([]);
    const loads = (one: Element) => one.tagName === 'link' && /stylesheet|icon|preload|manifest/.test(attribute(one, 'rel') ?? '');
    expect(wrong((one) => loads(one) && !own(attribute(one, 'href')))).toEqual([]);
    expect(wrong((one) => /^\s*(javascript|data|vbscript):/i.test(attribute(one, 'href') ?? attribute(one, 'action') ?? ''))).toEqual([]);
  });

  test('leads to nothing that is not there', async () => {
    const report = await checkLinks(site, SITE);
    expect(report.broken.filter((line) => !/: (mailto:|https:\/\/(w3id\.org|doi\.org|creativecommons\.org)\/)/.test(line))).toEqual([]);
  });
});

describe('names that mean harm', () => {
  const hostile = () => pages.filter(({ file }) => file.startsWith('hostile/'));

  test('are shown as they are spelt, and make no element', () => {
    expect(hostile().length).toBeGreaterThan(50);
    for (const { file, elements } of hostile()) {
      const [title, ...more] = elements.filter(({ tagName, namespaceURI }) => tagName === 'title' && namespaceURI.endsWith('xhtml'));
      expect(more, file).toEqual([]);
      // A page for a frame cuts the name short, or leaves it out.
      if (!file.includes('/embed/')) expect(title && textOf(title), file).toContain('</title><script>alert(1)</script>');
    }
  });

  test('turn no text around, and are cut short', () => {
    for (const { file, elements } of hostile()) {
      const said = elements.flatMap((one) => [...one.attrs.map(({ value }) => value), ...(one.tagName === 'script' ? [] : [textOf(one)])]);
      expect(
        said.filter((text) => /[\u202a-\u202e\u2066-\u2069\u2028]/.test(text)),
        file,
      ).toEqual([]);
      expect(
        said.filter((text) => text.length > 3000 && !text.includes('@misc')),
        file,
      ).toEqual([]);
    }
  });

  test('are in no address and no file name', async () => {
    const files = await fastGlob('**/*', { cwd: site.dist, dot: true });
    expect(files.length).toBeGreaterThan(300);
    expect(files.filter((file) => !/^[\w./-]+$/.test(file) || file.includes('..'))).toEqual([]);
    expect(existsSync(join(site.dist, '..', 'x'))).toBe(false);
  });
});

describe('what hosts are told', () => {
  test('_headers names folders that are there, and no header twice for one file', async () => {
    const lines = (await readFile(join(site.dist, '_headers'), 'utf8')).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const rules = new Map<string, string[]>();
    let path = '';
    for (const line of lines) {
      if (!line.startsWith('  ')) path = line;
      const name = line.startsWith('  ') ? [line.trim().split(':')[0] ?? ''] : [];
      rules.set(path, [...(rules.get(path) ?? []), ...name]);
    }
    expect([...rules.keys()]).toEqual(['/*', '/i/*', '/_astro/*']);
    const shared = rules.get('/*') ?? [];
    for (const [pattern, headers] of rules) {
      expect(headers.length, pattern).toBeGreaterThan(0);
      if (pattern === '/*') continue;
      expect(existsSync(join(site.dist, pattern.slice(1, -1))), pattern).toBe(true);
      expect(
        headers.filter((name) => shared.includes(name)),
        pattern,
      ).toEqual([]);
      expect(lines[lines.indexOf(pattern) + 1]).toBe('  Cache-Control: public, max-age=31536000, immutable');
    }
    expect(existsSync(join(site.dist, '.nojekyll'))).toBe(true);
  });

  test('what may be kept for ever is named by its content', async () => {
    const originals = await fastGlob('i/*', { cwd: site.dist, ignore: ['i/m-*', 'i/*-*'] });
    expect(originals.length).toBeGreaterThan(50);
    for (const file of originals) {
      const digest = createHash('sha256')
        .update(await readFile(join(site.dist, file)))
        .digest('hex');
      expect(digest.slice(0, 20)).toBe(file.slice(2, -5));
    }
    const assets = await fastGlob('_astro/*', { cwd: site.dist });
    expect(assets.filter((file) => !/\.[\w-]{8}\.(css|js)$/.test(file))).toEqual([]);
  });
});
