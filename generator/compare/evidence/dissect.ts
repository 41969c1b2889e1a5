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
import { type DrawnLayer, FILE_ARM, isDissected, stack } from './draw-directions.ts';
import type { DirectionEvidence, LayerEvidence } from './evidence.ts';
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

/** The directions of a layer that are counted together, and kept together: those of its arms, and those of a file. */
interface Group {
  readonly layer: number;
  readonly part: string;
  readonly directions: readonly DirectionEvidence[];
  readonly levels: Float64Array;
  readonly key: unknown;
}

/** Nothing for the layers whose images have no concepts. One pass of the network for each size counts all groups that lack. */
export async function dissectLayers(request: GatherRequest, drawn: readonly DrawnLayer[]): Promise<(Dissected | undefined)[]> {
  const { parts, layers, model, runtime, stages, signal } = request;
  const groups = layers.flatMap((_, i) => groupsOf(request, drawn[i], i));
  const found = new Map<Group, Kept>();
  for (const group of groups) {
    const kept = keptPart.safeParse(await parts.find(group.part, 'json', group.key));
    if (kept.success) found.set(group, kept.data);
  }
  for (const images of new Set(layers.map((layer) => layer.images))) {
    if (!images.concepts || images.concepts.length === 0) continue;
    const lacking = groups.filter((group) => layers[group.layer].images === images && !found.has(group));
    if (lacking.length === 0) continue;
    const count = new Set(lacking.map(({ layer }) => layer)).size;
    stages.begin(`Concepts of ${images.n} images in ${count} ${count === 1 ? 'layer' : 'layers'}`, images.n);
    const counts = await countConcepts({
      model,
      images,
      ...(runtime.device === 'cpu' ? { threads: runtime.threads } : { runtime }),
      layers: lacking.map(({ layer, directions, levels }) => ({
        layer: layers[layer].layer.name,
        directions: stack(directions),
        levels,
      })),
      onProgress: stages.done,
      ...(signal ? { signal } : {}),
    });
    for (const [k, group] of lacking.entries()) {
      const kept: Kept = {
        images: recordImages(counts[k]),
        records: Object.fromEntries(group.directions.map(({ id }, d) => [id, recordDirection(counts[k], d)])),
      };
      await parts.write(group.part, 'json', group.key, kept);
      found.set(group, kept);
    }
  }
  return layers.map((_, i) => {
    const own = groups.filter(({ layer }) => layer === i);
    return mergeDissections(own.flatMap((group) => found.get(group) ?? []));
  });
}

function groupsOf({ layers, atlas, model }: GatherRequest, { directions, levels }: DrawnLayer, i: number): Group[] {
  const { layer, images } = layers[i];
  const wanted = directions.filter(({ arm }) => isDissected(arm));
  const names = dissectionParts(layer.slug);
  return [
    { part: names.arms, directions: wanted.filter(({ arm }) => arm !== FILE_ARM) },
    { part: names.file, directions: wanted.filter(({ arm }) => arm === FILE_ARM) },
  ].flatMap(({ part, directions: own }) => {
    if (own.length === 0) return [];
    const key = {
      weights: atlas.model.weights_sha256,
      preprocess: model.preprocess,
      layer: layer.name,
      images: images.sha256,
      directions: own.map(({ sha256, id }) => [id, sha256, levels.get(id) ?? null]),
    };
    const limits = Float64Array.from(own, ({ id }) => levels.get(id) ?? Number.POSITIVE_INFINITY);
    return [{ layer: i, part, directions: own, levels: limits, key }];
  });
}

export function dissectionParts(slug: string) {
  return { arms: `${slug}/dissection`, file: `${slug}/file-dissection` };
}

/** Parts of a layer, whose images are the same, as one; nothing of none. Throws a Zod error for what is none. */
export function mergeDissections(parts: readonly unknown[]): Dissected | undefined {
  const kept = parts.map((part) => keptPart.parse(part));
  if (kept.length === 0) return undefined;
  return { images: imagesOfRecord(kept[0].images), records: new Map(kept.flatMap(({ records }) => Object.entries(records))) };
}
