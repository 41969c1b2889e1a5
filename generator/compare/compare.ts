/** Comparing the arms of an atlas: its pictures are measured, its records completed, comparison.json written. */
import { readFile } from 'node:fs/promises';
import { type Atlas, type AtlasLayer, type Comparison, comparison as comparisonSchema, unitRecord } from '../../data/schema.ts';
import manifest from '../../package.json' with { type: 'json' };
import { canonicalJson, sha256 } from '../batch/canonical.ts';
import { DurableFolder } from '../batch/disk.ts';
import type { Engine } from '../batch/engine.ts';
import { layerFile } from '../batch/journal.ts';
import { withLock } from '../batch/lock.ts';
import { imageFile, readAtlas } from '../batch/store.ts';
import { fault } from '../graph/errors.ts';
import { labGabor } from '../measure/observer.ts';
import { type ReferenceImages, referenceImages } from '../measure/reference-images.ts';
import type { Model } from '../models/model.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type AnalysisPlan, planAnalysis } from './analysis.ts';
import { describeLimits } from './limits.ts';
import { readLayer, type StoredUnit } from './read-layer.ts';
import { type ArmScore, adjustResults, compareArms } from './results.ts';
import { countPictures, type OpaqueUnit, scoreLayer, stored, type UnitScores } from './score-layer.ts';
import { icc } from './statistics/icc.ts';

/** The comparison's file inside a store. */
export const COMPARISON_FILE = 'comparison.json';
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

interface LayerScores {
  readonly layer: AtlasLayer;
  readonly units: readonly StoredUnit[];
  /** In the order of `units`. */
  readonly scores: readonly UnitScores[];
  readonly images: string;
}

/**
 * Measures every unit of the store, writes the measures into its records, and compares the arms layer by layer (comparison.md). All is computed
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
    scored.push({ layer, units, scores, images: imagesId(images) });
    before += counts[i];
  }
  const comparison = assemble(request, atlas, analysis, scored, [...sets.values()]);
  return writeComparison(folder, comparison);
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

const imagesId = (images: ReferenceImages): string => `${images.id}-at-${images.size}`;

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
  await new DurableFolder(folder).replace(layerFile(layer.slug), lines.join(''));
}

function assemble(
  { model, runtime }: CompareRequest,
  atlas: Atlas,
  analysis: AnalysisPlan,
  scored: readonly LayerScores[],
  sets: readonly ReferenceImages[],
): Comparison {
  const results = adjustResults(scored.map(({ layer, units, scores, images }) => compareArms(layer.slug, withArms(units, scores), images)));
  const keys = scored.map(({ layer, units }) => [
    layer.slug,
    ...units.map(({ record }) => record.renders.map(({ key, image }) => [key, image])),
  ]);
  const images = sets.map((set) => ({ id: imagesId(set), kind: 'generated' as const, n: set.n, sha256: set.sha256() }));
  const inputs = { analysis: analysis.sha256, weights: model.weightsSha256, images, keys };
  return {
    schema: 'basis-comparison/1',
    run_id: sha256(canonicalJson(inputs)).slice(0, 16),
    created: new Date().toISOString(),
    plan_sha256: atlas.plan_sha256,
    analysis_sha256: analysis.sha256,
    analysis: analysis.content,
    software: { atlas: manifest.version, node: process.version, runtime: runtime.version, device: runtime.device },
    model: { name: model.id, weights_sha256: model.weightsSha256 },
    observers: [{ id: labGabor.id, about: labGabor.about }],
    images,
    layers: scored.map(({ layer, scores }, i) => ({
      id: layer.slug,
      tap: layer.tap,
      C: layer.shape[0],
      HW: [layer.shape[1], layer.shape[2]],
      n_constant: scores.filter(({ moments }) => moments.constant).length,
      icc: stored(icc(scores.map(({ attainments }) => attainments).filter((values) => values.length > 1))),
      results: results[i],
    })),
    directions: scored.flatMap(({ layer, units, scores }) =>
      units.map(({ record: { id, arm } }, i) => {
        const { moments, measures } = scores[i];
        const { mu, sigma, constant } = moments;
        return { id, layer: layer.slug, arm, mu: stored(mu) ?? 0, sigma: stored(sigma) ?? 0, constant, scores: measures };
      }),
    ),
    limits: describeLimits(atlas, results.flat()),
  };
}

function withArms(units: readonly StoredUnit[], scores: readonly UnitScores[]): ArmScore[] {
  return units.map(({ record: { arm, direction, renders } }, i) => ({
    arm,
    ...(direction.kind === 'haar' ? { frame: direction.frame } : {}),
    renders: renders.length,
    scores: scores[i].measures,
  }));
}

/** Writes the file unless the one that is there says the same; returns what is there afterwards. */
async function writeComparison(folder: string, comparison: Comparison): Promise<Comparison> {
  const earlier = await readComparison(folder);
  if (earlier && canonicalJson({ ...earlier, created: '' }) === canonicalJson({ ...comparison, created: '' })) return earlier;
  const parsed = comparisonSchema.parse(comparison);
  await new DurableFolder(folder).replace(COMPARISON_FILE, `${JSON.stringify(parsed, null, 1)}\n`);
  return parsed;
}

/** The comparison of a store; nothing if there is none that can be read. */
async function readComparison(folder: string): Promise<Comparison | undefined> {
  const text = await readFile(`${folder}/${COMPARISON_FILE}`, 'utf8').catch(() => undefined);
  try {
    return text === undefined ? undefined : comparisonSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
