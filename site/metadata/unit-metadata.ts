/** A unit as machines read it: its render as schema.org's ImageObject, or a CreativeWork while there is none. */
import type { CreativeWork, ImageObject } from 'schema-dts';
import { JSON_TYPE } from '../data/published-files.ts';
import { originalName } from '../images/pictures.ts';
import type { AtlasStore, Layer, Unit } from '../store/load-atlases.ts';
import { fullAddress, unitPath } from '../view/address.ts';
import { altText, layerTitle, unitTitle } from '../view/unit.ts';
import { atlasReference, partOf, typeLinks } from './atlas-metadata.ts';
import type { PageMetadata } from './page-metadata.ts';
import { creditLinks, credits } from './people.ts';
import { siteAbout, stableAddress } from './site-about.ts';

/** The page of a unit, or that of an edition, at its own path. */
export function unitMetadata(store: AtlasStore, layer: Layer, unit: Unit, path = unitPath(store, layer, unit)): PageMetadata {
  // An edition's page has no data beside it: what it states does not change.
  const data = path === unitPath(store, layer, unit) ? [describedBy(path)] : [];
  const about = siteAbout();
  const image = unit.render?.image;
  const { size } = layer.layer.render;
  const work = {
    '@id': stableAddress(path, about),
    name: `${unitTitle(unit)} of layer ${layerTitle(layer.layer)} in ${store.atlas.model.title}`,
    url: fullAddress(path),
    version: String(store.atlas.edition),
    datePublished: store.atlas.created.slice(0, 10),
    isPartOf: atlasReference(store),
    ...credits(about),
  } as const;
  if (!image) {
    return { nodes: [{ '@type': 'CreativeWork', ...work } satisfies CreativeWork], links: [...links(store, 'CreativeWork'), ...data] };
  }
  const picture = `i/${originalName(image)}`;
  const alt = altText(unit, layer);
  const node = {
    '@type': 'ImageObject',
    ...work,
    contentUrl: fullAddress(picture),
    encodingFormat: 'image/webp',
    width: { '@type': 'QuantitativeValue', value: size, unitText: 'px' },
    height: { '@type': 'QuantitativeValue', value: size, unitText: 'px' },
    caption: alt,
    sha256: image,
    representativeOfPage: true,
  } as const satisfies ImageObject;
  return {
    nodes: [node],
    links: [...links(store, 'ImageObject'), ...data, { rel: 'item', href: fullAddress(picture), type: 'image/webp' }],
    image: { path: picture, width: size, height: size, alt },
  };
}

const describedBy = (path: string) => ({ rel: 'describedby', href: fullAddress(`${path}unit.json`), type: JSON_TYPE }) as const;

function links(store: AtlasStore, kind: 'ImageObject' | 'CreativeWork'): PageMetadata['links'] {
  return [...typeLinks(kind), ...creditLinks(siteAbout()), ...partOf(store)];
}
