/** Writing many small files, one after another and without waiting in between: in a thread of its own nobody waits for it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SiteFile } from './site-files.ts';

/** Writes files under a folder; returns how many. A file's folder is made when it turns out to be missing. */
export async function writeFiles(files: AsyncIterable<SiteFile>, folder: string): Promise<number> {
  let written = 0;
  for await (const { path, make } of files) {
    writeInto(join(folder, path), await make());
    written++;
  }
  return written;
}

function writeInto(file: string, content: string | Uint8Array): void {
  try {
    writeFileSync(file, content);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}
