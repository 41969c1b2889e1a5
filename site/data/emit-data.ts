/** An Astro integration that puts the machine interface beside the pages: into dist/ by a thread of its own, on request while developing. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { AstroIntegration } from 'astro';
import { loadAtlases } from '../store/load-atlases.ts';
import { href } from '../view/address.ts';
import { type SiteFile, siteFiles } from './site-files.ts';

export function emitData(): AstroIntegration {
  let dist: string;
  let writing: Promise<number> | undefined;
  return {
    name: 'basis-atlas:data',
    hooks: {
      'astro:config:done': ({ config }) => {
        dist = fileURLToPath(config.outDir);
      },
      // The first moment when Astro has emptied the folder; the pages are made meanwhile.
      'astro:build:setup': () => {
        writing ??= writeApart(dist);
      },
      'astro:build:done': async ({ logger }) => {
        logger.info(`${await writing} files for machines`);
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

/**
 * Starts the thread that writes the files; how many they are. It has less room for short-lived values than V8 would give it: 150 MB less at 100,000
 * units. A fault of its is told when the pages are done, and ends the build.
 */
function writeApart(folder: string): Promise<number> {
  const thread = new Worker(new URL('./write-data.ts', import.meta.url), {
    workerData: folder,
    resourceLimits: { maxYoungGenerationSizeMb: 16 },
  });
  const written = once(thread, 'message').then(([count]: number[]) => count);
  written.catch(() => undefined);
  return written;
}

async function listFiles(): Promise<Map<string, SiteFile>> {
  const files = new Map<string, SiteFile>();
  for await (const file of siteFiles(await loadAtlases())) files.set(file.path, file);
  return files;
}
