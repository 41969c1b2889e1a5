/**
 * An atlas as an RO-Crate 1.2 (https://w3id.org/ro/crate/1.2): the folder of the atlas is the crate's root, with its files, its layers as
 * folders, who made it, and what made it from what.
 */
import type { SiteAbout } from '../../data/schema.ts';
import { type SchemaName, schemaPath } from '../data/published-files.ts';
import type { AtlasStore } from '../store/load-atlases.ts';
import { atlasPath, fullAddress } from '../view/address.ts';
import { citeAtlas } from '../view/cite.ts';
import { counted } from '../view/numbers.ts';
import { layerTitle } from '../view/unit.ts';
import { atlasNode, atlasSummary, METADATA_FILES } from './atlas-metadata.ts';
import type { Described, DescribedFile, DescribedFiles } from './described-file.ts';
import { licenceText } from './licence.ts';
import { authorNode } from './people.ts';
import { citedAddress, creators, isWhole } from './site-about.ts';

const SPECIFICATION = 'https://w3id.org/ro/crate/1.2';
const ref = (id: string) => ({ '@id': id });
/** An entity of the flat graph. */
type Entity = { '@id': string; '@type': string } & Record<string, unknown>;

/** The content of ro-crate-metadata.json. */
export function roCrate(store: AtlasStore, { files, kinds }: Described, about: SiteAbout): { '@context': string; '@graph': Entity[] } {
  const { atlas, layers } = store;
  const makers = creators(about).map((author, i) => named(authorNode(author), `#creator-${i + 1}`));
  const publisher = about.publisher && named(authorNode(about.publisher), '#publisher');
  const licence = licenceEntity(store, about);
  const cited = citedAddress(store, about);
  const parts = [...files.map(fileEntity), ...layers.map((layer) => layerEntity(store, layer)), ...kinds.map(kindEntity)];
  const schemas = [...new Set([...files, ...kinds].flatMap(({ schema }) => schema ?? []))].map(schemaEntity);
  const root: Entity = {
    '@id': './',
    '@type': 'Dataset',
    name: atlas.title,
    description: atlasSummary(store),
    datePublished: atlas.created.slice(0, 10),
    dateCreated: atlas.created,
    license: ref(licence['@id']),
    version: String(atlas.edition),
    identifier: cited,
    // Only an address that stands for itself can be one to cite by (RFC 8574).
    ...(isWhole(cited) ? { 'cite-as': cited } : {}),
    creditText: citeAtlas(store).text,
    keywords: [atlasNode(store).keywords ?? []].flat(),
    creator: makers.map((maker) => ref(maker['@id'])),
    ...(publisher ? { publisher: ref(publisher['@id']) } : {}),
    hasPart: parts.map((part) => ref(part['@id'])),
    mentions: ref('#making'),
  };
  const descriptor: Entity = {
    '@id': METADATA_FILES.crate.name,
    '@type': 'CreativeWork',
    about: ref('./'),
    conformsTo: ref(SPECIFICATION),
  };
  const entities = [descriptor, root, licence, ...makers, ...(publisher ? [publisher] : []), ...parts, ...schemas, ...making(store)];
  // A publisher may be an author too: an entity is described once.
  return { '@context': `${SPECIFICATION}/context`, '@graph': [...new Map(entities.map((entity) => [entity['@id'], entity])).values()] };
}

/** With its address for an id, or the one given. */
function named(node: ReturnType<typeof authorNode>, id: string): Entity {
  return { '@id': id, ...Object.fromEntries(Object.entries(node)) } as Entity;
}

function licenceEntity(store: AtlasStore, about: SiteAbout): Entity {
  const { licence } = about;
  return {
    '@id': licence?.url ?? '#licence',
    '@type': 'CreativeWork',
    name: licence?.id ?? 'No licence is stated',
    description: licenceText(store, about),
  };
}

function fileEntity({ name, type, about, schema, bytes, sha256 }: DescribedFile): Entity {
  return {
    '@id': name.split('/').map(encodeURIComponent).join('/'),
    '@type': 'File',
    name,
    description: about,
    encodingFormat: type,
    contentSize: String(bytes),
    sha256,
    ...(schema ? { conformsTo: ref(schemaAddress(schema)) } : {}),
  };
}

/** Files by the thousand are told together: `#` says that such a part is no folder ("Directory Data Entity"). */
function kindEntity({ name, about, schema, many, type }: DescribedFiles): Entity {
  return {
    '@id': `#${name.split('/').at(-1)}`,
    '@type': 'Dataset',
    name,
    description: `${counted(many, 'file')}, * standing for a layer and a unit. ${about}`,
    encodingFormat: type,
    ...(schema ? { conformsTo: ref(schemaAddress(schema)) } : {}),
  };
}

const schemaAddress = (name: SchemaName) => fullAddress(schemaPath(name));

function schemaEntity(name: SchemaName): Entity {
  return { '@id': schemaAddress(name), '@type': 'CreativeWork', name: `JSON schema “${name}”`, encodingFormat: 'application/schema+json' };
}

function layerEntity(store: AtlasStore, layer: AtlasStore['layers'][number]): Entity {
  return {
    '@id': `${layer.slug}/`,
    '@type': 'Dataset',
    name: layerTitle(layer.layer),
    description: `${counted(layer.units.length, 'unit')} of the layer, a page each; every page leads to its pictures, which are named by their SHA-256.`,
    url: fullAddress(`${atlasPath(store)}${layer.slug}/`),
  };
}

/** What made the atlas from what: an action, the software, the network. */
function making({ atlas }: AtlasStore): Entity[] {
  const { model, software, created } = atlas;
  return [
    {
      '@id': '#making',
      '@type': 'CreateAction',
      name: `Rendering of ${atlas.title}`,
      startTime: created,
      instrument: ref('#software'),
      object: ref('#network'),
      result: ref('./'),
      description: `${software.runtime} on ${software.device}, Node ${software.node}, ${software.platform}; plan SHA-256 ${atlas.plan_sha256}`,
    },
    { '@id': '#software', '@type': 'SoftwareApplication', name: 'Basis Atlas', version: software.atlas },
    {
      '@id': '#network',
      '@type': 'CreativeWork',
      name: model.title,
      identifier: `sha256:${model.weights_sha256}`,
      description: `${model.format}, from ${model.source}`,
      ...(model.licence === 'unknown' ? {} : { license: model.licence }),
    },
  ];
}
