/** An Astro integration that puts the search's index beside its page, into search/pagefind/, after a build. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AstroIntegration } from 'astro';
import { close, createIndex } from 'pagefind';
import { fault } from '../store/fault.ts';
import { loadAtlases } from '../store/load-atlases.ts';
import { readHuman } from '../view/human.ts';
import { type SearchRecord, searchRecords } from './records.ts';

/** Records are bundled, so that an index is some hundred files and not one a record. */
const RECORDS_A_FILE = 16;
/** Records on their way to Pagefind's process at a time, which waits for none of them by itself. */
const AT_ONCE = 256;
/** What Pagefind brings and the page does without: interfaces of its own, and words of no language. */
const UNUSED = /^pagefind-(?!entry|worker)|^wasm\.unknown\./;

export function emitSearch(): AstroIntegration {
  return {
    name: 'basis-atlas:search',
    hooks: {
      'astro:build:done': async ({ dir, logger }) => {
        const stores = await loadAtlases();
        const humans = await Promise.all(stores.map(async (store) => [store.slug, await readHuman(store)] as const));
        const records = searchRecords(stores, new Map(humans.flatMap(([slug, human]) => (human ? [[slug, human] as const] : []))));
        const files = await writeIndex(records, fileURLToPath(new URL('search/pagefind/', dir)));
        logger.info(`${records.length} records in ${files} files`);
      },
    },
  };
}

/** Writes an index of some records into a folder; returns how many files that took. Throws a fault with what Pagefind says. */
export async function writeIndex(records: readonly SearchRecord[], folder: string): Promise<number> {
  try {
    const files = (await indexOf(records)).filter(({ path }) => !UNUSED.test(path));
    for (const { path, content } of files) {
      await mkdir(dirname(`${folder}/${path}`), { recursive: true });
      await writeFile(`${folder}/${path}`, content);
    }
    return files.length;
  } catch (cause) {
    throw fault({
      where: 'the index of the search',
      expected: 'an index',
      name: 'Pagefind',
      received: cause instanceof Error ? cause.message : String(cause),
      remedy: 'Run "npm ci" again: Pagefind needs the package of its binary for this platform (@pagefind/…), which npm installs with it.',
      cause,
    });
  } finally {
    await close();
  }
}

/** The files of an index. */
async function indexOf(records: readonly SearchRecord[]) {
  const { index, errors } = await createIndex({
    forceLanguage: 'en',
    writePlayground: false,
    maxFragments: Math.max(1, Math.ceil(records.length / RECORDS_A_FILE)),
  });
  if (!index) throw new Error(errors.join('; '));
  for (let i = 0; i < records.length; i += AT_ONCE) {
    const added = await Promise.all(records.slice(i, i + AT_ONCE).map((one) => index.addCustomRecord(one)));
    heed(added.flatMap((one) => one.errors));
  }
  const made = await index.getFiles();
  heed(made.errors);
  return made.files;
}

function heed(errors: readonly string[]): void {
  if (errors.length > 0) throw new Error(errors.join('; '));
}
