/** Which pages of a built site a site map names: those that are their own canonical address, and not the pages that stand for another or for none. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { AtlasStore } from '../store/load-atlases.ts';
import type { Published } from '../store/load-ledger.ts';
import { fullAddress } from '../view/address.ts';
import type { MappedPage } from './sitemap.ts';

/** Its place is fixed by the frame of every page, before anything that a model file can lengthen by more than this. */
const HEAD = 8192;

/** The pages by address; `paths` as Astro names them, `fixture-net/conv-1/`, without the base. */
export async function mappedPages(
  paths: readonly string[],
  dist: string,
  { stores, published }: { stores: readonly AtlasStore[]; published: Published },
): Promise<MappedPage[]> {
  const days = new Map(stores.map(({ slug, atlas }) => [slug, atlas.created.slice(0, 10)]));
  const newest = [...days.values()].toSorted().at(-1);
  for (const { slug, edition, when } of [...published.editions.values()].flat()) days.set(`${slug} ${edition}`, when);
  const limit = pLimit(8);
  const pages = await Promise.all(
    paths.map((path) =>
      limit(async () => {
        const address = fullAddress(path);
        const canonical = /<link rel="canonical" href="([^"]*)"/.exec(await head(join(dist, path, 'index.html')))?.[1];
        const [slug = ''] = path.split('/');
        const edition = /\/edition-(\d+)\/$/.exec(path)?.[1];
        const lastmod = days.get(edition ? `${slug} ${edition}` : slug) ?? (path === '' ? newest : undefined);
        return canonical === address ? [{ address, ...(lastmod ? { lastmod } : {}) }] : [];
      }),
    ),
  );
  return pages.flat().sort((a, b) => (a.address < b.address ? -1 : 1));
}

async function head(file: string): Promise<string> {
  const handle = await open(file).catch(() => undefined);
  if (!handle) return '';
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD), 0, HEAD, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
