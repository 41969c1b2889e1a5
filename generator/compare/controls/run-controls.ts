/** The controls of a comparison, C0 to C7: whether it would find what is there, and nothing where nothing is. */
import type { Control, Plan } from '../../../data/schema.ts';
import type { Engine } from '../../batch/engine.ts';
import { withLock } from '../../batch/lock.ts';
import type { Model } from '../../models/model.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { openAtlas } from '../compare.ts';
import { readComparison, writeComparison } from '../comparison-file.ts';
import { SILENT_STAGES, type Stages } from '../evidence/gather.ts';
import { openPlanImages } from '../plan-images.ts';
import { explanationAsQuery } from './explanation-as-query.ts';
import { fooledUnits } from './fooled-units.ts';
import { hashObserver } from './hash-observer.ts';
import { plantedDetectors } from './planted-detectors.ts';
import { type Planting, plant } from './planting.ts';
import { randomWeights } from './random-weights.ts';
import { readStudyLayers } from './read-study.ts';
import { rotatedLayer } from './rotated-layer.ts';
import { secondObserver } from './second-observer.ts';
import { shuffledLabels } from './shuffled-labels.ts';
import type { ControlDefinition } from './study.ts';

/** In the order of their ids. */
export const CONTROLS: readonly ControlDefinition[] = [
  shuffledLabels,
  rotatedLayer,
  randomWeights,
  plantedDetectors,
  explanationAsQuery,
  hashObserver,
  secondObserver,
  fooledUnits,
];

export interface ControlsRequest {
  /** The store, compared. */
  readonly folder: string;
  readonly model: Model;
  readonly runtime: Runtime;
  readonly engine: Pick<Engine, 'openRenderer'>;
  /** Where images are kept from run to run. */
  readonly cache: string;
  /** What the plan says of the comparison: its images. */
  readonly compare?: Plan['compare'];
  /** Images that the planted network sees; all of the generated set if left out. */
  readonly plantedImages?: number;
  /** Pictures a network sees at a time; 8 unless told. */
  readonly batch?: number;
  readonly stages?: Stages;
  readonly signal?: AbortSignal;
}

/**
 * Runs every control beside the comparison that the store has, and writes what came of it into its file. One that fails is in the list as failed, and
 * one that could not be run as null, with the reason in its values. Throws for a store that has not been compared.
 */
export async function runControls(request: ControlsRequest): Promise<Control[]> {
  const { folder } = request;
  return withLock(folder, async () => {
    const controls = await measureControls(request);
    const comparison = await readComparison(folder);
    await writeComparison(folder, { ...comparison, controls });
    return controls;
  });
}

async function measureControls(request: ControlsRequest): Promise<Control[]> {
  const { folder, model, runtime, engine, cache, compare, plantedImages, batch = 8, stages = SILENT_STAGES, signal } = request;
  const atlas = await openAtlas(folder, model);
  const comparison = await readComparison(folder);
  const layers = await readStudyLayers(folder, atlas, comparison);
  const images = (size: number) => openPlanImages(compare?.images, { size, cache });
  const shared = { atlas, comparison, layers, model, runtime, engine, images, batch, stages, ...(signal ? { signal } : {}) };
  let planted: Promise<Planting> | undefined;
  const planting = () => {
    planted ??= plant(shared, { cache, ...(plantedImages === undefined ? {} : { n: plantedImages }) });
    return planted;
  };
  const controls: Control[] = [];
  for (const { id, title, passes_if, run } of CONTROLS) {
    signal?.throwIfAborted();
    controls.push({ id, title, passes_if, ...(await run({ ...shared, planting })) });
  }
  return controls;
}
