/** An atlas, and the whole of them, as machines read it: schema.org's Dataset and DataCatalog, and the links that lead to the metadata files. */
import type { CreativeWork, DataCatalog, Dataset, WebSite } from 'schema-dts';
import { JSON_TYPE, type PublishedFile, publishedFiles } from '../data/published-files.ts';
import { mosaic } from '../images/pictures.ts';
import type { AtlasStore, Layer } from '../store/load-atlases.ts';
import { atlasPath, fullAddress, layerPath } from '../view/address.ts';
import { counted } from '../view/numbers.ts';
import { layerTitle, unitCount } from '../view/unit.ts';
import { type PageImage, type PageMetadata, PLAIN_PAGE, type Signpost } from './page-metadata.ts';
import { creditLinks, credits } from './people.ts';
import { citedAddress, doiAddress, doiOf, siteAbout, stableAddress } from './site-about.ts';

/** The RO-Crate and Croissant files of an atlas: `fixture-net/croissant.json`. */
export const METADATA_FILES = {
  crate: { name: 'ro-crate-metadata.json', type: 'application/ld+json', profile: 'https://w3id.org/ro/crate' },
  croissant: { name: 'croissant.json', type: 'application/ld+json', profile: 'http://mlcommons.org/croissant/1.1' },
} as const;

/** What an atlas is, in two sentences. */
export function atlasSummary(store: AtlasStore): string {
  const { atlas, layers } = store;
  return `What the units of ${atlas.model.title} look for: ${counted(unitCount(store), 'unit')} of ${counted(layers.length, 'layer')}, every channel and random directions beside them, each rendered alike by optimisation (feature visualisation), measured and compared. Made from the network alone; nothing is picked.`;
}

/** The network as what an atlas is made from, named by its weights. */
export function networkNode({ atlas: { model } }: AtlasStore): Exclude<CreativeWork, string> {
  return {
    '@type': 'CreativeWork',
    name: model.title,
    identifier: [model.id, `sha256:${model.weights_sha256}`],
    ...(model.licence === 'unknown' ? {} : { license: { '@type': 'CreativeWork', name: model.licence } }),
  };
}

/** How other pages point to an atlas. */
export function atlasReference(store: AtlasStore): { '@type': 'Dataset'; '@id': string; name: string } {
  return { '@type': 'Dataset', '@id': stableAddress(atlasPath(store)), name: store.atlas.title };
}

/** An atlas as a schema.org Dataset. */
export function atlasNode(store: AtlasStore): Exclude<Dataset, string> {
  const about = siteAbout();
  const { atlas } = store;
  const doi = doiOf(store, about);
  return {
    ...atlasReference(store),
    description: atlasSummary(store),
    url: fullAddress(atlasPath(store)),
    identifier: doi ? doiAddress(doi) : stableAddress(atlasPath(store), about),
    version: String(atlas.edition),
    dateCreated: atlas.created,
    datePublished: atlas.created.slice(0, 10),
    creativeWorkStatus: atlas.complete ? 'Published' : 'Incomplete',
    isAccessibleForFree: true,
    keywords: ['feature visualisation', 'neural network interpretability', 'activation maximisation', atlas.model.title],
    measurementTechnique: 'Optimisation of an image for the response of a unit',
    ...credits(about),
    isBasedOn: networkNode(store),
    includedInDataCatalog: { '@type': 'DataCatalog', '@id': fullAddress(''), name: about.title },
    distribution: downloads(store).map(({ path, type, about: description }) => ({
      '@type': 'DataDownload' as const,
      name: path.slice(atlasPath(store).length),
      contentUrl: fullAddress(path),
      encodingFormat: type,
      description,
    })),
  };
}

/** Its own files, without those of layers and units, which their pages tell of. */
function downloads(store: AtlasStore): PublishedFile[] {
  return publishedFiles(store).filter(({ path, many }) => many === undefined && path.split('/').length === 2);
}

