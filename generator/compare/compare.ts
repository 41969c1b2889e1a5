/** Comparing the arms of an atlas: its pictures are measured, its records completed, comparison.json written. */
import { type Atlas, type AtlasLayer, type Comparison, unitRecord } from '../../data/schema.ts';
import { sha256 } from '../batch/canonical.ts';
import { DurableFolder } from '../batch/disk.ts';
import type { Engine } from '../batch/engine.ts';
import { layerFile } from '../batch/journal.ts';
import { withLock } from '../batch/lock.ts';
import { imageFile, readAtlas } from '../batch/store.ts';
import { fault } from '../graph/errors.ts';
import { type ReferenceImages, referenceImages } from '../measure/reference-images.ts';
import type { Model } from '../models/model.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type AnalysisPlan, planAnalysis } from './analysis.ts';
import { assembleComparison, type LayerScores, writeComparison } from './comparison-file.ts';
import { chosenLines, readLayer, type StoredUnit } from './read-layer.ts';
import { countPictures, type OpaqueUnit, scoreLayer, type UnitScores } from './score-layer.ts';

export { COMPARISON_FILE } from './comparison-file.ts';

/** Reference images a layer. */
export const REFERENCE_IMAGES = 512;

export interface CompareRequest {
  /** The store. */
  readonly folder: string;
  readonly model: Model;
  readonly runtime: Runtime;
  readonly openProbe: Engine['openProbe'];
  /** Pictures the network sees at a time; 8 unless told. */
  readonly batch?: number;
  /** Reference images; {@link REFERENCE_IMAGES} unless told. */
  readonly images?: number;
  /** Told how many of how many pictures the network has seen, and the layer that it is at. */
  readonly onProgress?: (state: { done: number; total: number; layer: string }) => void;
  /** Stops between batches, rejecting with the signal's reason; records of finished layers keep their measures. */
  readonly signal?: AbortSignal;
}

/**
 * Measures every unit of the store, writes the measures into its records, and compares the arms layer by layer. All is computed
 * anew; the same store, network and machine give the same bytes, and a comparison that would not change keeps its file and its date.
 * The analysis plan is fixed and hashed first; the scorer gets opaque ids; arms are joined to scores afterwards.
 * Throws for a store without an atlas, of another network, or that does not fit together.
 */
export async function compareAtlas(request: CompareRequest): Promise<Comparison> {
  return withLock(request.folder, () => compareLocked(request));
}

async function compareLocked(request: CompareRequest): Promise<Comparison> {
  const { folder, model, onProgress, images: n = REFERENCE_IMAGES } = request;
  const atlas = await openAtlas(folder, model);
  const analysis = planAnalysis(atlas.plan_sha256, n);
  const stores = await Promise.all(atlas.layers.map(async (layer) => ({ layer, units: await readLayer(folder, layer) })));
  const sets = new Map<number, ReferenceImages>();
  const scored: LayerScores[] = [];
  const counts = stores.map(({ units }) => countPictures(units.map(filesOf(folder)), n));
  const total = counts.reduce((sum, count) => sum + count, 0);
  let before = 0;
  for (const [i, { layer, units }] of stores.entries()) {
    const { size } = layer.render;
    const images = sets.get(size) ?? referenceImages(size, n);
    sets.set(size, images);
    const report = (pictures: number): void => onProgress?.({ done: before + pictures, total, layer: layer.slug });
    const scores = await scoreUnits(request, analysis, layer, units, images, report);
    await writeMeasures(folder, layer, units, scores);
    scored.push({ layer, units, scores, images });
    before += counts[i];
  }
  return writeComparison(folder, assembleComparison({ model, runtime: request.runtime, atlas, analysis, scored }));
}

async function openAtlas(folder: string, model: Model): Promise<Atlas> {
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
  return atlas;
}

const filesOf =
  (folder: string) =>
  ({ record }: StoredUnit): Pick<OpaqueUnit, 'files'> => ({
    files: record.renders.map(({ image }) => (image === undefined ? undefined : `${folder}/${imageFile(image)}`)),
  });

/** Hides the units' names and arms, has them scored, and puts the scores back in the units' order. */
async function scoreUnits(
  { folder, model, runtime, openProbe, batch = 8, signal }: CompareRequest,
  analysis: AnalysisPlan,
  layer: AtlasLayer,
  units: readonly StoredUnit[],
  images: ReferenceImages,
  onProgress: (pictures: number) => void,
): Promise<UnitScores[]> {
  const opaque = (text: string): string => sha256(`${analysis.sha256} ${layer.slug} ${text}`);
  const arms = [...new Set(units.map(({ record }) => record.arm))].sort((a, b) => (opaque(a) < opaque(b) ? -1 : 1));
  const blind = units.map((unit): OpaqueUnit => {
    const { id, arm } = unit.record;
    return { id: opaque(id), group: arms.indexOf(arm), vector: unit.vector, ...filesOf(folder)(unit) };
  });
  const probe = await openProbe({ model, runtime, layer: layer.name, settings: layer.render, batch });
  try {
    const scores = await scoreLayer(probe, blind, images, { onProgress, ...(signal ? { signal } : {}) });
    return blind.map(({ id }) => {
      const found = scores.get(id);
      if (!found) throw new Error(`${layer.slug}: a unit was not scored`);
      return found;
    });
  } finally {
    await probe.dispose();
  }
}

/** The layer's records with their measures, in one durable write. */
async function writeMeasures(
  folder: string,
  layer: AtlasLayer,
  units: readonly StoredUnit[],
  scores: readonly UnitScores[],
): Promise<void> {
  const lines = units.map(({ record }, i) => `${JSON.stringify(unitRecord.parse({ ...record, measures: scores[i].measures }))}\n`);
  await new DurableFolder(folder).replace(layerFile(layer.slug), lines.join('') + (await chosenLines(folder, layer)));
}
