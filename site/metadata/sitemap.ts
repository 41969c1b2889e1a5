/** The site map (sitemaps.org, protocol 0.9): files of at most 50,000 addresses, and an index of them. */
import { xmlText } from './xml.ts';

/** As many as one file may have. */
export const SITEMAP_LIMIT = 50_000;

/** A page: its whole address, and the day of what is on it. */
export interface MappedPage {
  address: string;
  /** `2026-03-04` */
  lastmod?: string;
}

/** The files by name: `sitemap.xml`, the index, and `sitemap-1.xml` and on. `folder` is the address that they are under. */
export function siteMaps(pages: readonly MappedPage[], folder: string, limit = SITEMAP_LIMIT): Map<string, string> {
  const files = new Map<string, string>();
  const parts: MappedPage[] = [];
  for (let start = 0; start < pages.length; start += limit) {
    const part = pages.slice(start, start + limit);
    const name = `sitemap-${parts.length + 1}.xml`;
    files.set(name, listed('urlset', 'url', part));
    const lastmod = part.map((page) => page.lastmod ?? '').reduce((a, b) => (a > b ? a : b), '');
    parts.push({ address: folder + name, ...(lastmod ? { lastmod } : {}) });
  }
  files.set('sitemap.xml', listed('sitemapindex', 'sitemap', parts));
  return files;
}

function listed(root: string, element: string, pages: readonly MappedPage[]): string {
  const lines = pages.map(({ address, lastmod }) => {
    const date = lastmod ? `<lastmod>${lastmod}</lastmod>` : '';
    return `<${element}><loc>${xmlText(address)}</loc>${date}</${element}>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n${lines.join('')}</${root}>\n`;
}
