/** Pass two over the images: how the directions of the layers fall on concepts, where the set knows what its pixels show. */
import { countConcepts } from '../../measure/dissection/count-concepts.ts';
import type { ImageCounts } from '../../measure/dissection/counts.ts';
import { conceptTable } from '../../measure/dissection/image-labels.ts';
import { type DissectionRecord, recordDirection } from '../../measure/dissection/records.ts';
import type { ImageSet } from '../../measure/images/image-set.ts';
import { type DrawnLayer, isDissected, stack } from './draw-directions.ts';
import type { LayerEvidence } from './evidence.ts';
import type { GatherRequest } from './gather.ts';

type Dissected = NonNullable<LayerEvidence['dissected']>;

/** As it is kept: arrays as lists, since JSON has no others. */
interface Kept {
  readonly images: { readonly images: number; readonly pixels: number[]; readonly present: number[]; readonly carrying: number[] };
  readonly records: Readonly<Record<string, readonly DissectionRecord[]>>;
}

/** Nothing for the layers whose images have no concepts. */
export async function dissectLayers(request: GatherRequest, drawn: readonly DrawnLayer[]): Promise<(Dissected | undefined)[]> {
  const { parts, layers, model, runtime, atlas, stages, signal } = request;
  const wanted = drawn.map(({ directions }) => directions.filter(({ arm }) => isDissected(arm)));
  const keys = layers.map(({ layer, images }, i) => ({
    weights: atlas.model.weights_sha256,
    preprocess: model.preprocess,
    layer: layer.name,
    images: images.sha256,
    directions: wanted[i].map(({ sha256, id }) => [sha256, drawn[i].levels.get(id) ?? 0]),
  }));
  const name = (i: number) => `${layers[i].layer.slug}/dissection`;
  const found: (Dissected | undefined)[] = [];
  for (const [i, { images }] of layers.entries()) {
    const kept = (await parts.find(name(i), 'json', keys[i])) as Kept | undefined;
    found.push(kept && revive(kept, images));
  }
  for (const images of new Set(layers.map((layer) => layer.images))) {
    if (!images.concepts || images.concepts.length === 0) continue;
    const lacking = [...layers.keys()].filter((i) => layers[i].images === images && !found[i]);
    if (lacking.length === 0) continue;
    stages.begin(`Concepts of ${images.n} images in ${lacking.length} layers`, images.n);
    const counts = await countConcepts({
      model,
      images,
      ...(runtime.device === 'cpu' ? { threads: runtime.threads } : { runtime }),
      layers: lacking.map((i) => ({
        layer: layers[i].layer.name,
        directions: stack(wanted[i]),
        levels: Float64Array.from(wanted[i], ({ id }) => drawn[i].levels.get(id) ?? Number.POSITIVE_INFINITY),
      })),
      onProgress: stages.done,
      ...(signal ? { signal } : {}),
    });
    for (const [k, i] of lacking.entries()) {
      const { images: seen, pixels, present, carrying } = counts[k];
      const kept: Kept = {
        images: { images: seen, pixels: [...pixels], present: [...present], carrying: [...carrying] },
        records: Object.fromEntries(wanted[i].map(({ id }, d) => [id, recordDirection(counts[k], d)])),
      };
      await parts.write(name(i), 'json', keys[i], kept);
      found[i] = revive(kept, images);
    }
  }
  return found;
}

/** From what was kept. */
export function reviveDissection(kept: unknown, concepts: NonNullable<ImageSet['concepts']>): Dissected {
  return revive(kept as Kept, { concepts });
}

function revive({ images, records }: Kept, { concepts = [] }: Pick<ImageSet, 'concepts'>): Dissected {
  return { images: imageCounts(images, concepts), records: new Map(Object.entries(records)) };
}

function imageCounts({ images, pixels, present, carrying }: Kept['images'], concepts: NonNullable<ImageSet['concepts']>): ImageCounts {
  return {
    ...conceptTable(concepts),
    images,
    pixels: Float64Array.from(pixels),
    present: Float64Array.from(present),
    carrying: Float64Array.from(carrying),
  };
}
