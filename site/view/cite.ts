/** Citations of an atlas and of a unit: BibTeX and plain text. */
import type { AtlasStore, Layer, Unit } from '../store/load-atlases.ts';
import { layerTitle, unitTitle } from './unit.ts';

export interface Citation {
  bibtex: string;
  text: string;
}

/** How to cite one unit. `address` is the page's own, absolute where the site knows where it stands. */
export function citeUnit(store: AtlasStore, layer: Layer, unit: Unit, address: string): Citation {
  const title = `${unitTitle(unit)} of layer ${layerTitle(layer.layer)} in ${store.atlas.model.title}`;
  return cite(store, { key: `${store.slug}-${layer.slug}-${unit.id}`, title, address });
}

function cite({ atlas }: AtlasStore, { key, title, address }: { key: string; title: string; address: string }): Citation {
  const year = atlas.created.slice(0, 4);
  const note = `Edition ${atlas.edition}, weights SHA-256 ${atlas.model.weights_sha256.slice(0, 16)}`;
  const fields = { title: `{${escapeTex(title)}}`, author: '{Basis Atlas}', year, url: address, note: escapeTex(note) };
  const body = Object.entries(fields).map(([name, value]) => `  ${name} = {${value}},`);
  return {
    bibtex: `@misc{${key},\n${body.join('\n')}\n}`,
    text: `Basis Atlas (${year}). ${title}. ${note}. ${address}`,
  };
}

function escapeTex(text: string): string {
  return text.replace(/[\\{}]/g, '').replace(/[#$%&_]/g, (sign) => `\\${sign}`);
}
