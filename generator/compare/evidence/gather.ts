/** Gathering the evidence: the one part of a comparison that runs the network, and looks at pictures. */
import type { Atlas, AtlasLayer, Plan } from '../../../data/schema.ts';
import type { Engine } from '../../batch/engine.ts';
import type { ImageSet } from '../../measure/images/image-set.ts';
import { readActivations } from '../../measure/passes/read-activations.ts';
import type { Rows } from '../../measure/rows.ts';
import type { Model } from '../../models/model.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { StoredUnit } from '../read-layer.ts';
import { dissectLayers } from './dissect.ts';
import { type DrawnLayer, drawDirections } from './draw-directions.ts';
import type { Evidence, ImageEvidence, LayerEvidence } from './evidence.ts';
import { activationsKey, keepActivations } from './keep-activations.ts';
import { lookAtRenders } from './look-at-renders.ts';
import { imagePart, type KnownObserver, observerKey } from './observer-parts.ts';
import type { Parts } from './parts.ts';

/** A layer of an atlas with what was rendered of it, and the images of its size. */
export interface GatherLayer {
  readonly layer: AtlasLayer;
  readonly units: readonly StoredUnit[];
  readonly images: ImageSet;
}

/** Told of stages and of how far each is. */
export interface Stages {
  begin(title: string, total: number): void;
  done(count: number): void;
}

/** Stages that nobody is told of. */
export const SILENT_STAGES: Stages = { begin: () => undefined, done: () => undefined };

export interface GatherRequest {
  readonly folder: string;
  readonly atlas: Pick<Atlas, 'model'>;
  readonly compare: Plan['compare'];
  readonly model: Model;
  readonly runtime: Runtime;
  readonly openProbe: Engine['openProbe'];
  readonly layers: readonly GatherLayer[];
  readonly observers: readonly KnownObserver[];
  readonly parts: Parts;
  readonly batch: number;
  readonly seed: number;
  readonly stages: Stages;
  readonly signal?: AbortSignal;
}

/** Makes what is not there yet. Every part is on disk as soon as it is made: what was stopped goes on from there. */
export async function gatherEvidence(request: GatherRequest): Promise<Evidence> {
  const sets = new Map<ImageSet, ImageEvidence>();
  for (const images of new Set(request.layers.map((layer) => layer.images))) sets.set(images, await describeImages(request, images));
  const drawn = await passOne(request);
  const dissected = await dissectLayers(request, drawn);
  const layers: LayerEvidence[] = [];
  for (const [i, layer] of request.layers.entries()) {
    const renders = await lookAtRenders(request, layer, drawn[i]);
    const images = sets.get(layer.images);
    if (!images) throw new Error('images without evidence');
    const counts = dissected[i];
    layers.push({ layer: layer.layer.slug, ...drawn[i], ...renders, ...(counts ? { dissected: counts } : {}), images });
  }
  return { layers };
}

/** What each observer sees of a set's images. */
async function describeImages({ observers, parts, stages, signal }: GatherRequest, images: ImageSet): Promise<ImageEvidence> {
  const embeddings = new Map<string, Rows>();
  for (const observer of observers) {
    const rows = await parts.make(imagePart(observer.id, images), 'f32', { ...observerKey(observer), images: images.sha256 }, async () => {
      stages.begin(`What ${observer.id} sees of ${images.n} images`, images.n);
      return observer.embed(walk(images), images.n, { onProgress: stages.done, ...(signal ? { signal } : {}) });
    });
    embeddings.set(observer.id, { rows, dimension: observer.dimension });
  }
  const { id, n, size, sha256, kind, skipped = [], files } = images;
  return { id, kind: kind === 'folder' ? 'folder' : 'procset', n, size, sha256, skipped, ...(files ? { files } : {}), embeddings };
}

async function* walk(images: ImageSet) {
  for (let index = 0; index < images.n; index++) yield images.picture(index);
}

/** Ā and the directions of every layer, and the level that each exceeds at .5% of the positions: from one pass of the network for each size, where there are no activations yet. */
async function passOne(request: GatherRequest): Promise<DrawnLayer[]> {
  const { model, runtime, batch, layers, stages, signal } = request;
  const found = await Promise.all(layers.map((layer) => drawDirections(request, layer)));
  for (const images of new Set(layers.map((layer) => layer.images))) {
    const lacking = layers.filter((layer, i) => layer.images === images && !found[i]);
    if (lacking.length === 0) continue;
    stages.begin(`${images.n} images through the network`, images.n);
    const activations = await readActivations({
      model,
      runtime,
      layers: lacking.map(({ layer }) => layer.name),
      images,
      batch,
      onProgress: stages.done,
      ...(signal ? { signal } : {}),
    });
    for (const item of lacking) {
      const { name, slug } = item.layer;
      const seen = activations.get(name);
      if (!seen) throw new Error(`${slug}: nothing was read`);
      await keepActivations(request.parts, slug, activationsKey(request, item), seen);
      found[layers.indexOf(item)] = await drawDirections(request, item, seen);
    }
  }
  return found.map((layer) => {
    if (!layer) throw new Error('a layer without directions');
    return layer;
  });
}
