/** An Astro integration that writes what can only be said of the finished site: the atlases' files with their hashes, the map of its pages, the feed. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AstroIntegration } from 'astro';
import { loadAtlases } from '../store/load-atlases.ts';
import { loadPublished } from '../store/load-ledger.ts';
import { fullAddress } from '../view/address.ts';
import { METADATA_FILES } from './atlas-metadata.ts';
import { croissant } from './croissant.ts';
import { describeFiles } from './described-file.ts';
import { atomFeed, editionsOf } from './feed.ts';
import { mappedPages } from './mapped-pages.ts';
import { roCrate } from './ro-crate.ts';
import { siteAbout } from './site-about.ts';
import { siteMaps } from './sitemap.ts';

/** Has to come after every integration that writes files. */
export function emitMetadata(): AstroIntegration {
  return {
    name: 'basis-atlas:metadata',
    hooks: {
      'astro:build:done': async ({ dir, pages, logger }) => {
        const dist = fileURLToPath(dir);
        const stores = await loadAtlases();
        const published = await loadPublished();
        const about = siteAbout();
        const write = (name: string, content: string) => writeFile(join(dist, name), content);
        for (const store of stores) {
          const files = await describeFiles(store, dist);
          const made = { crate: roCrate(store, files, about), croissant: croissant(store, files, about) };
          for (const [kind, content] of Object.entries(made)) {
            const { name } = METADATA_FILES[kind as keyof typeof made];
            await write(join(store.slug, name), `${JSON.stringify(content, null, 2)}\n`);
          }
        }
        if (!process.env.ATLAS_SITE) {
          logger.info('no site map and no feed: they need whole addresses, which ATLAS_SITE=https://… gives');
          return;
        }
        const mapped = await mappedPages(
          pages.map(({ pathname }) => pathname),
          dist,
          { stores, published },
        );
        for (const [name, content] of siteMaps(mapped, fullAddress(''))) await write(name, content);
        await write('feed.xml', atomFeed(editionsOf(stores, published), about));
        logger.info(`${mapped.length} pages in the site map`);
      },
    },
  };
}
