/** Citations of a unit, of an atlas and of the software, in every format that the site offers. */
import manifest from '../../package.json' with { type: 'json' };
import { toBibtex } from '../metadata/citation/bibtex.ts';
import { cslText, toCsl } from '../metadata/citation/csl.ts';
import { toPlainText } from '../metadata/citation/plain-text.ts';
import { toRis } from '../metadata/citation/ris.ts';
import type { Citation, Work } from '../metadata/citation/work.ts';
import { creators, doiOf, siteAbout, stableAddress } from '../metadata/site-about.ts';
import type { AtlasStore, Layer, Unit } from '../store/load-atlases.ts';
import { atlasPath, unitPath } from './address.ts';
import { layerTitle, unitTitle } from './unit.ts';

export type { Citation, Work } from '../metadata/citation/work.ts';

/** How to cite one unit: by its stable address, with what pins it down. */
export function citeUnit(store: AtlasStore, layer: Layer, unit: Unit): Citation {
  return cite(unitWork(store, layer, unit));
}

/** How to cite a unit as an edition published it, at the address that never shows another. */
export function citeUnitEdition(store: AtlasStore, layer: Layer, unit: Unit, path: string): Citation {
  const work = unitWork(store, layer, unit);
  return cite({ ...work, key: `${work.key}-edition-${store.atlas.edition}`, address: stableAddress(path) });
}

/** How to cite an atlas in its edition. */
export function citeAtlas(store: AtlasStore): Citation {
  return cite(atlasWork(store));
}

/** A unit as a work. */
export function unitWork(store: AtlasStore, layer: Layer, unit: Unit, about = siteAbout()): Work {
  const { doi: _, ...whole } = atlasWork(store, about);
  return {
    ...whole,
    key: `${store.slug}-${layer.slug}-${unit.id}`,
    kind: 'unit',
    title: `${unitTitle(unit)} of layer ${layerTitle(layer.layer)} in ${store.atlas.model.title}`,
    container: whole.title,
    address: stableAddress(unitPath(store, layer, unit), about),
  };
}

/** An atlas as a work. */
export function atlasWork(store: AtlasStore, about = siteAbout()): Work {
  const { atlas, slug } = store;
  const doi = doiOf(store, about);
  const { publisher, licence } = about;
  return {
    key: `${slug}-edition-${atlas.edition}`,
    kind: 'atlas',
    title: `${about.title}: ${atlas.title}`,
    authors: creators(about),
    ...(publisher ? { publisher: publisher.name } : {}),
    date: atlas.created.slice(0, 10),
    version: String(atlas.edition),
    address: stableAddress(atlasPath(store), about),
    ...(doi ? { doi } : {}),
    ...(licence ? { licence: licence.id } : {}),
    note: `Weights SHA-256 ${atlas.model.weights_sha256}`,
  };
}

/** The site as a whole, as a work: as old as its newest atlas, in no edition of its own. */
export function siteWork(stores: readonly AtlasStore[], about = siteAbout()): Work {
  const date = stores
    .map(({ atlas }) => atlas.created.slice(0, 10))
    .toSorted()
    .at(-1);
  return {
    key: 'basis-atlas',
    kind: 'atlas',
    title: about.title,
    authors: creators(about),
    ...(about.publisher ? { publisher: about.publisher.name } : {}),
    ...(date ? { date } : {}),
    address: stableAddress('', about),
    ...(about.doi ? { doi: about.doi } : {}),
    ...(about.licence ? { licence: about.licence.id } : {}),
  };
}

/** The software that this site was built with, as a work; it is cited without a date, and by the site's address where no other is known. */
export function softwareWork(about = siteAbout()): Work {
  const { repository, doi } = about.software;
  return {
    key: 'basis-atlas-software',
    kind: 'software',
    title: 'Basis Atlas',
    authors: creators(about),
    version: manifest.version,
    address: repository ?? stableAddress('', about),
    ...(doi ? { doi } : {}),
  };
}

/** A work in every format. */
export function cite(work: Work): Citation {
  return {
    text: toPlainText(work),
    bibtex: toBibtex(work),
    ris: toRis(work),
    csl: cslText(toCsl(work)),
    address: work.address,
  };
}
