/**
 * An atlas as a Croissant 1.1 data set (http://mlcommons.org/croissant/1.1): the required and recommended properties of "Dataset-level
 * Information", a FileObject for every published file, the pictures as a FileSet, the units as a RecordSet.
 */
import type { SiteAbout } from '../../data/schema.ts';
import type { AtlasStore } from '../store/load-atlases.ts';
import { atlasPath, fullAddress } from '../view/address.ts';
import { citeAtlas } from '../view/cite.ts';
import { atlasNode } from './atlas-metadata.ts';
import type { Described, DescribedFile } from './described-file.ts';
import { licenceText } from './licence.ts';
import { unitColumns } from './table-columns.ts';

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
export function croissant(store: AtlasStore, { files }: Described, about: SiteAbout) {
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
    distribution: [...files.map(fileObject), ...pictures(store)],
    recordSet: [unitTable()],
  };
}

function fileObject(file: DescribedFile) {
  return {
    '@type': 'cr:FileObject',
    '@id': file.name,
    name: file.name,
    description: file.about,
    contentUrl: fullAddress(file.path),
    contentSize: `${file.bytes} B`,
    encodingFormat: file.type,
    sha256: file.sha256,
  };
}

/** The pictures are files of their own: the table of units is the manifest that lists them ("FileSet"). */
function pictures({ layers }: AtlasStore) {
  const rendered = layers.some(({ units }) => units.some(({ render }) => render?.image));
  if (!rendered) return [];
  return [
    {
      '@type': 'cr:FileSet',
      '@id': 'pictures',
      name: 'pictures',
      description: 'The first render of every unit.',
      containedIn: { '@type': 'cr:DataSource', fileObject: { '@id': TABLE }, extract: { column: 'image' } },
      encodingFormat: 'image/webp',
      includes: '*.webp',
    },
  ];
}

const TABLE = 'units.parquet';

/** The units as a table: a record each, by layer and unit. */
function unitTable() {
  return {
    '@type': 'cr:RecordSet',
    '@id': 'units',
    name: 'units',
    description: 'A record for every unit of the atlas.',
    key: [{ '@id': 'units/layer' }, { '@id': 'units/unit' }],
    field: unitColumns().map(({ name, type, about }) => ({
      '@type': 'cr:Field',
      '@id': `units/${name}`,
      name,
      ...(about ? { description: about } : {}),
      dataType: `sc:${type}`,
      source: { fileObject: { '@id': TABLE }, extract: { column: name } },
    })),
  };
}
