/** Pass two over the images: how the directions of the layers fall on concepts, where the set knows what its pixels show. */
import { z } from 'zod';
import { dissectionRecord } from '../../../data/schema.ts';
import { countConcepts } from '../../measure/dissection/count-concepts.ts';
import {
  type DissectionRecord,
  type ImagesRecord,
  imagesOfRecord,
  recordDirection,
  recordImages,
} from '../../measure/dissection/records.ts';
import { type DrawnLayer, isDissected, stack } from './draw-directions.ts';
import type { LayerEvidence } from './evidence.ts';
import type { GatherRequest } from './gather.ts';

type Dissected = NonNullable<LayerEvidence['dissected']>;

/** As it is kept: {@link ImagesRecord}, and {@link DissectionRecord}s by direction. */
const halves = z.tuple([z.number(), z.number()]);
const keptPart = z.object({
  images: z.object({
    images: z.int(),
    pixels: halves,
    concepts: z.array(z.object({ concept: z.string(), category: z.string(), present: halves })),
    categories: z.array(z.object({ category: z.string(), carrying: halves })),
  }),
  records: z.record(z.string(), z.array(dissectionRecord)),
});

interface Kept {
  readonly images: ImagesRecord;
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
    directions: wanted[i].map(({ sha256, id }) => [id, sha256, drawn[i].levels.get(id) ?? null]),
  }));
  const name = (i: number) => `${layers[i].layer.slug}/dissection`;
  const found: (Dissected | undefined)[] = [];
  for (const i of layers.keys()) {
    const kept = keptPart.safeParse(await parts.find(name(i), 'json', keys[i]));
    found.push(kept.success ? revive(kept.data) : undefined);
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
      const kept: Kept = {
        images: recordImages(counts[k]),
        records: Object.fromEntries(wanted[i].map(({ id }, d) => [id, recordDirection(counts[k], d)])),
      };
      await parts.write(name(i), 'json', keys[i], kept);
      found[i] = revive(kept);
    }
  }
  return found;
}

/** From the part. Throws a Zod error for what is none. */
export function reviveDissection(kept: unknown): Dissected {
  return revive(keptPart.parse(kept));
}

function revive({ images, records }: Kept): Dissected {
  return { images: imagesOfRecord(images), records: new Map(Object.entries(records)) };
}