/** The page of an atlas. */
export function atlasMetadata(store: AtlasStore): PageMetadata {
  const items = downloads(store).map(({ path, type }) => ({ rel: 'item', href: fullAddress(path), type }) as const);
  return {
    nodes: [atlasNode(store)],
    links: [...typeLinks('Dataset'), ...creditLinks(siteAbout()), ...describing(store), ...items],
    citeAs: citedAddress(store),
    ...imageOf(store, store.layers.at(-1)),
  };
}

/** The page of a layer. */
export function layerMetadata(store: AtlasStore, layer: Layer): PageMetadata {
  const data = { rel: 'describedby', href: fullAddress(`${layerPath(store, layer)}layer.json`), type: JSON_TYPE } as const;
  return { nodes: [], links: [...creditLinks(siteAbout()), data, ...partOf(store)], ...imageOf(store, layer) };
}

/** A page on an atlas as a whole: its comparison, its map. */
export function aboutAtlas(store: AtlasStore): PageMetadata {
  return {
    nodes: [],
    links: [...creditLinks(siteAbout()), ...describing(store), ...partOf(store)],
    ...imageOf(store, store.layers.at(-1)),
  };
}

/** A page of an edition: who made it, what it belongs to, and where the newest stands (RFC 5829); its pictures are those that were published. */
export function editionMetadata(store: AtlasStore, path: string, of: PageMetadata = PLAIN_PAGE): PageMetadata {
  const credited = of.links.length > 0 ? of.links : [...creditLinks(siteAbout()), ...partOf(store)];
  return { ...of, links: [...credited, { rel: 'latest-version', href: fullAddress(path), type: 'text/html' }] };
}

/** The home page: the site, and the catalogue that its atlases are in. */
export function homeMetadata(stores: readonly AtlasStore[]): PageMetadata {
  const about = siteAbout();
  const address = fullAddress('');
  const site = { '@type': 'WebSite', '@id': `${address}#site`, name: about.title, url: address } as const satisfies WebSite;
  const catalog = {
    '@type': 'DataCatalog',
    '@id': address,
    name: about.title,
    url: address,
    description: 'What the units of neural networks look for, beside what random directions look for.',
    ...credits(about),
    ...(about.doi ? { identifier: doiAddress(about.doi) } : {}),
    dataset: stores.map(atlasReference),
  } as const satisfies DataCatalog;
  const [first] = stores;
  return {
    nodes: [site, catalog],
    links: creditLinks(about),
    ...(about.doi ? { citeAs: doiAddress(about.doi) } : {}),
    ...(first ? imageOf(first, first.layers.at(-1)) : {}),
  };
}

/** What kind of thing a page to land on is about (FAIR Signposting: `type` twice). */
export function typeLinks(kind: 'Dataset' | 'ImageObject' | 'CreativeWork'): Signpost[] {
  return ['AboutPage', kind].map((name) => ({ rel: 'type', href: `https://schema.org/${name}` }) as const);
}

function describing(store: AtlasStore): Signpost[] {
  return Object.values(METADATA_FILES).map(({ name, type, profile }) => ({
    rel: 'describedby',
    href: fullAddress(atlasPath(store) + name),
    type,
    profile,
  }));
}

/** The link from a part to the atlas. */
export function partOf(store: AtlasStore): Signpost[] {
  return [{ rel: 'collection', href: fullAddress(atlasPath(store)), type: 'text/html' }];
}

/** The mosaic of a layer's channels, or of its random directions where it has no channels. */
function imageOf(store: AtlasStore, layer: Layer | undefined): { image?: PageImage } {
  const made = layer && (mosaic(store, layer, 'basis') ?? mosaic(store, layer, 'random'));
  if (!made || !layer) return {};
  const alt = `${counted(made.shown.length, 'render')} of ${layerTitle(layer.layer)}, evenly spaced over the layer`;
  return { image: { path: `i/${made.name}`, width: made.width, height: made.height, alt } };
}
