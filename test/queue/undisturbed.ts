/** What a run alone makes of the small plan: what every disturbed one has to end with. */
import type { PlanFile } from '../../data/schema.ts';
import { checkPlan } from '../../generator/batch/plan.ts';
import { type RunSummary, runPlan } from '../../generator/batch/run.ts';
import { standInEngine } from '../batch/stand-in-engine.ts';
import { SMALL_PLAN, storeHashes } from '../batch/store-state.ts';
import { temporaryFolder } from '../temporary.ts';

/** A run alone, in this process, into a store. */
export function runAlone(folder: string, plan: PlanFile = SMALL_PLAN): Promise<RunSummary> {
  return runPlan({ plan: checkPlan(plan, 'plan.json'), folder, engine: standInEngine() });
}

const known = new Map<PlanFile, Promise<Record<string, string>>>();

/** The hashes of its store. */
export function undisturbedHashes(plan: PlanFile = SMALL_PLAN): Promise<Record<string, string>> {
  const hashes = known.get(plan) ?? make(plan);
  known.set(plan, hashes);
  return hashes;
}

async function make(plan: PlanFile): Promise<Record<string, string>> {
  const folder = temporaryFolder('undisturbed');
  await runAlone(folder, plan);
  return storeHashes(folder);
}
