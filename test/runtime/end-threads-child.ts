/** A process that ends threads while they are at work, as often as its argument says: by `end` as it should be done, by `terminate` as it should not. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { endThread } from '../../generator/runtime/end-thread.ts';

const [count, how] = process.argv.slice(2);
for (let i = 0; i < Number(count); i++) {
  const worker = new Worker(new URL('./busy-thread.ts', import.meta.url));
  await once(worker, 'message');
  await new Promise((resolve) => setTimeout(resolve, i % 7));
  if (how === 'end') await endThread(worker);
  else await worker.terminate();
}
process.stdout.write('all ended\n');
