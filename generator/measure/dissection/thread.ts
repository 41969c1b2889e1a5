/** The inside of a counting thread: a tally on one thread of onnxruntime, fed by messages. */

import { parentPort, workerData } from 'node:worker_threads';
import { reason } from '../../graph/errors.ts';
import { endWhenAsked } from '../../runtime/end-thread.ts';
import { openOnnxRuntime } from '../../runtime/onnxruntime.ts';
import { openTally, type TallyPlan } from './tally.ts';
import type { ThreadReply, ThreadRequest } from './threads.ts';

endWhenAsked();

const say = (reply: ThreadReply) => parentPort?.postMessage(reply);

try {
  const tally = await openTally(workerData as TallyPlan, openOnnxRuntime({ threads: 1 }));
  // One after the other: a batch may come while the one before is under way.
  let before: Promise<void> = Promise.resolve();
  const answer = async (request: ThreadRequest) => {
    try {
      if (request.kind === 'images') await tally.add(request.images);
      say(request.kind === 'images' ? { kind: 'done' } : { kind: 'counts', counts: tally.counts });
    } catch (error) {
      say({ kind: 'failed', message: reason(error) });
    }
  };
  parentPort?.on('message', (request: ThreadRequest) => {
    before = before.then(() => answer(request));
  });
  say({ kind: 'done' });
} catch (error) {
  say({ kind: 'failed', message: reason(error) });
}
