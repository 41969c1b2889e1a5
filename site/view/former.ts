/** Pages at the addresses that other atlases of InceptionV1 had, where an atlas of that network is here. */
import { FORMER_LAYERS, type FormerLayer, matchFormer } from '../../data/schema.ts';
import type { AtlasStore, Layer } from '../store/load-atlases.ts';
import { layerPath, unitPath } from './address.ts';
import type { RetiredPage } from './editions.ts';
import { layerTitle } from './unit.ts';

/** A layer that had such addresses, and the layer here that it is. */
export interface FormerPage {
  readonly former: FormerLayer;
  readonly store: AtlasStore;
  readonly layer: Layer;
  /** Whether its channels are those channels. */
  readonly sameWeights: boolean;
}

/** For each such layer the one to lead to: of an atlas with the same weights if there is one. */
export function formerPages(stores: readonly AtlasStore[]): FormerPage[] {
  const found = stores.flatMap((store) =>
    store.layers.flatMap((layer): FormerPage[] => {
      const match = matchFormer(layer.layer.name, layer.layer.shape[0]);
      return match ? [{ ...match, store, layer }] : [];
    }),
  );
  return FORMER_LAYERS.flatMap((former) => {
    const own = found.filter((page) => page.former === former);
    return own.find(({ sameWeights }) => sameWeights) ?? own[0] ?? [];
  });
}

/** A channel that had an address, and where it leads: to its unit, or nowhere where the weights are others. */
export function channelTarget({ store, layer, sameWeights }: FormerPage, channel: number): string | undefined {
  const unit = sameWeights ? layer.units.find(({ id }) => id === `channel-${channel}`) : undefined;
  return unit && unitPath(store, layer, unit);
}

/** `inceptionv1/mixed4c_0/`, `inceptionv1/mixed4c_0/447/`: the paths that OpenAI Microscope had. */
export function microscopePages(stores: readonly AtlasStore[]): RetiredPage[] {
  return formerPages(stores).flatMap((page) => {
    const { former, store, layer } = page;
    const [folder, here] = [`inceptionv1/${former.google}_0/`, layerPath(store, layer)];
    const own = { address: folder, to: here, why: 'OpenAI Microscope had this layer here.', when: '' };
    const units = Array.from({ length: former.channels }, (_, channel): RetiredPage => {
      const to = channelTarget(page, channel);
      const address = `${folder}${channel}/`;
      if (to !== undefined) return { address, to, why: 'OpenAI Microscope had this unit here.', when: '' };
      return { address, why: whyNot(page, channel), when: '', instead: here };
    });
    return [own, ...units];
  });
}

function whyNot({ former, store, layer, sameWeights }: FormerPage, channel: number): string {
  const what = `OpenAI Microscope had channel ${channel} of ${former.google} of InceptionV1 here.`;
  if (sameWeights) return `${what} The atlas of that network does not show this channel.`;
  return `${what} ${layerTitle(layer.layer)} of ${store.atlas.model.title} is that layer by design, with weights of its own: its channel ${channel} is another.`;
}
