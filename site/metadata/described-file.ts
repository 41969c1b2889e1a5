/** A published file as it lies in the built site, for the metadata that lists files. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { filesWithin, type PublishedFile } from '../data/published-files.ts';
import { fault } from '../store/fault.ts';
import type { AtlasStore } from '../store/load-atlases.ts';

/** A file with what only its bytes tell. */
export interface DescribedFile extends PublishedFile {
  bytes: number;
  sha256: string;
}

/** Every published file of an atlas, read from the built site; throws a fault for one that was not built. */
export async function describeFiles(store: AtlasStore, dist: string): Promise<DescribedFile[]> {
  const described: DescribedFile[] = [];
  for (const file of filesWithin(store)) {
    const place = join(dist, store.slug, file.path);
    if (!existsSync(place)) {
      throw fault({
        where: 'site/data/published-files.ts',
        expected: 'a file that the build writes',
        name: `${store.slug}/${file.path}`,
        received: undefined,
        remedy: 'Take it off the list, or let what writes it run before emitMetadata() in astro.config.mjs.',
      });
    }
    const hash = createHash('sha256');
    await pipeline(createReadStream(place), hash);
    described.push({ ...file, bytes: statSync(place).size, sha256: hash.digest('hex') });
  }
  return described;
}
