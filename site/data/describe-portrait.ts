/** What an atlas has of a unit beside its renders, with the addresses of pictures and units. */
import type { Example, Near, Portrait, PublishedUnit } from '../../data/schema.ts';
import { originalName } from '../images/pictures.ts';
import type { AtlasStore } from '../store/load-atlases.ts';
import { fullAddress } from '../view/address.ts';
import { unitAddresses } from './facts.ts';

/** A portrait as unit.json has it. `onSite`: whether the site has a picture file of that name; others get no address. */
export function describePortrait(
  store: AtlasStore,
  { top, middle, near, reads, feeds }: Portrait,
  onSite: (name: string) => boolean,
): NonNullable<PublishedUnit['portrait']> {
  const example = (one: Example) => ({
    ...one,
    ...(onSite(originalName(one.image)) ? { address: fullAddress(`i/${originalName(one.image)}`) } : {}),
  });
  const alike = (one: Near) => {
    const { address, json } = unitAddresses(store, { slug: one.layer }, one);
    return { ...one, address, json };
  };
  return {
    top: top.map(example),
    middle: middle.map(example),
    near: { response: near.response.map(alike), look: near.look.map(alike) },
    reads,
    feeds,
  };
}
