/** A process that runs the small plan with the stand-in engine, for tests that kill it. Arguments: the folder, milliseconds a step. */
import { writeSync } from 'node:fs';
import { checkPlan } from '../../generator/batch/plan.ts';
import { runPlan } from '../../generator/batch/run.ts';
import { standInEngine } from './stand-in-engine.ts';
import { SMALL_PLAN } from './store-state.ts';

const [folder, stepTime] = process.argv.slice(2);
const engine = standInEngine({ stepTime: Number(stepTime), onRender: (jobs) => writeSync(1, `${jobs.length}\n`) });
await runPlan({ plan: checkPlan(SMALL_PLAN, 'plan.json'), folder, engine });
