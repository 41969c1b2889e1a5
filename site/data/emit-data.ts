/** An Astro integration that puts the machine interface beside the pages: into dist/ after a build, on request while developing. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AstroIntegration } from 'astro';
import { loadAtlases } from '../store/load-atlases.ts';
import { href } from '../view/address.ts';
import { type SiteFile, siteFiles } from './site-files.ts';

/** Files that are written at the same time. */
const AT_ONCE = 8;

export function emitData(): AstroIntegration {
  return {
    name: 'basis-atlas:data',
    hooks: {
      'astro:build:done': async ({ dir, logger }) => {
        const written = await writeFiles(siteFiles(await loadAtlases()), fileURLToPath(dir));
        logger.info(`${written} files for machines`);
      },
      'astro:server:setup': ({ server }) => {
        let files: Promise<Map<string, SiteFile>> | undefined;
        server.middlewares.use(async (request, response, next) => {
          try {
            const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
            const inside = path.startsWith(href('')) ? path.slice(href('').length) : path.slice(1);
            files ??= listFiles();
            const file = (await files).get(inside.endsWith('/') ? `${inside}index.html` : inside);
            if (!file) return next();
            response.setHeader('content-type', file.type).end(await file.make());
          } catch (error) {
            next(error);
          }
        });
      },
    },
  };
}

/** Writes files under a folder, a few at a time; returns how many. A file's folder is made when it turns out to be missing. */
export async function writeFiles(files: AsyncGenerator<SiteFile>, folder: string): Promise<number> {
  let written = 0;
  const work = async () => {
    for (let next = await files.next(); !next.done; next = await files.next()) {
      await writeInto(join(folder, next.value.path), await next.value.make());
      written++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return written;
}

async function writeInto(file: string, content: string | Uint8Array): Promise<void> {
  try {
    await writeFile(file, content);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}

async function listFiles(): Promise<Map<string, SiteFile>> {
  const files = new Map<string, SiteFile>();
  for await (const file of siteFiles(await loadAtlases())) files.set(file.path, file);
  return files;
}
