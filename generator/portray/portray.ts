/** Portraying an atlas: what units' pages show beside the renders, and the map, from a finished comparison. */
import type { Atlas, Comparison, Plan, Portrait, PortraitKey } from '../../data/schema.ts';
import { DurableFolder } from '../batch/disk.ts';
import { editionImages } from '../batch/editions.ts';
import { withLock } from '../batch/lock.ts';
import { ATLAS_FILE, clearUnfinished, imagesOf, readAtlas } from '../batch/store.ts';
import { openAtlas } from '../compare/compare.ts';
import { readComparison } from '../compare/comparison-file.ts';
import { SILENT_STAGES, type Stages } from '../compare/evidence/gather.ts';
import { partNames } from '../compare/evidence/keep-activations.ts';
import { Parts } from '../compare/evidence/parts.ts';
import { openPlanImages } from '../compare/plan-images.ts';
import { fault } from '../graph/errors.ts';
import type { Model } from '../models/model.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { connectLayer } from './connections.ts';
import { drawMap } from './draw-map.ts';
import { type FoundExamples, findExamples } from './find-examples.ts';
import { findNeighbours } from './find-neighbours.ts';
import { findPortraits, keyOf, writePortraits } from './known-portraits.ts';
import { readLooks } from './look-alikes.ts';
import { type PortrayedLayer, readUnits, stackVectors } from './read-units.ts';

export interface PortrayRequest {
  /** The store. */
  readonly folder: string;
  /** The network and what runs it; opened only where there is something to do. */
  readonly open: () => Promise<{ readonly model: Model; readonly runtime: Runtime }>;
  /** Where images are kept from run to run. */
  readonly cache: string;
  /** What the plan says of the comparison. */
  readonly compare?: Plan['compare'];
  /** Told what is left out, and why. */
  readonly note?: (sentence: string) => void;
  readonly stages?: Stages;
  /** Stops, rejecting with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Writes portraits/<layer>.jsonl, map.json and the images that they show, unless they are there, made from this very comparison. Throws for a store without a
 * comparison, or with one whose evidence or images are others by now.
 */
export async function portrayAtlas(request: PortrayRequest): Promise<PortraitKey> {
  const { folder, compare } = request;
  const comparison = await readComparison(folder);
  return withLock(folder, async () => {
    await clearUnfinished(new DurableFolder(folder));
    const atlas = await readAtlas(folder);
    if (!atlas)
      throw fault({
        where: folder,
        expected: 'an atlas',
        name: ATLAS_FILE,
        received: undefined,
        remedy: 'Render a plan into the folder first ("atlas render"), and compare it.',
      });
    const isPublished = compare?.images?.publish === true || comparison.images.every(({ kind }) => kind !== 'folder');
    const key = await keyOf(folder, atlas, comparison, isPublished);
    return (await findPortraits(folder, key)) ?? (await portray(request, atlas, comparison, { key, isPublished }));
  });
}

async function portray(
  request: PortrayRequest,
  atlas: Atlas,
  comparison: Comparison,
  { key, isPublished }: { readonly key: string; readonly isPublished: boolean },
): Promise<PortraitKey> {
  const { folder, note, stages = SILENT_STAGES, signal } = request;
  const told = { stages, ...(signal ? { signal } : {}) };
  const { model, runtime } = await request.open();
  await openAtlas(folder, model);
  const parts = await Parts.open(folder);
  const means = (slug: string) => parts.read(partNames(slug).means, 'f32');
  const layers: PortrayedLayer[] = [];
  for (const layer of atlas.layers) layers.push(await readUnits(folder, layer));
  const observer = comparison.observers[0].id;
  const looks = await readLooks({ folder, parts, layers, observer, threads: runtime.threads, ...told });
  const neighbours = await findNeighbours({ layers, means, looks, runtime, ...told });
  stages.begin(`A map of ${looks.owners.length} units`, looks.owners.length);
  const onProgress = (done: number, total: number) => stages.done((looks.owners.length * done) / total);
  const map = await drawMap({ layers, looks, observer, seed: atlas.plan.seed, ...told, onProgress });
  const found: FoundExamples = isPublished
    ? await findExamples({
        folder,
        comparison,
        layers,
        means,
        openImages: (size) => openSameImages(request, comparison, size),
        model,
        runtime,
        ...told,
      })
    : { examples: layers.map(({ units }) => units.map(() => ({ top: [], middle: [] }))), images: 0, bytes: 0 };
  const portraits = new Map<string, readonly Portrait[]>();
  for (const [l, layer] of layers.entries()) {
    const { rows, owners } = stackVectors(layer);
    const ids = owners.map((u) => layer.units[u].record.id);
    if (l === 0) stages.begin('The strongest weights in and out', layers.length);
    const connections = await connectLayer({
      ...{ model, layer: layer.layer, layers: atlas.layers, directions: rows, ids, runtime },
      ...(note ? { note } : {}),
      ...(signal ? { signal } : {}),
    });
    stages.done(l + 1);
    const lines = layer.units.map(
      ({ record: { id } }, u): Portrait => ({
        id,
        ...found.examples[l][u],
        near: { response: neighbours.response(l, u), look: neighbours.look(l, u) },
        reads: connections.get(id)?.reads ?? [],
        feeds: connections.get(id)?.feeds ?? [],
      }),
    );
    portraits.set(layer.layer.slug, lines);
  }
  const records = layers.flatMap(({ units }) => units.flatMap(({ record }) => imagesOf(record)));
  const others = new Set([...records, ...(await editionImages(folder))]);
  const made = {
    units: layers.reduce((sum, { units }) => sum + units.length, 0),
    with_examples: found.examples.flat().filter(({ top }) => top.length > 0).length,
    images: found.images,
    image_bytes: found.bytes,
    mapped: looks.owners.length,
    published: isPublished,
  };
  return writePortraits(folder, { key, portraits, map, made }, others);
}

/** The images that the comparison looked at. */
async function openSameImages({ cache, compare, stages = SILENT_STAGES, signal }: PortrayRequest, comparison: Comparison, size: number) {
  const images = await openPlanImages(compare?.images, {
    size,
    cache,
    onProgress: (done, total) => {
      signal?.throwIfAborted();
      if (done === 1) stages.begin(`Images of ${size} pixels, kept for the next time`, total);
      stages.done(done);
    },
  });
  const known = comparison.images.find((one) => one.size === size) ?? comparison.images[0];
  if (known.sha256 === images.sha256) return images;
  throw fault({
    where: 'the images',
    expected: `those that the comparison looked at, ${known.n} with the hash ${known.sha256},`,
    name: images.id,
    received: `${images.n} with the hash ${images.sha256}`,
    remedy: 'Give the same --images as to "atlas compare", or compare again.',
  });
}
