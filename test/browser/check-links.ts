/** A small link checker over a built site: every reference of every page leads to a file of the build, and every fragment to an id. */
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import fastGlob from 'fast-glob';
import type { BuiltSite } from './build-site.ts';

export interface LinkReport {
  pages: number;
  references: number;
  /** `page: reference`, of what is not there or lies outside. */
  broken: string[];
}

const ORIGIN = 'http://site.invalid';

/** Checks href, src and srcset of all pages. `own` is the site's origin, whose absolute links count as inside. */
export async function checkLinks({ dist, base }: BuiltSite, own?: string): Promise<LinkReport> {
  const files = await fastGlob('**/*.html', { cwd: dist });
  const report: LinkReport = { pages: files.length, references: 0, broken: [] };
  const ids = new Map<string, Set<string>>();
  const idsOf = async (file: string) => {
    const known = ids.get(file) ?? new Set([...(await readFile(file, 'utf8')).matchAll(/\sid="([^"]+)"/g)].map((match) => match[1] ?? ''));
    ids.set(file, known);
    return known;
  };
  for (const file of files) {
    const page = new URL(base + file.replace(/index\.html$/, ''), ORIGIN);
    for (const reference of references(await readFile(join(dist, file), 'utf8'))) {
      report.references++;
      const url = new URL(own && reference.startsWith(own) ? reference.slice(own.length) : reference, page);
      const target = url.origin === ORIGIN ? fileOf(url, { dist, base }) : undefined;
      // `#atlas=quick` says how a page with scripts is to look; any other fragment is a place.
      const isPlace = url.hash !== '' && !/^#[a-z]+=/.test(url.hash);
      const sound = target !== undefined && (!isPlace || (await idsOf(target)).has(url.hash.slice(1)));
      if (!sound) report.broken.push(`${file}: ${reference}`);
    }
  }
  return report;
}

function references(html: string): string[] {
  // What a link of the head names without fetching it (a type, a licence, a DOI) may be elsewhere.
  const followed = html.replace(/<link rel="(?:type|license|author|cite-as)"[^>]*>/g, '');
  const attributes = [...followed.matchAll(/\s(?:href|src)="([^"]*)"/g)].map((match) => match[1] ?? '');
  const sets = [...html.matchAll(/\ssrcset="([^"]*)"/g)].flatMap((match) =>
    (match[1] ?? '').split(',').map((one) => one.trim().split(' ')[0] ?? ''),
  );
  return [...attributes, ...sets].map((text) => text.replaceAll('&amp;', '&').replaceAll('&#38;', '&'));
}

function fileOf(url: URL, { dist, base }: BuiltSite): string | undefined {
  if (!url.pathname.startsWith(base)) return undefined;
  const file = join(dist, decodeURIComponent(url.pathname.slice(base.length)));
  if (relative(dist, file).startsWith('..') || !existsSync(file)) return undefined;
  if (!statSync(file).isDirectory()) return file;
  return url.pathname.endsWith('/') && existsSync(join(file, 'index.html')) ? join(file, 'index.html') : undefined;
}
