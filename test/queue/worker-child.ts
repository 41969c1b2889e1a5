/** A worker's process with the stand-in engine. Its one argument is a ChildOptions as JSON. */
import { interruptible } from '../../generator/cli/interrupt.ts';
import { runWorker } from '../../generator/queue/worker.ts';
import { standInEngine } from '../batch/stand-in-engine.ts';
import type { ChildOptions } from './children.ts';
import { standInPost } from './stand-in-post.ts';

const options = JSON.parse(process.argv[2]) as ChildOptions;
const { url, ca, folder, stepTime = 0, broken = [], deadly = [], weights, lock = 1000, once = false, name, batch } = options;
const engine = standInEngine({
  stepTime,
  broken,
  onRender: (jobs) => {
    process.stdout.write(`renders ${jobs.map(({ unit }) => unit).join()}\n`);
    if (jobs.some(({ unit }) => deadly.includes(unit))) process.kill(process.pid, 'SIGKILL');
  },
  ...(weights ? { weights } : {}),
});
const summary = await interruptible('Again.', (signal) =>
  runWorker({
    address: { url, ca },
    engine,
    post: standInPost(weights),
    cache: folder,
    once,
    lock,
    signal,
    ...(name ? { name } : {}),
    ...(batch ? { batch } : {}),
    on: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
  }),
);
process.stdout.write(`left ${JSON.stringify(summary)}\n`);
