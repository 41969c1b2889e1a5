/** Comparing the arms of an atlas: evidence is gathered, directions are judged, records completed, comparison.json written. */
import type { Atlas, AtlasLayer, Comparison, Plan } from '../../data/schema.ts';
import { canonicalJson } from '../batch/canonical.ts';
import { DurableFolder } from '../batch/disk.ts';
import type { Engine } from '../batch/engine.ts';
import { layerFile, recordLines } from '../batch/journal.ts';
import { withLock } from '../batch/lock.ts';
import { clearUnfinished, readAtlas } from '../batch/store.ts';
import { fault } from '../graph/errors.ts';
import type { ImageSet } from '../measure/images/image-set.ts';
import { openLabGabor } from '../measure/observers/lab-gabor.ts';
import { openModelObserver } from '../measure/observers/model-observer.ts';
import type { Model } from '../models/model.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { planAnalysis } from './analysis.ts';
import { checkDirections } from './check-directions.ts';
import { assembleComparison, writeComparison } from './comparison-file.ts';
import { type GatherLayer, gatherEvidence, SILENT_STAGES, type Stages } from './evidence/gather.ts';
import type { KnownObserver } from './evidence/observer-parts.ts';
import { Parts } from './evidence/parts.ts';
import { openPlanImages } from './plan-images.ts';
import { chosenRecords, readLayer, type StoredUnit } from './read-layer.ts';
import { judgeLayer } from './score/judge-layer.ts';
import type { JudgedLayer } from './score/judged.ts';

export { COMPARISON_FILE } from './comparison-file.ts';

export interface CompareRequest {
  /** The store. */
  readonly folder: string;
  readonly model: Model;
  readonly runtime: Runtime;
  readonly engine: Pick<Engine, 'openModel' | 'openProbe'>;
  /** Where images are kept from run to run. */
  readonly cache: string;
  /** What the plan says of the comparison. */
  readonly compare?: Plan['compare'];
  /** Pictures the network sees at a time; 8 unless told. */
  readonly batch?: number;
  readonly stages?: Stages;
  /** Stops, rejecting with the signal's reason; what was gathered stays. */
  readonly signal?: AbortSignal;
}

/**
 * Measures every unit of the store, writes the measures into its records, and compares the arms layer by layer. What was gathered before is used
 * again; the same store, images and machine give the same bytes, and a comparison that would not change keeps its file and its date.
 * The analysis plan is fixed and hashed first; the scorer gets opaque ids; arms are joined to scores afterwards.
 * Throws for a store without an atlas, of another network, or that does not fit together, and for images that are too few.
 */
export async function compareAtlas(request: CompareRequest): Promise<Comparison> {
  // Before the lock, which makes the folder: a mistyped one is not to be left behind.
  await openAtlas(request.folder, request.model);
  return withLock(request.folder, () => compareLocked(request));
}

async function compareLocked(request: CompareRequest): Promise<Comparison> {
  const { folder, model, runtime, engine, compare, batch = 8, stages = SILENT_STAGES, signal } = request;
  await clearUnfinished(new DurableFolder(folder));
  const atlas = await openAtlas(folder, model);
  // What a person may have mistyped is told before thousands of images are decoded.
  checkDirections(compare, atlas);
  const observers = await openObservers(request);
  try {
    const layers = await openLayers(request, atlas);
    const sets = [...new Set(layers.map(({ images }) => images))].map(({ id, n, size, sha256 }) => ({ id, n, size, sha256 }));
    const ids = observers.map(({ id }) => id);
    const analysis = planAnalysis({ atlas, compare, images: sets, observers: ids.slice(1) });
    const parts = await Parts.open(folder);
    const { layers: evidence } = await gatherEvidence({
      ...{ folder, atlas, compare, model, runtime, batch, stages, parts, layers },
      openProbe: engine.openProbe,
      observers,
      seed: atlas.plan.seed,
      ...(signal ? { signal } : {}),
    });
    const judged: JudgedLayer[] = [];
    for (const [i, { layer, units }] of layers.entries()) {
      stages.begin(`Judging ${layer.slug}`, analysis.frames);
      const one = await judgeLayer(
        {
          evidence: evidence[i],
          layer,
          weightsSha256: atlas.model.weights_sha256,
          analysis,
          observers: ids,
          seed: atlas.plan.seed,
          threads: runtime.threads,
          onProgress: stages.done,
          ...(signal ? { signal } : {}),
        },
        parts,
      );
      judged.push(one);
      await writeMeasures(folder, layer, units, one);
    }
    const comparison = await writeComparison(
      folder,
      assembleComparison({
        atlas,
        analysis,
        judged,
        parts,
        observers: observers.map(({ id, about, weights }) => ({ id, about, ...(weights ? { weights_sha256: weights } : {}) })),
        runtime: runtime.version,
        device: runtime.device,
      }),
    );
    await parts.removeOthers();
    return comparison;
  } finally {
    for (const observer of observers) await observer.dispose();
  }
}

