/** Shards of the small plan by the stand-in engine, for tests. */
import type { PlanFile } from '../../data/schema.ts';
import { checkPlan } from '../../generator/batch/plan.ts';
import { type RunRequest, type RunSummary, runPlan } from '../../generator/batch/run.ts';
import { type MergeRequest, type MergeSummary, mergeStores } from '../../generator/shards/merge.ts';
import { costsOf, shareOf } from '../../generator/shards/share.ts';
import { standInEngine } from '../batch/stand-in-engine.ts';
import { SMALL_PLAN } from '../batch/store-state.ts';

/** Renders one shard of a plan, or the whole where `of` is 0. */
export async function renderShard(
  folder: string,
  { index, of }: { index: number; of: number },
  options: Partial<RunRequest> = {},
  plan: PlanFile = SMALL_PLAN,
): Promise<RunSummary> {
  const engine = options.engine ?? standInEngine();
  return runPlan({
    ...{ plan: checkPlan(plan, 'plan.json'), folder, engine },
    ...(of > 0 ? { share: (work, model) => shareOf({ work, model, costs: costsOf(work, model, engine) }, { index, of }) } : {}),
    ...options,
  });
}

/** Renders all shards of a plan below a folder; their stores. */
export async function renderShards(folder: string, of: number, plan: PlanFile = SMALL_PLAN): Promise<string[]> {
  const stores = Array.from({ length: of }, (_, i) => `${folder}/${i + 1}-of-${of}`);
  for (const [i, store] of stores.entries()) await renderShard(store, { index: i + 1, of }, {}, plan);
  return stores;
}

/** Merges stores with the stand-in engine. */
export async function merge(stores: readonly string[], folder: string, options: Partial<MergeRequest> = {}): Promise<MergeSummary> {
  return mergeStores({ stores, folder, engine: standInEngine(), ...options });
}
