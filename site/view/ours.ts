/** This atlas's figures in the words of published ones, to stand beside them. */
import type { ComparisonResult } from '../../data/schema.ts';
import type { AtlasStore, Layer } from '../store/load-atlases.ts';
import { headlineOf, resultOf } from './comparison.ts';
import { detectorCounts } from './dissection.ts';
import { HEADLINE, METRICS, write } from './metrics.ts';
import { layerTitle } from './unit.ts';

export interface OwnFigures {
  /** Each empty where the comparison does not have it. */
  readonly recognition: string;
  readonly fromRenders: string;
  readonly detectors: string;
  readonly people: string;
}

/** What to say beside the published figures. */
export function ours(store: AtlasStore): OwnFigures {
  const fromRenders = METRICS.find(({ id }) => id === 'synthetic-2afc') ?? HEADLINE;
  const natural = means(store, (layer) => headlineOf(store, layer));
  const synthetic = means(store, (layer) => resultOf(store, layer, fromRenders));
  const dissected = store.layers.flatMap((layer) => {
    const basis = detectorCounts(store, layer)?.rows.find(({ arm }) => arm === 'basis');
    return basis ? [`${basis.detectors} of ${basis.units} in ${layerTitle(layer.layer)}`] : [];
  });
  return {
    recognition: natural && `an observer’s recognition from top images, by layer: ${natural}.`,
    fromRenders: synthetic && `recognition from renders, none chosen: ${synthetic}.`,
    detectors: dissected.length ? `channels that detect a concept: ${dissected.join(', ')}. Their concepts are not these.` : '',
    people: natural && synthetic && 'the figures above, by a machine observer and on other images.',
  };
}

/** `channels 60.7, 67.0%; random directions 63.0, 60.4%`, over the layers. */
function means(store: AtlasStore, find: (layer: Layer) => ComparisonResult | undefined): string {
  const rows = store.layers.flatMap((layer) => find(layer) ?? []);
  const list = (side: 'meanA' | 'meanB') => rows.map((row) => write(HEADLINE, row[side])).join(', ');
  return rows.length ? `channels ${list('meanA')}; random directions ${list('meanB')}` : '';
}
