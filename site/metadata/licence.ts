/** What may be done with an atlas, in words, for formats that insist on a licence where none is stated. */
import type { SiteAbout } from '../../data/schema.ts';
import type { AtlasStore } from '../store/load-atlases.ts';

/** `CC-BY-4.0. …`, or that none is stated; and the network's own licence, which is another matter. */
export function licenceText({ atlas: { model } }: AtlasStore, { licence }: SiteAbout): string {
  const own = licence ? `${licence.id}.` : 'No licence is stated for the renders and measures.';
  return `${own} The network that they were made from, ${model.title}: ${model.licence === 'unknown' ? 'licence unknown' : model.licence}.`;
}
