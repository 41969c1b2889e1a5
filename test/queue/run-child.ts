/** A process that runs a plan with the stand-in engine through a queue. Its one argument is a ChildOptions as JSON. */

import { checkPlan } from '../../generator/batch/plan.ts';
import { openProgress } from '../../generator/batch/progress.ts';
import { runPlan } from '../../generator/batch/run.ts';
import { interruptible } from '../../generator/cli/interrupt.ts';
import { queueCrew } from '../../generator/queue/crew.ts';
import { standInEngine } from '../batch/stand-in-engine.ts';
import { SMALL_PLAN } from '../batch/store-state.ts';
import type { ChildOptions } from './children.ts';
import { standInPost } from './stand-in-post.ts';

const { url, ca, folder, plan = SMALL_PLAN, batch, weights } = JSON.parse(process.argv[2]) as ChildOptions;
const summary = await interruptible('Again.', (signal) =>
  runPlan({
    plan: checkPlan(plan, 'plan.json'),
    folder,
    engine: standInEngine({ ...(weights ? { weights } : {}) }),
    crew: queueCrew({ address: { url, ca }, post: standInPost(), backoff: 100, poll: 10, sweep: 500 }),
    progress: openProgress(),
    signal,
    ...(batch ? { batch } : {}),
  }),
);
process.stdout.write(`${JSON.stringify(summary)}\n`);
