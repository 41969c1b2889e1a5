/**
 * An atlas as a Croissant 1.1 data set (http://mlcommons.org/croissant/1.1): the required and recommended properties of "Dataset-level
 * Information", a FileObject for every published file, a RecordSet for every table among them.
 */
import type { SiteAbout } from '../../data/schema.ts';
import { unitColumns } from '../data/unit-rows.ts';
import type { AtlasStore } from '../store/load-atlases.ts';
import { atlasPath, fullAddress } from '../view/address.ts';
import { citeAtlas } from '../view/cite.ts';
import { atlasNode } from './atlas-metadata.ts';
import type { DescribedFile } from './described-file.ts';
import { licenceText } from './licence.ts';

/** The standard's context (its appendix 1): which words are Croissant's own, and which are schema.org's. */
const OWN_WORDS = [
  'annotation arrayShape citeAs column containedIn equivalentProperty excludes extract field fileProperty fileObject fileSet format includes',
  'isArray isLiveDataset jsonPath key md5 parentField recordSet references regex readLines sdVersion separator source subField transform',
  'unArchive value',
].flatMap((line) => line.split(' '));
const CONTEXT = {
  '@language': 'en',
  '@vocab': 'http://schema.org/',
  sc: 'http://schema.org/',
  cr: 'http://mlcommons.org/croissant/',
  rai: 'http://mlcommons.org/croissant/RAI/',
  dct: 'http://purl.org/dc/terms/',
  conformsTo: 'dct:conformsTo',
  data: { '@id': 'cr:data', '@type': '@json' },
  examples: { '@id': 'cr:examples', '@type': '@json' },
  dataType: { '@id': 'cr:dataType', '@type': '@vocab' },
  ...Object.fromEntries(OWN_WORDS.map((word) => [word, `cr:${word}`])),
};

/** The content of croissant.json. */
export function croissant(store: AtlasStore, files: readonly DescribedFile[], about: SiteAbout) {
  const { atlas } = store;
  const { name, description, creator, publisher, keywords, datePublished, dateCreated, identifier } = atlasNode(store);
  return {
    '@context': CONTEXT,
    '@type': 'sc:Dataset',
    name,
    description,
    conformsTo: 'http://mlcommons.org/croissant/1.1',
    citeAs: citeAtlas(store).bibtex,
    license: about.licence?.url ?? { '@type': 'sc:CreativeWork', name: 'No licence is stated', description: licenceText(store, about) },
    url: fullAddress(atlasPath(store)),
    identifier,
    creator,
    ...(publisher ? { publisher } : {}),
    keywords,
    datePublished,
    dateCreated,
    // An edition's renders replace the former's: what the standard calls a major version.
    version: `${atlas.edition}.0.0`,
    inLanguage: 'en',
    distribution: files.map((file) => ({
      '@type': 'cr:FileObject',
      '@id': file.path,
      name: file.path,
      description: file.about,
      contentUrl: fullAddress(atlasPath(store) + file.path),
      contentSize: `${file.bytes} B`,
      encodingFormat: file.type,
      sha256: file.sha256,
    })),
    ...recordSets(files),
  };
}

/** The tables: one record set each, by its columns. */
function recordSets(files: readonly DescribedFile[]) {
  const tables = files.filter((file) => file.path === 'units.parquet');
  if (tables.length === 0) return {};
  const recordSet = tables.map((file) => {
    const id = file.path.replace(/\.\w+$/, '');
    return {
      '@type': 'cr:RecordSet',
      '@id': id,
      name: id,
      description: file.about,
      field: unitColumns().map((column) => ({
        '@type': 'cr:Field',
        '@id': `${id}/${column.name}`,
        name: column.name,
        description: column.about,
        dataType: `sc:${column.type}`,
        source: { fileObject: { '@id': file.path }, extract: { column: column.name } },
      })),
    };
  });
  return { recordSet };
}
