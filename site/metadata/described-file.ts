/** The published files of an atlas as they lie in the built site, for the metadata that lists files. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type PublishedFile, publishedFiles } from '../data/published-files.ts';
import { fault } from '../store/fault.ts';
import type { AtlasStore } from '../store/load-atlases.ts';
import { atlasPath } from '../view/address.ts';

/** A file with what only its bytes tell. */
export interface DescribedFile extends PublishedFile {
  /** From the atlas's folder: `units.parquet`. */
  name: string;
  bytes: number;
  sha256: string;
}

/** Many files of one kind: `*` stands for parts of their addresses. */
export interface DescribedFiles extends PublishedFile {
  name: string;
  many: number;
}

/** All that an atlas is published with. */
export interface Described {
  files: DescribedFile[];
  kinds: DescribedFiles[];
}

/** How to cite the atlas, as files; cite.[format].ts makes them. */
export function citationFiles(store: AtlasStore): PublishedFile[] {
  const root = atlasPath(store);
  return [
    { path: `${root}cite.bib`, type: 'application/x-bibtex', about: 'How to cite the atlas, for BibTeX.' },
    { path: `${root}cite.ris`, type: 'application/x-research-info-systems', about: 'How to cite the atlas, for reference managers.' },
    { path: `${root}cite.json`, type: 'application/vnd.citationstyles.csl+json', about: 'How to cite the atlas, as CSL-JSON.' },
  ];
}

/** Every published file of an atlas, read from the built site; throws a fault for one that was not built. */
export async function describeFiles(store: AtlasStore, dist: string): Promise<Described> {
  const described: Described = { files: [], kinds: [] };
  for (const file of [...publishedFiles(store), ...citationFiles(store)]) {
    const name = file.path.slice(atlasPath(store).length);
    const { many } = file;
    if (many === undefined) described.files.push({ ...file, name, ...(await measure(file, join(dist, file.path))) });
    else described.kinds.push({ ...file, name, many });
  }
  return described;
}

async function measure({ path }: PublishedFile, place: string): Promise<{ bytes: number; sha256: string }> {
  if (!existsSync(place)) {
    throw fault({
      where: 'site/data/published-files.ts',
      expected: 'a file that the build writes',
      name: path,
      received: undefined,
      remedy: 'Take it off the list, or let what writes it run before emitMetadata() in astro.config.mjs.',
    });
  }
  const hash = createHash('sha256');
  await pipeline(createReadStream(place), hash);
  return { bytes: statSync(place).size, sha256: hash.digest('hex') };
}