/** The atlas of a store that can be compared with a network. Throws if there is none, or if it was rendered from another or for other pixels. */
export async function openAtlas(folder: string, model: Pick<Model, 'weightsSha256' | 'id' | 'preprocess'>): Promise<Atlas> {
  const atlas = await readAtlas(folder);
  const remedy = 'Render a plan into the folder first ("atlas render"), or name another with --out.';
  if (!atlas) throw fault({ where: folder, expected: 'an atlas', name: 'atlas.json', received: undefined, remedy });
  if (atlas.model.weights_sha256 !== model.weightsSha256) {
    throw fault({
      where: folder,
      expected: `the network with weights ${atlas.model.weights_sha256}`,
      name: model.id,
      received: model.weightsSha256,
      remedy: 'Compare with the network that the atlas was rendered from.',
    });
  }
  if (canonicalJson(atlas.model.preprocess) !== canonicalJson(model.preprocess)) {
    throw fault({
      where: folder,
      expected: `pixels as they were rendered for, ${JSON.stringify(atlas.model.preprocess)},`,
      name: `the preprocessing of ${model.id}`,
      received: model.preprocess,
      remedy: 'Render the plan again ("atlas render"): its "preprocess" is another now.',
    });
  }
  return atlas;
}

/** The layers with their units, and the images of each one's size. */
async function openLayers(
  { folder, compare, cache, stages = SILENT_STAGES, signal }: CompareRequest,
  atlas: Atlas,
): Promise<GatherLayer[]> {
  const sets = new Map<number, ImageSet>();
  const layers: GatherLayer[] = [];
  for (const layer of atlas.layers) {
    const { size } = layer.render;
    if (!sets.has(size)) {
      const onProgress = (done: number, total: number) => {
        signal?.throwIfAborted();
        if (done === 1) stages.begin(`Images of ${size} pixels, kept for the next time`, total);
        stages.done(done);
      };
      sets.set(size, await openPlanImages(compare?.images, { size, cache, onProgress }));
    }
    const images = sets.get(size);
    if (images) layers.push({ layer, units: await readLayer(folder, layer), images });
  }
  return layers;
}

/** The hand-built observer, and the plan's. */
async function openObservers({ compare, engine, model, runtime, batch = 8 }: CompareRequest): Promise<KnownObserver[]> {
  const others: KnownObserver[] = [];
  if (compare?.observer) {
    const other = await engine.openModel(compare.observer.model);
    const { layers, size } = compare.observer;
    const asked = { ...(layers ? { layers } : {}), ...(size ? { size } : {}) };
    const observer = await openModelObserver({ model: other, runtime, study: model, batch, ...asked });
    others.push({ ...observer, weights: other.weightsSha256 });
  }
  // Last: it has threads, which a failure of the other would leave running.
  return [await openLabGabor({ threads: runtime.threads }), ...others];
}

/** The layer's records with their measures, in one durable write. */
async function writeMeasures(
  folder: string,
  layer: AtlasLayer,
  units: readonly StoredUnit[],
  { evidence, scores }: JudgedLayer,
): Promise<void> {
  const measures = new Map(evidence.directions.map(({ id }, d) => [id, scores[d].measures]));
  const measured = units.map(({ record }) => {
    const found = measures.get(record.id);
    return { ...record, ...(found ? { measures: found } : {}) };
  });
  await new DurableFolder(folder).replace(layerFile(layer.slug), recordLines([...measured, ...(await chosenRecords(folder, layer))]));
}
