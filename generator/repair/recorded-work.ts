/** The work that an atlas records: what its own plan comes to, with the settings that its pictures were made with. */
import type { Atlas } from '../../data/schema.ts';
import type { Engine } from '../batch/engine.ts';
import { planHash } from '../batch/plan.ts';
import { type LayerWork, listWork } from '../batch/work.ts';
import { fault } from '../graph/errors.ts';
import type { Model } from '../models/model.ts';

/** An atlas's network and layers. */
export interface RecordedWork {
  readonly model: Model;
  /** In the order of atlas.json. */
  readonly work: readonly LayerWork[];
}

/** Opens the network and lists the layers, whatever the presets are now. Throws for another network than the atlas's. */
export async function openRecorded(folder: string, { plan, model: recorded, layers }: Atlas, engine: Engine): Promise<RecordedWork> {
  const model = await engine.openModel(plan.model, { pixels: plan.preprocess });
  if (model.weightsSha256 !== recorded.weights_sha256)
    throw fault({
      where: folder,
      expected: `the network with weights ${recorded.weights_sha256}`,
      name: plan.model,
      received: model.weightsSha256,
      remedy: 'The model file is not the one that the atlas was made of; put that one in its place.',
    });
  const listed = listWork({ plan, file: `${folder}/atlas.json`, sha256: planHash(plan) }, model, engine);
  const work = listed.map((one): LayerWork => {
    const settings = layers.find(({ slug }) => slug === one.layer.slug)?.render ?? one.settings;
    const { group } = one.diverse?.settings ?? {};
    return { ...one, settings, ...(one.diverse && group ? { diverse: { ...one.diverse, settings: { ...settings, group } } } : {}) };
  });
  return { model, work };
}
