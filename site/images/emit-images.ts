/** An Astro integration that puts the pictures under `i/`: into dist/ after a build, on request while developing. */
import { mkdir, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AstroIntegration } from 'astro';
import pLimit from 'p-limit';
import { loadAtlases } from '../store/load-atlases.ts';
import { loadPublished } from '../store/load-ledger.ts';
import { withMaps } from '../view/map.ts';
import { drawPicture } from './draw-picture.ts';
import { mapSheets, wholeMap } from './map-pictures.ts';
import type { PaintedPicture } from './paint-tiles.ts';
import { allPictures, type Picture, rendersOf } from './pictures.ts';

export function emitImages(): AstroIntegration {
  return {
    name: 'basis-atlas:images',
    hooks: {
      'astro:build:done': async ({ dir, logger }) => {
        const pictures = await sitePictures();
        const folder = new URL('i/', dir);
        await mkdir(folder, { recursive: true });
        const limit = pLimit(4);
        const write = (name: string, bytes: Buffer) => writeFile(fileURLToPath(new URL(name, folder)), bytes);
        await Promise.all([...pictures].map(([name, picture]) => limit(async () => write(name, await drawPicture(picture)))));
        logger.info(`${pictures.size} pictures`);
      },
      'astro:server:setup': ({ server }) => {
        let pictures: ReturnType<typeof sitePictures> | undefined;
        server.middlewares.use(async (request, response, next) => {
          const path = new URL(request.url ?? '/', 'http://localhost').pathname;
          pictures ??= sitePictures();
          const picture = /\/i\/[^/]+\.webp$/.test(path) ? (await pictures).get(basename(path)) : undefined;
          if (!picture) return next();
          response.setHeader('content-type', 'image/webp').end(await drawPicture(picture));
        });
      },
    },
  };
}

/** Of every atlas, of every edition that was published, and of every map. */
async function sitePictures(): Promise<Map<string, Picture | PaintedPicture>> {
  const stores = await loadAtlases();
  const editions = [...(await loadPublished()).editions.values()].flat();
  const maps = (await withMaps(stores)).flatMap(({ store, map }) => [wholeMap(store, map), ...mapSheets(store, map)]);
  return new Map<string, Picture | PaintedPicture>([
    ...editions.flatMap(({ store }) => rendersOf(store)),
    ...allPictures(stores),
    ...maps.map((picture) => [picture.name, picture] as const),
  ]);
}
